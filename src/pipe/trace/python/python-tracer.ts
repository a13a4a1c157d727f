/**
 * The code of a Python stage: what its entry reaches by imports, as Python's own parser reads it, without comments and
 * formatting. Installed packages enter by name and version, the interpreter by its version. Python starts only when something
 * that the last trace looked at changed.
 */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import type { Diagnostic } from '../../../lib/diagnostics/diagnostic.ts';
import { type Sha256, sha256Of } from '../../../lib/sha256.ts';
import type { Digests } from '../../digest/digests.ts';
import { Observer, Probes } from '../probes.ts';
import { type Remembered, TraceIndex } from '../trace-index.ts';
import { CodeError, type TracedFile, type TracedModule, type Tracer } from '../tracer.ts';
import {
  fileSchema,
  type Interpreter,
  InterpreterError,
  PythonAnalyser,
  type PythonEnvironment,
  type PythonFile,
} from './analysis.ts';
import { pythonEnvironment } from './environment.ts';
import { problemsOf, syntaxProblem } from './problems.ts';
import { type Loaded, reach } from './reach.ts';
import { type Resolved, resolveImport } from './resolve.ts';

/** Raised whenever the same files would be traced to something else. */
const traceVersion = 2;
/** How long a file system may give two writes the same time. */
const tickMs = 20;
/** More than this many analyses are not kept: those of files that are gone would never leave. */
const mostKnown = 5000;

export interface PythonTracerOptions {
  /** Absolute. */
  readonly project: string;
  readonly indexFolder: string;
  readonly digests: Digests;
  readonly interpreter: Interpreter;
  /** What the stage's process will see of the caller's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class PythonTracer implements Tracer {
  readonly #options: PythonTracerOptions;
  readonly #probes: Probes;
  readonly #index: TraceIndex;
  readonly #traced = new Map<string, Promise<TracedModule>>();
  /** What decides which interpreter a command starts and what it finds. */
  readonly #variables: Readonly<Record<string, string | undefined>>;
  #known: { readonly file: string; readonly files: Map<string, PythonFile> } | undefined;
  #learnt = false;

