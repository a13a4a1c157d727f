/** One trace of Python from one entry: files are loaded, their imports resolved, and what counts becomes a fingerprint. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Diagnostic } from '../../../lib/diagnostics/diagnostic.ts';
import { type Sha256, sha256Of } from '../../../lib/sha256.ts';
import type { Observer } from '../probes.ts';
import { CodeError, type ModuleFingerprint } from '../tracer.ts';
import type { PythonEnvironment, PythonFile, PythonItem } from './analysis.ts';
import { docstringFree } from './docstring-free.ts';
import { problemsOf, syntaxProblem } from './problems.ts';
import { type LoadedFile, reach, type StatementMeaning, type TraceEntries } from './reach.ts';
import { type ModulePlace, ModuleResolver, type PythonImport } from './resolve.ts';

/** What is traced. Paths are relative to the project. */
export interface PythonEntry {
  /** `stages/train.py`, or `package.module:function`; null: a command, of which only `code` is known. */
  readonly run: string | null;
  /** More files that count whole, for what cannot be followed. */
  readonly code: readonly string[];
  /** Files that say what is installed: they count by their bytes. */
  readonly locks: readonly string[];
}

interface TraceOptions {
  readonly entry: PythonEntry;
  /** Absolute. */
  readonly project: string;
  readonly environment: PythonEnvironment;
  readonly observer: Observer;
  /** What the stage's PYTHONPATH adds. */
  readonly pythonPath: readonly string[];
  readonly analyse: (path: string) => Promise<PythonFile>;
}

/** More labels than this are not worth a line of each manifest. */
const mostParts = 3000;

export class OneTrace {
  readonly #options: TraceOptions;
  readonly #wrong: Diagnostic[] = [];
  readonly #listings = new Map<string, ReadonlyMap<string, 'file' | 'folder'> | null>();
  readonly #analyses = new Map<string, Promise<PythonFile>>();
  #resolver: ModuleResolver;

  constructor(options: TraceOptions) {
    this.#options = options;
    this.#resolver = this.#resolverWith([]);
  }

