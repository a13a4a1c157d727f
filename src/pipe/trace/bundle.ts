/** Bundles a stage's entry, and every worker it starts, with esbuild. */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type { Loader, Metafile, OnLoadResult, Plugin } from 'esbuild';
import type { Sha256 } from '../../lib/sha256.ts';
import { sha256Of } from '../../lib/sha256.ts';

/** One file of the bundle. */
export interface Piece {
  /** `index.mjs`, or a worker's name. */
  readonly name: string;
  /** What is run. */
  readonly text: string;
  /** The same without anything that cannot change what it does: comments, white space. */
  readonly canonical: string;
  /** Source map. */
  readonly map: string;
}

export interface Bundled {
  /** The entry's piece first. */
  readonly pieces: readonly Piece[];
  /** Source file → digest of what the pieces took from it. */
  readonly taken: Readonly<Record<string, Sha256>>;
  /** Project-relative paths of every file that was read, in order. */
  readonly inputs: readonly string[];
  /** Packages that the pieces import, sorted. */
  readonly packages: readonly string[];
  readonly metafile: Metafile;
}

const settings = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  legalComments: 'none',
  treeShaking: true,
  sourcemap: 'external',
  metafile: true,
  write: false,
  outdir: 'out',
  logLevel: 'silent',
  // An import that cannot be followed is code that the key would not see.
  logOverride: { 'unsupported-dynamic-import': 'error', 'unsupported-require-call': 'error' },
} as const;

/** @throws esbuild's BuildFailure */
export async function bundleTogether(project: string, entry: string): Promise<Bundled> {
  const esbuild = await import('esbuild');
  const pieces: Piece[] = [];
  const taken: Record<string, string> = {};
  const inputs = new Set<string>();
  const packages = new Set<string>();
  const workers = new Map<string, string>([[entry, 'index.mjs']]);
  const metafile: Metafile = { inputs: {}, outputs: {} };

  // The map grows while it is walked: a worker may start workers of its own.
  for (const [file, name] of workers) {
    const stripped = async (text: string, loader: Loader) =>
      (await esbuild.transform(text, { loader, minifyWhitespace: true, legalComments: 'none' })).code;
    const result = await esbuild.build({
      ...settings,
      absWorkingDir: project,
      entryPoints: [{ in: file, out: name.slice(0, -'.mjs'.length) }],
      outExtension: { '.js': '.mjs' },
      plugins: [stageModule, workerPlugin(project, workers, stripped)],
    });
    const code = result.outputFiles.find(({ path }) => path.endsWith('.mjs'));
    const map = result.outputFiles.find(({ path }) => path.endsWith('.map'));
    if (!code || !map) throw new Error(`esbuild wrote no bundle of ${file}`);
    pieces.push({
      name,
      text: code.text,
      canonical: await stripped(code.text, 'js'),
      map: rootedMap(map.text),
    });
    for (const [source, text] of sections(code.text, result.metafile))
      taken[source] = (taken[source] ?? '') + (await stripped(text, 'js'));
    for (const source of Object.keys(result.metafile.inputs)) if (!source.includes(':')) inputs.add(source);
    for (const output of Object.values(result.metafile.outputs)) {
      for (const { path, external } of output.imports) {
        const owner = external ? packageOf(path) : null;
        if (owner !== null) packages.add(owner);
      }
    }
    Object.assign(metafile.inputs, result.metafile.inputs);
  }
  addWorkerImports(metafile, workers, project);
  return {
    pieces,
    taken: Object.fromEntries(Object.entries(taken).map(([source, text]) => [source, sha256Of(text)])),
    inputs: [...inputs].sort(),
    packages: [...packages].sort(),
    metafile,
  };
}

/** The identity function of the SDK is put in by value: a stage's key must not change with the engine's version. */
const stageModule: Plugin = {
  name: 'stage-sdk',
  setup(build) {
    build.onResolve({ filter: /^pipe-experiments\/stage$/ }, () => ({ path: 'stage', namespace: 'pipe' }));
    build.onLoad({ filter: /.*/, namespace: 'pipe' }, () => ({
      contents: 'export function defineStage(stage) { return stage; }',
      loader: 'js',
    }));
  },
};

