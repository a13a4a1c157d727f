/** Sources: data from outside the project. The first candidate that holds data, checked; else a download, checked as well. */
import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';

import type { SourceCandidate, SourceDoc } from '../config/document.ts';
import { Digests } from '../digest/digests.ts';
import type { Graph } from '../plan/graph.ts';
import { layoutOf } from '../store/layout.ts';
import { holdsData, lookedAt, whereToPut } from './candidates.ts';

/** Where a source is found on this machine; null: nowhere yet (it must be downloaded). */
export type SourceLookup = (name: string) => Promise<{ readonly path: string } | null>;

export interface DownloadOptions {
  /** Bytes had so far and in all (null: the server does not say). At most four times a second. */
  readonly onProgress: (source: string, done: number, total: number | null) => void;
  readonly signal?: AbortSignal;
}

/**
 * Where a source is found on this machine, without downloading; null: nowhere.
 * @throws UserError when what is there has another checksum than the pipeline file says
 */
export async function findSource(
  project: string,
  graph: Graph,
  name: string,
): Promise<{ readonly path: string } | null> {
  const source = graph.sources.get(name);
  if (!source) return null;
  for (const candidate of source.candidates) {
    const path = resolve(project, candidate.path);
    if (!holdsData(path)) continue;
    await check(project, source, candidate, path);
    return { path };
  }
  const path = downloadedPath(project, source);
  return path !== null && existsSync(path) ? { path } : null;
}

/**
 * The same, but downloads what is nowhere yet, once, however many cells ask.
 * @throws UserError with the paths that were looked at when the download fails
 */
export function sourceLookup(project: string, graph: Graph, options: DownloadOptions): SourceLookup {
  const found = new Map<string, Promise<{ readonly path: string } | null>>();
  return (name) => {
    let lookup = found.get(name);
    if (!lookup) {
      lookup = findOrDownload(project, graph, name, options);
      found.set(name, lookup);
    }
    return lookup;
  };
}

async function findOrDownload(project: string, graph: Graph, name: string, options: DownloadOptions) {
  const here = await findSource(project, graph, name);
  const source = graph.sources.get(name);
  const path = source ? downloadedPath(project, source) : null;
  if (here || !source || source.url === null || path === null) return here;
  const { fetchSource } = await import('./download.ts');
  try {
    await fetchSource({ ...source, url: source.url }, downloadFolder(project, source), {
      onProgress: (done, total) => options.onProgress(name, done, total),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const looked = lookedAt(project, source.candidates);
    const places = looked === '' ? '' : `looked at ${looked}; `;
    const put = whereToPut(project, source.candidates);
    throw new UserError(`source ${name} is not here: ${places}${source.url}: ${error.message}`, {
      hint: `${put === null ? '' : `${put}, or `}check the network${put === null ? ', then' : ' and'} run again: a download goes on where it stopped`,
    });
  }
  return { path };
}

/** Another url or checksum is another folder: an old download is never taken for the new one. */
function downloadFolder(project: string, source: SourceDoc): string {
  const version = source.sha256?.slice(0, 16) ?? 'unchecked';
  return join(layoutOf(project).root, 'sources', `${source.name}-${version}`);
}

function downloadedPath(project: string, source: SourceDoc): string | null {
  if (source.url === null) return null;
  const whole = join(
    downloadFolder(project, source),
    source.unpack === 'none' ? fileName(source.url) : 'unpacked',
  );
  return source.unpack === 'none' ? whole : join(whole, source.strip);
}

/** The last part of a url's path, as a safe file name. */
export function fileName(url: string): string {
  const last = new URL(url).pathname.split('/').filter(Boolean).at(-1) ?? '';
  return last.replaceAll(/[^\w.-]/g, '_').replace(/^\.+/, '') || 'download';
}

async function check(
  project: string,
  source: SourceDoc,
  candidate: SourceCandidate,
  path: string,
): Promise<void> {
  if (candidate.sha256 === null) return;
  // An index of its own: the workspace writes the other one.
  const digests = new Digests(join(layoutOf(project).index, 'sources'));
  const compare = async (file: string, shown: string, expected: string) => {
    const look = await digests.look(file, 'anywhere');
    const have = look?.content ?? null;
    if (have === expected.toLowerCase()) return;
    const { file: pipeline, line, column } = candidate.at;
    throw new UserError(
      `${pipeline}:${line}:${column}: source ${source.name}: ${shown} ${have === null ? 'is missing' : `has sha256 ${have}`}, the pipeline file says ${expected}`,
      {
        hint:
          have === null
            ? 'the folder is not complete: copy it again'
            : 'the file is damaged or another version: replace it, or correct `sha256`',
      },
    );
  };
  if (typeof candidate.sha256 === 'string') {
    await compare(path, candidate.path, candidate.sha256);
  } else {
    const files = Object.entries(candidate.sha256);
    const isFolder = statSync(path).isDirectory();
    for (const [name, expected] of files) {
      if (isAbsolute(name) || name.split('/').includes('..')) {
        throw new UserError(`source ${source.name}: ${name} leaves its folder`);
      }
      await compare(isFolder ? join(path, name) : path, `${candidate.path}/${name}`, expected);
    }
  }
  digests.save();
}
