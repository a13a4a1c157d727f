/**
 * The code of a module stage: what its entry file reaches, bundled, tree-shaken, without comments and white space.
 * Packages stay outside and enter by name and version. esbuild starts only when a file of the last trace changed.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { BuildFailure, Message, Metafile } from 'esbuild';
import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { isSha256, sha256Of } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import { bundleTogether, type Piece } from './bundle.ts';
import type { CodeFingerprint } from './code-fingerprint.ts';

export type ModuleFingerprint = Extract<CodeFingerprint, { kind: 'module' }>;

export interface TracedModule {
  readonly fingerprint: ModuleFingerprint;
  /** Absolute path of the bundle to import. */
  readonly bundle: string;
}

/** The code cannot be traced: a mistake in it, or an import that cannot be followed. */
export class CodeError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message, at }) => `${at.file}:${at.line}:${at.column}: ${message}`).join('\n'));
    this.name = 'CodeError';
    this.diagnostics = diagnostics;
  }
}

/** What decided a trace: while all of it is as it was, esbuild would give the same again. */
interface Remembered {
  readonly fingerprint: ModuleFingerprint;
  /** Files read, project-relative → digest; null: looked for, not there. */
  readonly inputs: Readonly<Record<string, Sha256 | null>>;
  /** Folders that imports were looked up in → digest of their names. */
  readonly folders: Readonly<Record<string, Sha256>>;
  /** Files of the bundle → digest. */
  readonly written: Readonly<Record<string, Sha256>>;
}

const indexVersion = 1;
/** Names that an import without extension could mean. */
const importable = /\.([mc]?[jt]sx?|json)$/;

export class CodeTracer {
  readonly #project: string;
  readonly #codeFolder: string;
  readonly #indexFile: string;
  readonly #digests: Digests;
  readonly #traced = new Map<string, Promise<TracedModule>>();
  readonly #folderNames = new Map<string, Sha256 | null>();
  #index: Map<string, Remembered> | undefined;
  #changed = false;

  /** `project`, `codeFolder` (for bundles, inside the project, so that packages resolve) and `indexFolder` are absolute. */
  constructor(options: { project: string; codeFolder: string; indexFolder: string; digests: Digests }) {
    this.#project = options.project;
    this.#codeFolder = options.codeFolder;
    this.#indexFile = join(options.indexFolder, 'code.json');
    this.#digests = options.digests;
  }

  /** Traces from `entry`, a path in the project. Each entry once a run. @throws CodeError, PathError */
  trace(entry: string): Promise<TracedModule> {
    let traced = this.#traced.get(entry);
    if (!traced) {
      traced = this.#trace(entry);
      this.#traced.set(entry, traced);
    }
    return traced;
  }

