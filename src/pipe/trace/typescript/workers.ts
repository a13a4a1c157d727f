/** `new Worker(new URL('./x.worker.ts', import.meta.url))`: the worker becomes a piece beside the bundle. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Loader, Metafile, OnLoadResult, PartialMessage, Plugin } from 'esbuild';
import { sha256Of } from '../../../lib/sha256.ts';
import { hiddenCode } from './hidden-code.ts';

/** Text without comments and white space. */
export type Strip = (text: string, loader: Loader) => Promise<string>;

const relativeUrl = /new\s+URL\(\s*(["'`])(\.{1,2}\/[^"'`]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
const startedUrl = /new\s+Worker\(\s*new\s+URL\(\s*["'`]([^"'`]+)["'`]/g;

/** Reads each source file: collects the workers it starts, and refuses what cannot be followed. */
export function sourcePlugin(project: string, workers: Map<string, string>, strip: Strip): Plugin {
  return {
    name: 'sources',
    setup(build) {
      build.onLoad({ filter: /\.[mc]?[jt]sx?$/ }, async ({ path }): Promise<OnLoadResult | undefined> => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta.url') && !text.includes('createRequire')) return undefined;
        const loader = loaderOf(path);
        const file = relative(project, path);
        // Comments may show the pattern without meaning it.
        const code = await strip(text, loader);
        const urls = new Set([...code.matchAll(relativeUrl)].map((match) => match[2] ?? ''));
        const started = new Set([...code.matchAll(startedUrl)].map((match) => match[1] ?? ''));
        const errors: PartialMessage[] = [...hiddenCode(code, text, file)];
        for (const url of urls) {
          if (started.has(url)) continue;
          errors.push({
            text: `the file ${url} is read beside the code, which moves when it is bundled`,
            detail: 'Declare the file under `deps` and read it from `dep(name)`.',
            location: locate(text, url, file),
          });
        }
        if (errors.length > 0) return { errors };
        const contents = text.replace(relativeUrl, (whole, quote: string, url: string) => {
          if (!started.has(url)) return whole;
          const worker = relative(project, join(dirname(path), url));
          const name = workers.get(worker) ?? `worker-${sha256Of(worker).slice(0, 12)}.mjs`;
          workers.set(worker, name);
          return `new URL(${quote}./${name}${quote}, import.meta.url)`;
        });
        return { contents, loader };
      });
    },
  };
}

/** A worker is imported by the file that starts it, for the chain that `why` shows. */
export function addWorkerImports(
  metafile: Metafile,
  workers: ReadonlyMap<string, string>,
  project: string,
): void {
  for (const [source, { imports }] of Object.entries(metafile.inputs)) {
    if (source.includes(':')) continue;
    const text = readFileSync(join(project, source), 'utf8');
    for (const match of text.matchAll(relativeUrl)) {
      const file = join(dirname(source), match[2] ?? '');
      if (workers.has(file)) imports.push({ path: file, kind: 'dynamic-import', original: match[2] ?? '' });
    }
  }
}

function loaderOf(path: string): Loader {
  const extension = /\.[mc]?([jt]sx?)$/.exec(path)?.[1];
  return extension === 'ts' || extension === 'tsx' || extension === 'jsx' ? extension : 'js';
}

function locate(text: string, needle: string, file: string) {
  const before = text.slice(0, text.indexOf(needle)).split('\n');
  const line = before.length;
  const column = before.at(-1)?.length ?? 0;
  return { file, line, column, length: needle.length, lineText: text.split('\n')[line - 1] ?? '' };
}
