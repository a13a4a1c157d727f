/** Traces the code of a cell with the tracer of its language. Python's is loaded when the first cell in Python is looked at. */
import { join, resolve } from 'node:path';
import { type Sha256, sha256Of } from '../../lib/sha256.ts';
import type { PythonDoc } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';
import { stageEnvironment } from '../job/environment.ts';
import type { Cell } from '../plan/graph.ts';
import type { Layout } from '../store/layout.ts';
import type { TracedCode } from '../trace/code-fingerprint.ts';
import type { Observed } from '../trace/probes.ts';
import type { PythonTracer } from '../trace/python/python-tracer.ts';
import { CodeError, type TracedFile, type TracedModule } from '../trace/tracer.ts';
import { TypeScriptTracer } from '../trace/typescript/typescript-tracer.ts';

interface CellTracerOptions {
  /** Absolute. */
  readonly project: string;
  readonly layout: Layout;
  readonly digests: Digests;
  /** Of the run itself; a stage's interpreter sees what the stage will see of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a trace looked at, and the files of its bundle (absolute). */
export interface CodeObserved {
  readonly observed: Observed;
  readonly written: readonly string[];
}

export class CellTracer {
  readonly #options: CellTracerOptions;
  readonly #typescript: TypeScriptTracer;
  /** One per interpreter and environment. */
  readonly #python = new Map<string, PythonTracer>();

  constructor(options: CellTracerOptions) {
    this.#options = options;
    const { project, layout, digests } = options;
    this.#typescript = new TypeScriptTracer({
      project,
      codeFolder: layout.code,
      indexFolder: layout.index,
      digests,
    });
  }

  /** @throws CodeError, PathError */
  async trace(cell: Cell): Promise<TracedModule> {
    const { run } = cell;
    if (run.kind === 'command') throw new Error(`${cell.id} runs a command, not a module`);
    if (run.python === null) return this.#typescript.trace(run.file);
    const { project } = this.#options;
    const code = await namedFiles('code', run.python.code, project, run.at);
    const locks = await namedFiles('lock', run.python.locks, project, run.at);
    return (await this.#pythonTracer(cell, run.python)).trace({ run: run.file, code, locks });
  }

  /** The code that a command says it runs: Python and TypeScript by what they mean, other files by their bytes. */
  async traceCommand(cell: Cell, python: PythonDoc): Promise<TracedFiles> {
    const { project, digests } = this.#options;
    const named = await namedFiles('code', python.code, project, cell.run.at);
    const locks = await namedFiles('lock', python.locks, project, cell.run.at);
    const scripts = named.filter((file) => javaScript.test(file));
    const code = named.filter((file) => !javaScript.test(file));
    const traces: TracedCode[] = [];
    for (const file of scripts) traces.push((await this.#typescript.trace(file)).fingerprint);
    // Without a file in Python none is started.
    if (code.some((file) => file.endsWith('.py')))
      traces.push(
        (await (await this.#pythonTracer(cell, python)).trace({ run: null, code, locks })).fingerprint,
      );
    else traces.push(await bytesOf([...code, ...locks], project, digests));
    const read: TracedFile[] = [];
    for (const file of new Set(traces.flatMap(({ files }) => Object.keys(files)))) {
      const path = resolve(project, file);
      const look = await digests.look(path, 'anywhere');
      if (look) read.push({ path, look });
    }
    return { code: together(traces), read };
  }

  /** What the trace of a cell's code looked at; null where a trace asks more of the machine than stats can tell. */
  observed({ run }: Cell): CodeObserved | null {
    return run.kind === 'module' && run.python === null ? this.#typescript.observed(run.file) : null;
  }

  /** Code that runs from where it stands was edited since it was traced: the next trace looks at all of it again. */
  forget(): void {
    for (const tracer of this.#python.values()) tracer.save();
    this.#python.clear();
  }

  save(): void {
    this.#typescript.save();
    for (const tracer of this.#python.values()) tracer.save();
  }

  async #pythonTracer(cell: Cell, { interpreter }: PythonDoc): Promise<PythonTracer> {
    const { project, layout, digests } = this.#options;
    const env = stageEnvironment(cell.env, this.#options.env, project);
    const name = JSON.stringify([interpreter, env]);
    const { PythonTracer } = await import('../trace/python/python-tracer.ts');
    const known = this.#python.get(name);
    if (known) return known;
    const tracer = new PythonTracer({ project, indexFolder: layout.index, digests, interpreter, env });
    this.#python.set(name, tracer);
    return tracer;
  }
}

/** The code of a command, and the files as they were looked at for it. */
export interface TracedFiles {
  readonly code: TracedCode;
  readonly read: readonly TracedFile[];
}

const javaScript = /\.[cm]?[jt]sx?$/;

/** Several traces as one. A file that two of them reach counts as each has it. */
function together(traces: readonly TracedCode[]): TracedCode {
  const [only] = traces;
  if (only && traces.length === 1) return only;
  const files: Record<string, Sha256> = {};
  for (const trace of traces)
    for (const [file, sha256] of Object.entries(trace.files)) {
      const other = files[file];
      files[file] = other === undefined || other === sha256 ? sha256 : sha256Of(`${other} ${sha256}`);
    }
  const bundle = sha256Of(traces.map((trace) => trace.bundle).join(' '));
  const merged = (of: (trace: TracedCode) => Readonly<Record<string, string>>) =>
    Object.assign({}, ...traces.map(of)) as Record<string, string>;
  return {
    bundle,
    files,
    importedBy: merged((trace) => trace.importedBy),
    parts: merged((trace) => trace.parts ?? {}),
    packages: merged((trace) => trace.packages),
  };
}

async function bytesOf(names: readonly string[], project: string, digests: Digests): Promise<TracedCode> {
  const files: Record<string, Sha256> = {};
  for (const name of names) {
    const look = await digests.look(join(project, name), 'anywhere');
    if (look) files[name] = look.sha256;
  }
  return { bundle: sha256Of(JSON.stringify(files)), files, importedBy: {}, packages: {} };
}

/** The files that globs name, in a fixed order, relative to the project. A glob that names none is a mistake. */
async function namedFiles(
  key: string,
  globs: readonly string[],
  project: string,
  at: Cell['run']['at'],
): Promise<readonly string[]> {
  if (globs.length === 0) return [];
  const { glob } = await import('tinyglobby');
  const files = new Set<string>();
  for (const pattern of globs) {
    const ignore = ['**/node_modules/**', '**/__pycache__/**', 'cache/**'];
    const found = await glob(pattern, { cwd: project, ignore, dot: true, expandDirectories: false });
    if (found.length === 0) {
      const message = `\`${key}\`: no file is called \`${pattern}\``;
      throw new CodeError([{ severity: 'error', rule: `python-${key}`, message, at }]);
    }
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}