const relativeUrl = /new\s+URL\(\s*(["'`])(\.{1,2}\/[^"'`]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

/** `new Worker(new URL('./x.worker.ts', import.meta.url))`: the worker becomes a piece beside the bundle. */
function workerPlugin(
  project: string,
  workers: Map<string, string>,
  stripped: (text: string, loader: Loader) => Promise<string>,
): Plugin {
  return {
    name: 'workers',
    setup(build) {
      build.onLoad({ filter: /\.(m|c)?(t|j)s$/ }, async ({ path }): Promise<OnLoadResult | undefined> => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta.url')) return undefined;
        const loader: Loader = /ts$/.test(path) ? 'ts' : 'js';
        // Comments may show the pattern without meaning it.
        const code = await stripped(text, loader);
        const urls = new Set([...code.matchAll(relativeUrl)].map((match) => match[2] ?? ''));
        const started = new Set(
          [...code.matchAll(/new\s+Worker\(\s*new\s+URL\(\s*["'`]([^"'`]+)["'`]/g)].map(
            (match) => match[1] ?? '',
          ),
        );
        const errors = [];
        for (const url of urls) {
          if (started.has(url)) continue;
          errors.push({
            text: `the file ${url} is read beside the code, which moves when it is bundled`,
            detail: 'Declare the file under `deps` and read it from `dep(name)`.',
            location: locate(text, url, relative(project, path)),
          });
        }
        if (errors.length > 0) return { errors };
        const contents = text.replace(relativeUrl, (whole, quote: string, url: string) => {
          if (!started.has(url)) return whole;
          const file = relative(project, join(dirname(path), url));
          const name = workers.get(file) ?? `worker-${sha256Of(file).slice(0, 12)}.mjs`;
          workers.set(file, name);
          return `new URL(${quote}./${name}${quote}, import.meta.url)`;
        });
        return { contents, loader };
      });
    },
  };
}

function locate(text: string, needle: string, file: string) {
  const before = text.slice(0, text.indexOf(needle)).split('\n');
  const line = before.length;
  const column = before.at(-1)?.length ?? 0;
  return { file, line, column, length: needle.length, lineText: text.split('\n')[line - 1] ?? '' };
}

/** esbuild heads what it took from a file with the file's name in a comment of its own line. */
function* sections(code: string, metafile: Metafile): Generator<[source: string, text: string]> {
  let source: string | undefined;
  let lines: string[] = [];
  for (const line of code.split('\n')) {
    const named = line.startsWith('// ') ? line.slice(3) : undefined;
    if (named !== undefined && Object.hasOwn(metafile.inputs, named)) {
      if (source !== undefined) yield [source, lines.join('\n')];
      source = named;
      lines = [];
    } else lines.push(line);
  }
  // Behind the last file stand the exports, which are the entry's.
  if (source !== undefined) yield [source, lines.join('\n')];
}

/** Source files by their absolute place would tie the map to one folder; from the bundle's folder they are found anywhere. */
function rootedMap(text: string): string {
  const map: { sources: string[] } = JSON.parse(text);
  map.sources = map.sources.map((source) => source.replace(/^\.\.\//, '../../../'));
  return JSON.stringify(map);
}

/** A worker is imported by the file that starts it, for the chain that `why` shows. */
function addWorkerImports(metafile: Metafile, workers: ReadonlyMap<string, string>, project: string): void {
  for (const [source, { imports }] of Object.entries(metafile.inputs)) {
    if (source.includes(':')) continue;
    const text = readFileSync(join(project, source), 'utf8');
    for (const match of text.matchAll(relativeUrl)) {
      const file = join(dirname(source), match[2] ?? '');
      if (workers.has(file)) imports.push({ path: file, kind: 'dynamic-import', original: match[2] ?? '' });
    }
  }
}

/** Name of the package an import belongs to; null: part of node. */
function packageOf(specifier: string): string | null {
  if (isBuiltin(specifier)) return null;
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