  constructor(options: PythonTracerOptions) {
    this.#options = options;
    this.#probes = new Probes({
      project: options.project,
      digests: options.digests,
      matters: (name) => name.endsWith('.py'),
      ownFolder: options.indexFolder,
    });
    const { PATH, VIRTUAL_ENV, PYTHONHOME, PYTHONPATH } = options.env;
    this.#variables = { PATH, VIRTUAL_ENV, PYTHONHOME, PYTHONPATH };
    const name = sha256Of(JSON.stringify([options.interpreter, this.#variables])).slice(0, 16);
    this.#index = new TraceIndex(
      join(options.indexFolder, `code-python-${name}.json`),
      `python ${traceVersion}`,
    );
  }

  /**
   * `entry`: `stages/train.py`, or `package.module:function`. `also`: more files of the project that count whole, for what
   * cannot be followed.
   * @throws CodeError, PathError
   */
  trace(entry: string, also: readonly string[] = []): Promise<TracedModule> {
    const name = JSON.stringify([entry, also]);
    let traced = this.#traced.get(name);
    if (!traced) {
      traced = this.#trace(entry, also, name);
      this.#traced.set(name, traced);
    }
    return traced;
  }

  save(): void {
    this.#index.save();
    if (this.#learnt && this.#known) writeKnown(this.#known.file, this.#known.files);
  }

  async #trace(entry: string, also: readonly string[], name: string): Promise<TracedModule> {
    const { project, interpreter, env } = this.#options;
    const analyser = new PythonAnalyser(interpreter, project, { ...env });
    try {
      const environment = await pythonEnvironment(analyser, {
        interpreter,
        variables: this.#variables,
        indexFolder: this.#options.indexFolder,
      });
      // Another version reads the same text in another way, and another set of packages is another answer.
      const known = `${name} ${sha256Of(JSON.stringify(environment)).slice(0, 16)}`;
      const file = join(this.#options.indexFolder, `python-files-${environment.version}.json`);
      if (this.#known?.file !== file) this.#known = { file, files: readKnown(file) };
      let remembered = this.#index.get(known);
      if (!remembered || !(await this.#probes.isCurrent(remembered.observed)))
        remembered = await this.#afresh({ entry, also, name: known, analyser, environment });
      const { fingerprint } = remembered;
      return { fingerprint, bundle: this.#programOf(entry), read: await this.#read(fingerprint.files) };
    } catch (error) {
      if (!(error instanceof InterpreterError)) throw error;
      const at = { file: entry, line: 1, column: 1 };
      const hint = '`python:` in pipeline.yaml names the interpreter; `pipe doctor` checks it';
      throw new CodeError([
        { severity: 'error', rule: 'python-interpreter', message: error.message, at, hint },
      ]);
    } finally {
      analyser.close();
    }
  }

  /** As they were looked at when they were traced. */
  async #read(files: Remembered['fingerprint']['files']): Promise<TracedFile[]> {
    const read: TracedFile[] = [];
    for (const name of Object.keys(files)) {
      const path = resolve(this.#options.project, name);
      const look = await this.#options.digests.look(path, 'anywhere');
      if (look) read.push({ path, look });
    }
    return read;
  }

  #programOf(entry: string): string {
    return resolve(this.#options.project, entry.split(':')[0] ?? entry);
  }

  async #afresh(one: {
    entry: string;
    also: readonly string[];
    name: string;
    analyser: PythonAnalyser;
    environment: PythonEnvironment;
  }): Promise<Remembered> {
    const { project, digests } = this.#options;
    const began = digests.now() - tickMs;
    const observer = new Observer(project);
    const trace = new OneTrace({
      ...one,
      project,
      observer,
      pythonPath: (this.#options.env.PYTHONPATH ?? '').split(delimiter).filter((path) => path !== ''),
      analyse: (path) => this.#analyse(path, one.analyser),
    });
    this.#index.set(one.name, null);
    const fingerprint = await trace.fingerprint();
    const remembered = { fingerprint, observed: await observer.observed(this.#probes), written: {} };
    // What changed while it was read may not be what was read: the next run traces again.
    this.#index.set(one.name, observer.isOlderThan(began) ? remembered : null);
    return remembered;
  }

  /** By content: a file that only moved, or that came back, is not read by Python again. */
  async #analyse(path: string, analyser: PythonAnalyser): Promise<PythonFile> {
    const content = (await this.#options.digests.look(path, 'anywhere'))?.content;
    if (!path.endsWith('.py')) return wholeFile(content ?? sha256Of(''));
    const known = content === undefined ? undefined : this.#known?.files.get(content);
    if (known) return known;
    const file = await analyser.file(path);
    if (file.sha256 !== '') this.#known?.files.set(file.sha256, file);
    this.#learnt = true;
    return file;
  }
}

interface TraceOptions {
  readonly entry: string;
  readonly also: readonly string[];
  readonly project: string;
  readonly environment: PythonEnvironment;
  readonly observer: Observer;
  /** Folders that the stage's PYTHONPATH adds. */
  readonly pythonPath: readonly string[];
  readonly analyse: (path: string) => Promise<PythonFile>;
}

/** One trace from one entry. */
class OneTrace {
  readonly #options: TraceOptions;
  readonly #packages = new Map<string, string>();
  readonly #wrong: Diagnostic[] = [];

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  async fingerprint(): Promise<Remembered['fingerprint']> {
    const { entry, also, project, environment } = this.#options;
    const [path, called] = this.#entryFile();
    const resolved = new Map<string, readonly Resolved[]>();
    const load = async (file: string): Promise<Loaded> => {
      this.#options.observer.file(file);
      const analysed = await this.#options.analyse(file);
      const wrong = syntaxProblem(this.#nameOf(file), analysed);
      if (wrong) this.#wrong.push(wrong);
      const meant = analysed.items.map((item) =>
        item.imports.map((wanted) => resolveImport(wanted, file, this.#resolution(path, called))),
      );
      for (const [i, ofItem] of meant.entries()) resolved.set(`${file}\0${i}`, ofItem);
      return { file: analysed, imports: meant.map((ofItem) => ofItem.flatMap(({ files }) => files)) };
    };
    const others = also.map((one) => join(project, one));
    const reached = await reach(path, { called, also: others }, load);
    for (const { path: file, item } of reached.items) {
      if (also.length === 0) this.#wrong.push(...problemsOf(this.#nameOf(file), item));
      for (const wanted of item.imports)
        for (const [name, version] of resolveImport(wanted, file, this.#resolution(path, called)).packages)
          this.#packages.set(name, version);
    }
    if (this.#wrong.length > 0) throw new CodeError(this.#wrong);
    const files = sorted([...reached.files].map(([file, digest]) => [this.#nameOf(file), digest]));
    return {
      kind: 'module',
      file: entry,
      // The files alone do not say which of them is run, or which function is called.
      bundle: sha256Of(JSON.stringify([this.#nameOf(path), called, files])),
      files,
      importedBy: sorted([...reached.importedBy].map(([file, by]) => [this.#nameOf(file), this.#nameOf(by)])),
      packages: sorted([...this.#packages, ['python', environment.version]]),
    };
  }

  /** The file that the entry is in, and the function that is called; null: it runs as a program. */
  #entryFile(): readonly [string, string | null] {
    const { entry, project } = this.#options;
    const [module = entry, called] = entry.split(':');
    if (called === undefined) return [join(project, entry), null];
    const wanted = { module, level: 0, names: null };
    const { files } = resolveImport(wanted, join(project, '_'), this.#resolution(null, called));
    const file = files.at(-1);
    if (file !== undefined) return [file, called];
    const at = { file: entry, line: 1, column: 1 };
    const message = `no module \`${module}\` in the project folder or in \`src/\``;
    throw new CodeError([{ severity: 'error', rule: 'python-module', message, at }]);
  }

  #resolution(program: string | null, called: string | null) {
    const { project, environment, observer } = this.#options;
    const kind = (path: string) => {
      observer.place(path);
      return statSync(path, { throwIfNoEntry: false });
    };
    const beside = program === null || called !== null ? [] : [dirname(program)];
    return {
      roots: [
        ...new Set([
          ...beside,
          project,
          join(project, 'src'),
          ...this.#options.pythonPath.map((path) => resolve(project, path)),
        ]),
      ],
      environment,
      lookup: {
        isFile: (path: string) => kind(path)?.isFile() ?? false,
        isFolder: (path: string) => kind(path)?.isDirectory() ?? false,
      },
    };
  }

  #nameOf(path: string): string {
    return relative(this.#options.project, path);
  }
}

/** A file that is not Python's counts by its bytes. */
function wholeFile(content: Sha256): PythonFile {
  const item = {
    kind: 'other' as const,
    name: null,
    code: content,
    documented: content,
    names: [],
    imports: [],
    problems: [],
    dynamic: false,
    effects: true,
  };
  return { sha256: content, items: [item], error: null };
}

function sorted<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function readKnown(file: string): Map<string, PythonFile> {
  try {
    const [checksum, body = ''] = readFileSync(file, 'utf8').split('\n');
    if (sha256Of(body) !== checksum) return new Map();
    const entries: unknown = JSON.parse(body);
    if (!Array.isArray(entries)) return new Map();
    return new Map(entries.map((entry) => fileSchema.parse(entry)).map((one) => [one.sha256, one]));
  } catch {
    return new Map();
  }
}

/** An accelerator: where it cannot be written, the next trace asks Python again. */
function writeKnown(file: string, known: ReadonlyMap<string, PythonFile>): void {
  const body = JSON.stringify([...known.values()].slice(-mostKnown));
  const aside = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(aside, `${sha256Of(body)}\n${body}\n`);
    renameSync(aside, file);
  } catch {}
}
