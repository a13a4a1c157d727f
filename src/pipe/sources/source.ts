/** Sources: data from outside the project. The first candidate that holds data, checked; else a download, checked as well. */
import { randomUUID } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { SourceDoc } from '../config/document.ts';
import { Digests } from '../digest/digests.ts';
import type { Graph } from '../plan/graph.ts';
import { layoutOf } from '../store/layout.ts';
import { lock } from '../store/lock.ts';
import { holdsData, lookedAt, whereToPut } from './candidates.ts';
import { checkCandidate } from './checksum.ts';
import { RefusedDownload } from './refused-download.ts';
import { quarantineStored, type StoredSource, stateOfStored, storedSource } from './stored.ts';

/** Where a source is found on this machine; null: nowhere yet (it must be downloaded). */
export type SourceLookup = (name: string) => Promise<{ readonly path: string } | null>;

export interface DownloadOptions {
  /** Bytes had so far and in all (null: the server does not say). At most four times a second. */
  readonly onProgress: (source: string, done: number, total: number | null) => void;
  /** What was found bad, and where it went. */
  readonly onWarning?: (text: string) => void;
  /** Ends downloads, and the wait for another run's, at once. */
  readonly signal?: AbortSignal;
}

/** Of each graph: digests are kept in an index of their own, because the workspace writes the other one. */
const digestsOf = new WeakMap<Graph, Digests>();

/**
 * Where a source is found on this machine, without downloading; null: nowhere, or only a download that is not what was
 * checked. @throws UserError when what is there has another checksum than the pipeline file says
 */
export async function findSource(
  project: string,
  graph: Graph,
  name: string,
): Promise<{ readonly path: string } | null> {
  const source = graph.sources.get(name);
  if (!source) return null;
  const digests = digestsFor(project, graph);
  for (const candidate of source.candidates) {
    const path = resolve(project, candidate.path);
    if (!holdsData(path)) continue;
    await checkCandidate(source, candidate, path, digests);
    return { path };
  }
  const stored = storedSource(project, source);
  if (stored === null || (await stateOfStored(stored, source, digests)).kind !== 'sound') return null;
  return { path: stored.path };
}

/**
 * The same, but downloads what is nowhere yet, once, however many cells and runs ask.
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
  const stored = source ? storedSource(project, source) : null;
  if (here || !source || source.url === null || stored === null) return here;
  try {
    await downloadOnce(project, graph, { ...source, url: source.url }, stored, options);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw downloadError(project, source, error, options.signal?.aborted === true);
  }
  return { path: stored.path };
}

/** Of several runs that need it at once, one downloads and the others wait for it. */
async function downloadOnce(
  project: string,
  graph: Graph,
  source: SourceDoc & { readonly url: string },
  stored: StoredSource,
  { onProgress, onWarning, signal }: DownloadOptions,
): Promise<void> {
  const locks = join(layoutOf(project).root, 'sources', '.locks');
  const held = await lock(
    locks,
    relative(join(stored.folder, '..'), stored.folder),
    randomUUID().slice(0, 8),
    {
      signal,
    },
  );
  try {
    const state = await stateOfStored(stored, source, digestsFor(project, graph));
    if (state.kind === 'sound') return;
    if (state.kind === 'bad') {
      const place = relative(project, quarantineStored(project, stored));
      onWarning?.(
        `the download of source ${source.name} is not what was checked (${state.why}): moved to ${place}, downloading again`,
      );
    }
    const { fetchSource } = await import('./download.ts');
    await fetchSource(source, stored.folder, {
      onProgress: (done, total) => onProgress(source.name, done, total),
      ...(signal ? { signal } : {}),
    });
  } finally {
    held.release();
  }
}

function downloadError(project: string, source: SourceDoc, error: Error, stopped: boolean): UserError {
  if (stopped)
    return new UserError(`the download of source ${source.name} was stopped`, {
      hint: 'run again: it goes on where it stopped',
    });
  const looked = lookedAt(project, source.candidates);
  const places = looked === '' ? '' : `looked at ${looked}; `;
  const put = whereToPut(project, source.candidates);
  const next =
    error instanceof RefusedDownload
      ? error.hint
      : `check the network${put === null ? ', then' : ' and'} run again: a download goes on where it stopped`;
  return new UserError(`source ${source.name} is not here: ${places}${source.url}: ${error.message}`, {
    hint: put === null ? next : `${put}, or ${next}`,
  });
}

function digestsFor(project: string, graph: Graph): Digests {
  let digests = digestsOf.get(graph);
  if (!digests) {
    digests = new Digests(join(layoutOf(project).index, 'sources'));
    digestsOf.set(graph, digests);
  }
  return digests;
}
