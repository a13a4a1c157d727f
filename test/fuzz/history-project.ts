/** The project of a history: the engine itself runs it, in this process, with stages that are a function of what they read. */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Workspace } from '../../src/pipe/cell/workspace.ts';
import { gc, gcFlags } from '../../src/pipe/cli/cache-gc.ts';
import { jsonFlag, parseCommand, pipelineFlags } from '../../src/pipe/cli/command.ts';
import type { Executor } from '../../src/pipe/exec/executor.ts';
import type { Attempt } from '../../src/pipe/job/attempt.ts';
import { returnedFile } from '../../src/pipe/job/job.ts';
import { type OpenedPipeline, openPlan } from '../../src/pipe/project/open-plan.ts';
import type { RunEvent } from '../../src/pipe/run/event.ts';
import { runPipeline } from '../../src/pipe/run/run.ts';
import { removeLater, scratch } from './scratch.ts';
import { snapshot } from './tree.ts';

export interface RunHow {
  readonly profile?: string;
  readonly set?: readonly string[];
  /** Called in the middle of the first stage that runs. */
  readonly during?: () => void;
}

export interface Ran {
  /** Cells whose outs are right in place. */
  readonly good: ReadonlySet<string>;
  /** Cells that ran. */
  readonly ran: readonly string[];
  /** What was said of failures. */
  readonly said: readonly string[];
}

export class HistoryProject {
  readonly dir: string;
  /** By text and arguments: a plan is a function of them, and a history plans the same again and again. */
  readonly #plans: Map<string, OpenedPipeline>;

  constructor(plans = new Map<string, OpenedPipeline>()) {
    this.dir = mkdtempSync(join(scratch, 'pipe-history-'));
    this.#plans = plans;
  }

  remove(): void {
    removeLater(this.dir);
  }

  async #plan({ profile = null, set = [] }: Pick<RunHow, 'set'> & { readonly profile?: string | null } = {}) {
    const name = JSON.stringify([readFileSync(join(this.dir, 'pipeline.yaml'), 'utf8'), profile, set]);
    const opened = this.#plans.get(name) ?? (await openPlan(this.dir, { profile, set }));
    this.#plans.set(name, opened);
    return opened;
  }

  async run({ profile, set = [], during }: RunHow = {}): Promise<Ran> {
    const { graph, file, params } = await this.#plan({ profile: profile ?? null, set });
    const good = new Set<string>();
    const ran: string[] = [];
    const said: string[] = [];
    const env = { PATH: '/nowhere' };
    let middle = during;
    await runPipeline(
      {
        project: this.dir,
        pipeline: { graph, file, set, params },
        goal: { cells: graph.cells.keys(), targets: [], mode: 'keep-going', force: false, noCache: false },
        machine: { jobs: 2, gpus: null, env },
        open: () => new Workspace({ project: this.dir, graph, env, source: async () => null }),
        report: null,
        hooks: {
          signals: new EventEmitter() as unknown as Pick<NodeJS.Process, 'on' | 'off'>,
          backOffMs: () => 1,
          revision: null,
          executor: executor(() => {
            middle?.();
            middle = undefined;
          }),
        },
      },
      [
        (event: RunEvent) => {
          if (event.type === 'cell-finished') ran.push(event.cell);
          if (event.type === 'cell-finished' || event.type === 'cell-cached') good.add(event.cell);
          if (event.type === 'cell-failed')
            said.push(
              `${event.cell}: ${event.error.message} ${JSON.stringify(event.error.details)}`.slice(0, 400),
            );
        },
      ],
    );
    return { good, ran, said };
  }

  /** `pipe cache gc --yes`, as the command line does it. */
  async gc(...flags: readonly string[]): Promise<void> {
    const command = {
      name: 'gc',
      summary: '',
      usage: '',
      flags: { ...pipelineFlags, ...gcFlags, ...jsonFlag },
      examples: [],
      run: gc,
    };
    const silent = { write: () => true, isTTY: false } as unknown as NodeJS.WriteStream;
    const invocation = {
      project: this.dir,
      cwd: this.dir,
      argv: [],
      env: { PATH: '/nowhere' },
      stdout: silent,
      stderr: silent,
    };
    await gc(parseCommand(command, ['--yes', ...flags]), invocation);
  }

  /** Another project with what this one has, but for all that runs have made. */
  clean(): HistoryProject {
    const clean = new HistoryProject(this.#plans);
    copyTree(this.dir, clean.dir, new Set(['cache', 'placed', 'reports']));
    return clean;
  }

  /** Of every cell that is named, its outs in place and where they are placed. */
  async outs(cells: ReadonlySet<string>): Promise<Record<string, unknown>> {
    const { graph } = await this.#plan();
    const found: Record<string, unknown> = {};
    for (const cell of graph.cells.values()) {
      if (!cells.has(cell.id)) continue;
      const folder = cell.id.replace('[', '@').replace(']', '');
      for (const { name, path, place } of cell.outs) {
        found[`${cell.id}.${name}`] = snapshot(join(this.dir, 'cache/cells', folder, path));
        if (place !== null) found[`${cell.id}.${name} at ${place}`] = snapshot(join(this.dir, place));
      }
    }
    return found;
  }
}

