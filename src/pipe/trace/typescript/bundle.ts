/** Bundles a stage's entry, and every worker it starts, with esbuild. */
import { dirname, join } from 'node:path';
import type { Loader, Metafile } from 'esbuild';
import type { Sha256 } from '../../../lib/sha256.ts';
import { sha256Of } from '../../../lib/sha256.ts';
import type { Observer } from '../probes.ts';
import { Lookups } from './lookups.ts';
import { type Externals, resolvePlugin } from './resolve.ts';
import { stageModule } from './stage-module.ts';
import { addWorkerImports, sourcePlugin } from './workers.ts';

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
  /** Packages that the pieces import → version, in order of name. */
  readonly packages: Readonly<Record<string, string>>;
  readonly metafile: Metafile;
}

export interface BundleOptions {
  /** Absolute, as is the next. */
  readonly project: string;
  readonly codeFolder: string;
  /** Gets every path that the bundle may depend on. */
  readonly observer: Observer;
}

const settings = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  treeShaking: true,
  // As node itself chooses, without the `module` condition of bundlers.
  conditions: [] as string[],
  nodePaths: [] as string[],
  sourcemap: 'external',
  metafile: true,
  write: false,
  outdir: 'out',
  logLevel: 'silent',
  // An import that cannot be followed is code that the key would not see.
  logOverride: { 'unsupported-dynamic-import': 'error', 'unsupported-require-call': 'error' },
} as const;

/** @throws esbuild's BuildFailure */
export async function bundleTogether(entry: string, options: BundleOptions): Promise<Bundled> {
  const { project, codeFolder, observer } = options;
  const lookups = new Lookups(observer);
  const esbuild = await import('esbuild');
  const pieces: Piece[] = [];
  const taken: Record<string, string> = {};
  const packages = new Map<string, string>();
  const workers = new Map<string, string>([[entry, 'index.mjs']]);
  const metafile: Metafile = { inputs: {}, outputs: {} };
  const strip = async (text: string, loader: Loader) =>
    (await esbuild.transform(text, { loader, minifyWhitespace: true, legalComments: 'none' })).code;

  // The map grows while it is walked: a worker may start workers of its own.
  for (const [file, name] of workers) {
    const externals: Externals = new Map();
    lookups.input(join(project, file));
    const result = await esbuild.build({
      ...settings,
      absWorkingDir: project,
      entryPoints: [{ in: file, out: name.slice(0, -'.mjs'.length) }],
      outExtension: { '.js': '.mjs' },
      plugins: [
        stageModule,
        resolvePlugin({ project, codeFolder, lookups, externals }),
        sourcePlugin(project, workers, strip),
      ],
    });
    const code = result.outputFiles.find(({ path }) => path.endsWith('.mjs'));
    const map = result.outputFiles.find(({ path }) => path.endsWith('.map'));
    if (!code || !map) throw new Error(`esbuild wrote no bundle of ${file}`);
    pieces.push({
      name,
      text: requiring(code.text),
      canonical: await strip(code.text, 'js'),
      map: rootedMap(map.text),
    });
    for (const [source, text] of sections(code.text, result.metafile))
      taken[source] = (taken[source] ?? '') + (await strip(text, 'js'));
    for (const { imports } of Object.values(result.metafile.outputs)) {
      for (const { path } of imports) {
        const owner = externals.get(path);
        if (owner) packages.set(owner.name, owner.version);
      }
    }
    Object.assign(metafile.inputs, result.metafile.inputs);
  }
  addWorkerImports(metafile, workers, project);
  noteInputs(metafile, project, lookups);
  return {
    pieces,
    taken: Object.fromEntries(Object.entries(taken).map(([source, text]) => [source, sha256Of(text)])),
    packages: Object.fromEntries([...packages].sort(([a], [b]) => (a < b ? -1 : 1))),
    metafile,
  };
}

/** Every file that was read, and every pattern that an import could mean. */
function noteInputs(metafile: Metafile, project: string, lookups: Lookups): void {
  for (const [source, { imports }] of Object.entries(metafile.inputs)) {
    if (source.includes(':')) continue;
    lookups.input(join(project, source));
    for (const { path, external } of imports)
      if (external && path.startsWith('.') && path.includes('*'))
        lookups.glob(path, dirname(join(project, source)));
  }
}

/**
 * CommonJS in a module has no `require` for what stays outside: it is made, on the first line, so that the source map
 * still fits.
 */
function requiring(text: string): string {
  if (!text.includes('__require')) return text;
  return `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); ${text}`;
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