  /** @throws CodeError */
  async fingerprint(): Promise<ModuleFingerprint> {
    const { entry } = this.#options;
    const entries = this.#entries();
    const reached = await reach(entries, (file) => this.#load(file));
    const packages = new Set<string>();
    for (const { path, item, meaning } of reached.items) {
      this.#wrong.push(...problemsOf(this.#nameOf(path), item, (kind) => this.#isAllowed(kind, path)));
      for (const one of meaning.packages) packages.add(one);
    }
    if (this.#wrong.length > 0) throw new CodeError(this.#wrong);
    const named = <Value>(entries: ReadonlyMap<string, Value>) =>
      sorted([...entries].map(([file, value]) => [this.#nameOf(file), value]));
    const files = named(reached.files);
    const main = [...entries.programs, ...entries.modules].at(-1);
    const parts = [...reached.parts.values()].reduce((sum, text) => sum + text.split('\n').length, 0);
    return {
      kind: 'module',
      file: entry.run ?? entry.code[0] ?? '',
      // The files alone do not say which of them is run, or which function is called.
      bundle: sha256Of(JSON.stringify([main ? this.#nameOf(main) : null, entries.called, files])),
      files,
      importedBy: sorted([...reached.importedBy].map(([file, by]) => [this.#nameOf(file), this.#nameOf(by)])),
      packages: this.#versions(packages),
      ...(parts > mostParts ? {} : { parts: named(reached.parts) }),
    };
  }

  #entries(): TraceEntries {
    const { entry, project, pythonPath } = this.#options;
    // An archive in PYTHONPATH is a file of code that nobody looks into.
    const archives = pythonPath.map((path) => resolve(project, path)).filter(isFile);
    const whole = [...[...entry.code, ...entry.locks].map((one) => join(project, one)), ...archives];
    const [module = '', called] = (entry.run ?? '').split(':');
    if (entry.run === null) return { programs: [], modules: [], called: null, whole };
    if (called === undefined) {
      const program = join(project, module);
      this.#resolver = this.#resolverWith([dirname(program)]);
      return { programs: [program], modules: [], called: null, whole };
    }
    const { files, isModule } = this.#resolver.resolve({ module, level: 0, names: null }, join(project, '_'));
    if (isModule && files.length > 0) return { programs: [], modules: files, called, whole };
    const at = { file: entry.run, line: 1, column: 1 };
    const message = `no module \`${module}\` in the project folder or in \`src/\``;
    throw new CodeError([{ severity: 'error', rule: 'python-module', message, at }]);
  }

  #resolverWith(beside: readonly string[]): ModuleResolver {
    const { project, environment, pythonPath } = this.#options;
    const paths = pythonPath.map((path) => resolve(project, path));
    const roots = [...new Set([...beside, project, join(project, 'src'), ...paths])];
    return new ModuleResolver(roots, environment, (folder) => this.#listing(folder));
  }

  #listing(folder: string): ReadonlyMap<string, 'file' | 'folder'> | null {
    let listing = this.#listings.get(folder);
    if (listing === undefined) {
      this.#options.observer.folder(folder);
      listing = namesIn(folder);
      this.#listings.set(folder, listing);
    }
    return listing;
  }

  async #load(file: string): Promise<LoadedFile> {
    this.#options.observer.file(file);
    const analysed = await this.#analyse(file);
    const wrong = syntaxProblem(this.#nameOf(file), analysed);
    if (wrong) this.#wrong.push(wrong);
    const items: StatementMeaning[] = [];
    for (const item of analysed.items) items.push(await this.#meaning(item, file));
    // Asked for at once, so that Python reads the next file while this one is thought about.
    for (const next of items.flatMap(({ files, programs }) => [...files, ...programs]))
      this.#analyse(next).catch(() => {});
    return { file: analysed, items };
  }

  async #meaning(item: PythonItem, file: string): Promise<StatementMeaning> {
    const files: string[] = [];
    const packages: string[] = [];
    for (const wanted of item.imports) {
      const resolved = this.#resolver.resolve(wanted, file);
      files.push(...resolved.files);
      packages.push(...resolved.packages);
      if (resolved.star) files.push(...(await this.#starFiles(wanted, resolved.star, file)));
    }
    const programs = item.texts.flatMap((text) => (text.endsWith('.py') ? this.#scripts(text, file) : []));
    for (const text of item.texts) files.push(...this.#resolver.named(text));
    return {
      files: [...new Set(files)],
      programs,
      packages,
      passesModule: item.values.some(([module, level, rest]) => this.#isOwnModule(module, level, rest, file)),
      mayReadDocs: packages.some((one) => !docstringFree.has(one)),
    };
  }

  /** `from package import *` imports the modules that `__all__` names. */
  async #starFiles(wanted: PythonImport, star: ModulePlace, importer: string): Promise<readonly string[]> {
    const init = star.file;
    if (init !== null) this.#options.observer.file(init);
    const all = init === null ? null : (await this.#analyse(init)).all;
    if (all === null) return [];
    const names = all.open ? [...all.names, ...this.#resolver.modulesOf(star)] : all.names;
    return this.#resolver.resolve({ ...wanted, names }, importer).files;
  }

  #analyse(file: string): Promise<PythonFile> {
    let analysed = this.#analyses.get(file);
    if (!analysed) {
      analysed = this.#options.analyse(file);
      this.#analyses.set(file, analysed);
    }
    return analysed;
  }

  /** A text that is the path of a program in the project: something starts it. */
  #scripts(text: string, file: string): readonly string[] {
    const { project, observer } = this.#options;
    return [...new Set([resolve(project, text), resolve(dirname(file), text)])].filter((path) => {
      if (relative(project, path).startsWith('..')) return false;
      observer.place(path);
      return isFile(path);
    });
  }

  #isOwnModule(module: string, level: number, rest: string, file: string): boolean {
    const name = [module, rest].filter((part) => part !== '').join('.');
    const { files, isModule } = this.#resolver.resolve({ module: name, level, names: null }, file);
    return isModule && files.length > 0;
  }

  /**
   * Whether `code:` answers for it. Files that a run imports may be listed; a data file is listed itself, or the file that
   * reads it. Of a command all code is listed, so that only another file than the one with the problem is an answer.
   */
  #isAllowed(kind: PythonItem['problems'][number]['kind'], path: string): boolean {
    const { run, code } = this.#options.entry;
    const name = this.#nameOf(path);
    if (kind === 'data') return code.some((one) => one === name || !one.endsWith('.py'));
    return run === null ? code.some((one) => one !== name) : code.length > 0;
  }

  /** Those imported, and those that they need. */
  #versions(imported: Iterable<string>): Record<string, string> {
    const { distributions, version } = this.#options.environment;
    const versions = new Map([['python', version]]);
    const left = [...imported];
    const seen = new Set<string>();
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const found = distributions[one];
      if (seen.has(one) || !found) continue;
      seen.add(one);
      versions.set(found.name, found.version);
      left.push(...found.needs);
    }
    return sorted([...versions]);
  }

  #nameOf(path: string): string {
    return relative(this.#options.project, path);
  }
}

function namesIn(folder: string): ReadonlyMap<string, 'file' | 'folder'> | null {
  try {
    const names = new Map<string, 'file' | 'folder'>();
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const kind = entry.isSymbolicLink()
        ? statSync(join(folder, entry.name), { throwIfNoEntry: false })
        : entry;
      if (kind?.isDirectory()) names.set(entry.name, 'folder');
      else if (kind?.isFile()) names.set(entry.name, 'file');
    }
    return names;
  } catch {
    return null;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A file that is not Python's counts by its bytes. */
export function wholeFile(path: string, content: Sha256): PythonFile {
  const item: PythonItem = {
    kind: 'other',
    name: null,
    label: basename(path),
    code: content,
    documented: content,
    names: [],
    imports: [],
    values: [],
    texts: [],
    problems: [],
    flags: [],
  };
  return { sha256: content, items: [item], all: null, error: null };
}

function sorted<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