  /** Keeps what was learnt for the next run. */
  save(): void {
    if (!this.#changed || !this.#index) return;
    const body = JSON.stringify({ version: indexVersion, entries: Object.fromEntries(this.#index) });
    const aside = `${this.#indexFile}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(this.#indexFile), { recursive: true });
      writeFileSync(aside, `${body}\n${sha256Of(body)}\n`);
      renameSync(aside, this.#indexFile);
      this.#changed = false;
    } catch {
      // An accelerator: the next run traces again.
    }
  }

  async #trace(entry: string): Promise<TracedModule> {
    this.#index ??= readIndex(this.#indexFile);
    const remembered = this.#index.get(entry);
    if (remembered && (await this.#isCurrent(remembered)))
      return { fingerprint: remembered.fingerprint, bundle: this.#bundleFile(remembered.fingerprint.bundle) };
    const fresh = await this.#bundle(entry);
    this.#index.set(entry, fresh);
    this.#changed = true;
    return { fingerprint: fresh.fingerprint, bundle: this.#bundleFile(fresh.fingerprint.bundle) };
  }

  async #isCurrent(remembered: Remembered): Promise<boolean> {
    for (const [file, sha256] of Object.entries(remembered.inputs)) {
      const look = await this.#digests.look(join(this.#project, file), 'anywhere');
      if ((look?.content ?? null) !== sha256) return false;
    }
    for (const [folder, names] of Object.entries(remembered.folders))
      if (this.#namesIn(folder) !== names) return false;
    // The bundle is about to be run: it must be the very one that was written.
    for (const [file, sha256] of Object.entries(remembered.written)) {
      const look = await this.#digests.look(join(this.#codeFolder, file), 'self');
      if (look?.content !== sha256) return false;
    }
    return true;
  }

  async #bundle(entry: string): Promise<Remembered> {
    const bundled = await bundleTogether(this.#project, entry).catch((error: unknown) => {
      throw isBuildFailure(error) ? new CodeError(error.errors.map(diagnosticOf)) : error;
    });
    const packages: Record<string, string> = {};
    const inputs: Record<string, Sha256 | null> = {};
    for (const name of bundled.packages) {
      const found = this.#packageFile(name, dirname(join(this.#project, entry)));
      packages[name] = found?.version ?? 'not installed';
      if (found) inputs[relative(this.#project, found.file)] = null;
    }
    for (const file of bundled.inputs) inputs[file] = null;
    // They say how modules are resolved and compiled.
    for (const file of ['package.json', 'tsconfig.json']) inputs[file] = null;
    const folders: Record<string, Sha256> = {};
    for (const file of bundled.inputs) {
      // The one above too: `./x` may mean x.ts or x/index.ts.
      for (const folder of [dirname(file), dirname(dirname(file))]) {
        const names = this.#namesIn(folder);
        if (names !== null) folders[folder] = names;
      }
    }
    for (const file of Object.keys(inputs))
      inputs[file] = (await this.#digests.look(join(this.#project, file), 'anywhere'))?.content ?? null;

    const bundle = sha256Of(
      bundled.pieces.map((piece) => `${piece.name}\n${sha256Of(piece.canonical)}\n`).join(''),
    );
    const written = this.#write(bundle, bundled.pieces);
    return {
      fingerprint: {
        kind: 'module',
        file: entry,
        bundle,
        files: bundled.taken,
        importedBy: importers(bundled.metafile, entry),
        packages,
      },
      inputs,
      folders,
      written,
    };
  }

  #bundleFile(bundle: Sha256): string {
    return join(this.#codeFolder, bundle, 'index.mjs');
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
        writeFileSync(`${target}.${process.pid}.tmp`, content);
        renameSync(`${target}.${process.pid}.tmp`, target);
        this.#digests.forget(target);
      }
      written[file] = sha256Of(text);
    }
    return written;
  }

  #namesIn(folder: string): Sha256 | null {
    let names = this.#folderNames.get(folder);
    if (names === undefined) {
      try {
        const found = readdirSync(join(this.#project, folder)).filter((name) => importable.test(name));
        names = sha256Of(found.sort().join('\0'));
      } catch {
        names = null;
      }
      this.#folderNames.set(folder, names);
    }
    return names;
  }

  #packageFile(name: string, from: string): { file: string; version: string } | null {
    for (let folder = from; ; folder = dirname(folder)) {
      const file = join(folder, 'node_modules', name, 'package.json');
      try {
        const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
        const version =
          typeof manifest === 'object' && manifest !== null && 'version' in manifest
            ? manifest.version
            : undefined;
        return { file, version: typeof version === 'string' ? version : 'without version' };
      } catch {
        if (folder === dirname(folder)) return null;
      }
    }
  }
}

/** The chain of files from the entry to `file`, both included, the shortest there is. */
export function importChain(code: ModuleFingerprint, file: string): readonly string[] {
  const chain = [file];
  for (let above = code.importedBy[file]; above !== undefined; above = code.importedBy[above]) {
    // Read from a file, so a circle is possible.
    if (chain.includes(above)) break;
    chain.unshift(above);
  }
  return chain;
}

function importers(metafile: Metafile, entry: string): Record<string, string> {
  const importedBy: Record<string, string> = {};
  const queue = [entry];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const { path, external } of metafile.inputs[file]?.imports ?? []) {
      if (external || path === entry || importedBy[path] !== undefined) continue;
      importedBy[path] = file;
      queue.push(path);
    }
  }
  return importedBy;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

const advice: Readonly<Record<string, string>> = {
  'unsupported-dynamic-import':
    "Write the path as a literal, `import('./x.ts')`; where one of several is chosen, choose between literal imports. Code that cannot be listed so belongs in a `cmd:` stage with its files under `deps`.",
  'unsupported-require-call':
    'Import it with a literal path; code that cannot be listed so belongs in a `cmd:` stage with its files under `deps`.',
};

function diagnosticOf(message: Message): Diagnostic {
  const { location } = message;
  const hint = advice[message.id] ?? (typeof message.detail === 'string' ? message.detail : undefined);
  return {
    severity: 'error',
    rule: message.id === '' ? 'code' : message.id,
    message: message.text,
    at: {
      file: (location?.file ?? '').split(sep).join('/'),
      line: location?.line ?? 1,
      column: (location?.column ?? 0) + 1,
      ...(location ? { length: location.length } : {}),
    },
    ...(hint === undefined ? {} : { hint }),
  };
}

function readIndex(file: string): Map<string, Remembered> {
  try {
    const [body = '', checksum] = readFileSync(file, 'utf8').split('\n');
    if (!isSha256(checksum) || sha256Of(body) !== checksum) return new Map();
    const index: { version: number; entries: Record<string, Remembered> } = JSON.parse(body);
    if (index.version !== indexVersion) return new Map();
    return new Map(Object.entries(index.entries).filter(([, entry]) => isRemembered(entry)));
  } catch {
    return new Map();
  }
}

/** The bundle's digest becomes a path: it must be one. The rest is compared with what is there. */
function isRemembered({ fingerprint, inputs, folders, written }: Remembered): boolean {
  const maps: readonly unknown[] = [inputs, folders, written, fingerprint.files, fingerprint.packages];
  return (
    fingerprint.kind === 'module' &&
    isSha256(fingerprint.bundle) &&
    Object.hasOwn(written, join(fingerprint.bundle, 'index.mjs')) &&
    maps.every((map) => typeof map === 'object' && map !== null)
  );
}
