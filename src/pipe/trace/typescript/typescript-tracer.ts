/**
 * The code of a TypeScript stage: what its entry file reaches, bundled, tree-shaken, without comments and white space.
 * Packages stay outside and enter by name and version. esbuild starts only when something that the last trace looked at changed.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readOwnFile } from '../../../lib/regular-file.ts';
import { replaceFile } from '../../../lib/replace-file.ts';
import type { Sha256 } from '../../../lib/sha256.ts';
import { sha256Of } from '../../../lib/sha256.ts';
import type { Digests } from '../../digest/digests.ts';
import { type Observed, Observer, Probes } from '../probes.ts';
import { type Remembered, TraceIndex } from '../trace-index.ts';
import { CodeError, type TracedModule, type Tracer } from '../tracer.ts';
import { diagnosticOf, isBuildFailure } from './build-diagnostics.ts';
import type { Piece } from './bundle.ts';
import { importers } from './importers.ts';

/** Raised whenever the same files would be traced to something else. */
const traceVersion = 2;
/** Names that an import without extension could mean. */
const importable = /\.([mc]?[jt]sx?|json|css|txt)$|^(package|tsconfig|jsconfig)\.json$/;
const bundleLimitBytes = 512 * 1024 * 1024;
/** How long a file system may give two writes the same time. */
const tickMs = 20;

export class TypeScriptTracer implements Tracer {
  readonly #project: string;
  readonly #codeFolder: string;
  readonly #digests: Digests;
  readonly #probes: Probes;
  readonly #index: TraceIndex;
  readonly #traced = new Map<string, Promise<TracedModule>>();

  /** `project`, `codeFolder` (for bundles, inside the project, so that packages resolve) and `indexFolder` are absolute. */
  constructor(options: { project: string; codeFolder: string; indexFolder: string; digests: Digests }) {
    this.#project = options.project;
    this.#codeFolder = options.codeFolder;
    this.#digests = options.digests;
    this.#probes = new Probes({
      project: options.project,
      digests: options.digests,
      matters: (name) => importable.test(name),
      ownFolder: options.codeFolder,
    });
    const version = `${traceVersion} esbuild ${esbuildVersion()} node ${process.version}`;
    this.#index = new TraceIndex(join(options.indexFolder, 'code.json'), version);
  }

  trace(entry: string): Promise<TracedModule> {
    let traced = this.#traced.get(entry);
    if (!traced) {
      traced = this.#trace(entry);
      this.#traced.set(entry, traced);
    }
    return traced;
  }

  /** What the last trace of `entry` looked at, and its bundle's files (absolute); null: it may be traced anew each time. */
  observed(entry: string): { readonly observed: Observed; readonly written: readonly string[] } | null {
    const remembered = this.#index.get(entry);
    if (!remembered) return null;
    const written = Object.keys(remembered.written).map((file) => join(this.#codeFolder, file));
    return { observed: remembered.observed, written };
  }

  save(): void {
    this.#index.save();
  }

  async #trace(entry: string): Promise<TracedModule> {
    let remembered = this.#index.get(entry);
    if (!remembered || !(await this.#isCurrent(remembered))) remembered = await this.#bundle(entry);
    const { fingerprint } = remembered;
    return { fingerprint, bundle: join(this.#codeFolder, fingerprint.bundle, 'index.mjs'), read: [] };
  }

  async #isCurrent({ observed, written }: Remembered): Promise<boolean> {
    if (!(await this.#probes.isCurrent(observed))) return false;
    if (Object.keys(written).length === 0) return false;
    // The bundle is about to be run: it must be the very one that was written, whatever any index says of it.
    return Object.entries(written).every(([file, sha256]) => {
      const content = readOwnFile(join(this.#codeFolder, file), bundleLimitBytes);
      return typeof content !== 'string' && sha256Of(content) === sha256;
    });
  }

  async #bundle(entry: string): Promise<Remembered> {
    const began = this.#digests.now() - tickMs;
    const observer = new Observer(this.#project);
    // Only now: a run with nothing to do loads none of it.
    const { bundleTogether } = await import('./bundle.ts');
    const bundled = await bundleTogether(entry, {
      project: this.#project,
      codeFolder: this.#codeFolder,
      observer,
    }).catch((error: unknown) => {
      this.#index.set(entry, null);
      throw isBuildFailure(error) ? new CodeError(error.errors.map(diagnosticOf)) : error;
    });
    const bundle = sha256Of(
      bundled.pieces.map((piece) => `${piece.name}\n${sha256Of(piece.canonical)}\n`).join(''),
    );
    const remembered: Remembered = {
      fingerprint: {
        kind: 'module',
        file: entry,
        bundle,
        files: bundled.taken,
        importedBy: importers(bundled.metafile, entry),
        packages: bundled.packages,
      },
      observed: await observer.observed(this.#probes),
      written: this.#write(bundle, bundled.pieces),
    };
    // What changed while esbuild read may not be what it read: the next run traces again.
    this.#index.set(entry, observer.isOlderThan(began) ? remembered : null);
    return remembered;
  }

  /** Two runs may write the same bundle at once: each piece is whole from the moment it is seen. */
  #write(bundle: Sha256, pieces: readonly Piece[]): Record<string, Sha256> {
    const written: Record<string, Sha256> = {};
    mkdirSync(join(this.#codeFolder, bundle), { recursive: true });
    for (const piece of pieces) {
      const file = join(bundle, piece.name);
      const text = `${piece.text}//# sourceMappingURL=${piece.name}.map\n`;
      for (const [path, content] of [
        [`${file}.map`, piece.map],
        [file, text],
      ] as const) {
        const target = join(this.#codeFolder, path);
        replaceFile(target, content);
        this.#digests.forget(target);
      }
      written[file] = sha256Of(text);
    }
    return written;
  }
}

function esbuildVersion(): string {
  const require = createRequire(import.meta.url);
  try {
    const manifest: unknown = JSON.parse(readFileSync(require.resolve('esbuild/package.json'), 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
      return String(manifest.version);
  } catch {
    // Whoever needs it will say that it is not installed.
  }
  return 'unknown';
}