/** Links as they are; a third of the time of `cpSync`. */
function copyTree(from: string, to: string, without: ReadonlySet<string>): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (without.has(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isDirectory()) {
      mkdirSync(target);
      copyTree(source, target, new Set());
    } else copyFileSync(source, target);
  }
}

/** Runs a stage in this process. What it makes depends on everything that it can see, and on nothing else. */
function executor(inTheMiddle: () => void): Executor {
  return {
    start: async (attempt) => ({
      pid: null,
      ended: (async () => {
        try {
          const text = textOf(attempt);
          inTheMiddle();
          // Others get their turn, as beside a real process.
          await new Promise((resolve) => setImmediate(resolve));
          write(attempt, text);
        } catch (error) {
          return { kind: 'launch' as const, message: String(error) };
        }
        return { kind: 'ok' as const };
      })(),
      stop: () => {},
    }),
    close: async () => {},
  };
}

function textOf({ job, run, env, project }: Attempt): string {
  const what = run.kind === 'command' ? run.command : saidByModule(job.module ?? '');
  const deps = Object.entries(job.deps)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, dep]) =>
      dep.kind === 'one'
        ? [name, shownPath(dep.path, project), snapshot(dep.path)]
        : [name, dep.planned, dep.items.map(({ path, axes }) => [axes, basename(path), snapshot(path)])],
    );
  const params = Object.entries(job.params).sort(([a], [b]) => (a < b ? -1 : 1));
  const seen = JSON.stringify([what, params, job.axes, deps, env.WORD ?? null]);
  const digest = createHash('sha256').update(seen).digest('hex');
  return what.startsWith('lossy') ? (digest < '8' ? 'low' : 'high') : digest;
}

/** A stage may tell the name of what it reads: below the project of a file there, the last one of an out. */
function shownPath(path: string, project: string): string {
  const inside = relative(project, path);
  return inside.startsWith('cache/') ? basename(path) : inside;
}

/** Runs a bundle that imports nothing; Node would keep every module that it imports for ever. */
function saidByModule(bundle: string): string {
  const text = readFileSync(bundle, 'utf8');
  const body = text.replace(/export\s*\{\s*([\w$]+) as default\s*\};?/, 'return $1;');
  if (body === text) throw new Error(`no default export in ${bundle}`);
  if (/^import /m.test(body)) throw new Error(`an import was left outside: ${body}`);
  return String(new Function(body)()());
}

function write({ job, folder }: Attempt, text: string): void {
  for (const path of Object.values(job.outs)) {
    mkdirSync(dirname(path), { recursive: true });
    if (path.endsWith('.txt')) writeFileSync(path, text);
    else {
      mkdirSync(join(path, 'empty'), { recursive: true });
      writeFileSync(join(path, text.slice(0, 2)), text);
    }
  }
  if (job.module !== null) writeFileSync(returnedFile(folder), '');
}
