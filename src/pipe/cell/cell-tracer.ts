/** Traces the code of a cell with the tracer of its language. Python's is loaded when the first cell in Python is looked at. */
import type { PythonDoc } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';
import { stageEnvironment } from '../job/environment.ts';
import type { Cell } from '../plan/graph.ts';
import type { Layout } from '../store/layout.ts';
import type { Observed } from '../trace/probes.ts';
import type { PythonTracer } from '../trace/python/python-tracer.ts';
import { CodeError, type TracedModule } from '../trace/tracer.ts';
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
    const also = await codeFiles(run.python, this.#options.project, run.at);
    return (await this.#pythonTracer(cell, run.python)).trace({ run: run.file, code: also, locks: [] });
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

/** The files under `code:`, in a fixed order, relative to the project. A glob that names none is a mistake. */
async function codeFiles(
  { code }: PythonDoc,
  project: string,
  at: Cell['run']['at'],
): Promise<readonly string[]> {
  if (code.length === 0) return [];
  const { glob } = await import('tinyglobby');
  const files = new Set<string>();
  for (const pattern of code) {
    const ignore = ['**/node_modules/**', '**/__pycache__/**', 'cache/**'];
    const found = await glob(pattern, { cwd: project, ignore, dot: false, expandDirectories: false });
    if (found.length === 0) {
      const message = `\`code\`: no file is called \`${pattern}\``;
      throw new CodeError([{ severity: 'error', rule: 'python-code', message, at }]);
    }
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}
