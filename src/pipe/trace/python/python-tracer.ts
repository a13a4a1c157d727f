/**
 * The code of a Python stage: what its entry reaches by imports, as Python's own parser reads it, without comments and
 * formatting. Installed packages enter by name and version, the interpreter by its version. Python starts only when something
 * that the last trace looked at changed.
 * Long because one trace remembers what it asked, to be asked again.
 */
import { delimiter, join, resolve } from 'node:path';
import { type Sha256, sha256Of } from '../../../lib/sha256.ts';
import type { Digests } from '../../digest/digests.ts';
import { Observer, Probes } from '../probes.ts';
import { type Remembered, TraceIndex } from '../trace-index.ts';
import { CodeError, type TracedFile, type TracedModule } from '../tracer.ts';
import {
  type Interpreter,
  InterpreterError,
  PythonAnalyser,
  type PythonEnvironment,
  type PythonFile,
} from './analysis.ts';
import { environmentName, pythonEnvironment } from './environment.ts';
import { KnownFiles } from './known-files.ts';
import { OneTrace, type PythonEntry, wholeFile } from './one-trace.ts';

/** Raised whenever the same files would be traced to something else. */
const traceVersion = 3;
/** How long a file system may give two writes the same time. */
const tickMs = 20;

export interface PythonTracerOptions {
  /** Absolute. */
  readonly project: string;
  readonly indexFolder: string;
  readonly digests: Digests;
  readonly interpreter: Interpreter;
  /** What the stage's process will see of the caller's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One that outlives the tracer, of the same interpreter; left out: started when something must be asked. */
  readonly analyser?: PythonAnalyser;
}

export class PythonTracer {
  readonly #options: PythonTracerOptions;
  readonly #probes: Probes;
  readonly #index: TraceIndex;
  readonly #traced = new Map<string, Promise<TracedModule>>();
  readonly #known = new Map<string, KnownFiles>();
  /** Shared by the traces that are under way, ended with the last of them. */
  #analyser: { readonly process: PythonAnalyser; users: number } | undefined;
  #environment: Promise<PythonEnvironment> | undefined;

  constructor(options: PythonTracerOptions) {
    this.#options = options;
    this.#probes = new Probes({
      project: options.project,
      digests: options.digests,
      matters: (name) => name.endsWith('.py') || name.endsWith('.so') || name.endsWith('.pyd'),
      ownFolder: options.indexFolder,
    });
    this.#index = new TraceIndex(
      join(options.indexFolder, `code-python-${environmentName(options)}.json`),
      `python ${traceVersion}`,
    );
  }

  /** Each entry once per run. @throws CodeError, PathError */
  trace(entry: PythonEntry): Promise<TracedModule> {
    const name = JSON.stringify([entry.run, entry.code, entry.locks]);
    let traced = this.#traced.get(name);
    if (!traced) {
      traced = this.#trace(entry, name);
      this.#traced.set(name, traced);
    }
    return traced;
  }

  /** Keeps what was learnt for the next run. */
  save(): void {
    this.#index.save();
    for (const known of this.#known.values()) known.save();
  }

  async #trace(entry: PythonEntry, name: string): Promise<TracedModule> {
    const { project, interpreter, indexFolder, env } = this.#options;
    const given = this.#options.analyser;
    this.#analyser ??= { process: given ?? new PythonAnalyser(interpreter, project, { ...env }), users: 0 };
    const analyser = this.#analyser;
    analyser.users++;
    try {
      this.#environment ??= pythonEnvironment(analyser.process, {
        interpreter,
        project,
        env,
        indexFolder,
        version: traceVersion,
      });
      const environment = await this.#environment;
      // Another version reads the same text in another way, and another set of packages is another answer.
      const known = `${name} ${sha256Of(JSON.stringify(environment)).slice(0, 16)}`;
      let remembered = this.#index.get(known);
      if (!remembered || !(await this.#probes.isCurrent(remembered.observed)))
        remembered = await this.#afresh(entry, known, analyser.process, environment);
      const { fingerprint } = remembered;
      return { fingerprint, bundle: this.#programOf(entry), read: await this.#read(fingerprint.files) };
    } catch (error) {
      if (!(error instanceof InterpreterError)) throw error;
      const at = { file: entry.run ?? entry.code[0] ?? '', line: 1, column: 1 };
      const hint = '`python:` in pipeline.yaml names the interpreter; `pipe doctor` checks it';
      throw new CodeError([
        { severity: 'error', rule: 'python-interpreter', message: error.message, at, hint },
      ]);
    } finally {
      if (--analyser.users === 0) {
        if (!given) analyser.process.close();
        this.#analyser = undefined;
      }
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

  #programOf({ run }: PythonEntry): string {
    return resolve(this.#options.project, run?.split(':')[0] ?? '');
  }

  async #afresh(
    entry: PythonEntry,
    name: string,
    analyser: PythonAnalyser,
    environment: PythonEnvironment,
  ): Promise<Remembered> {
    const { project, digests, env, indexFolder } = this.#options;
    const began = digests.now() - tickMs;
    const observer = new Observer(project);
    const known = this.#knownFiles(
      join(indexFolder, `python-files-${environment.version.split(' ')[0]}.json`),
    );
    const trace = new OneTrace({
      entry,
      project,
      environment,
      observer,
      pythonPath: (env.PYTHONPATH ?? '').split(delimiter).filter((path) => path !== ''),
      analyse: (path) => this.#analyse(path, analyser, known),
    });
    this.#index.set(name, null);
    const fingerprint = await trace.fingerprint();
    const remembered = { fingerprint, observed: await observer.observed(this.#probes), written: {} };
    // What changed while it was read may not be what was read: the next run traces again.
    this.#index.set(name, observer.isOlderThan(began) ? remembered : null);
    return remembered;
  }

  #knownFiles(file: string): KnownFiles {
    let known = this.#known.get(file);
    if (!known) {
      known = new KnownFiles(file, traceVersion);
      this.#known.set(file, known);
    }
    return known;
  }

  /** By content. Digested once, so that two names of one file are asked about once. */
  async #analyse(path: string, analyser: PythonAnalyser, known: KnownFiles): Promise<PythonFile> {
    const content: Sha256 | undefined = (await this.#options.digests.look(path, 'anywhere'))?.content;
    if (!path.endsWith('.py')) return wholeFile(path, content ?? sha256Of(''));
    const remembered = content === undefined ? undefined : known.get(content);
    if (remembered) return remembered;
    const file = await analyser.file(path);
    if (file.sha256 !== '') known.add(file);
    return file;
  }
}
