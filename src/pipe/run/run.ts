/** A run: looks at every cell that is wanted, runs what is not up to date, and tells its subscribers everything. */
import { execFile } from 'node:child_process';
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Workspace } from '../cell/work.ts';
import type { Executor } from '../exec/executor.ts';
import { defaultGrace, type Grace } from '../exec/grace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { withUpstream } from '../plan/target.ts';
import { layoutOf } from '../store/layout.ts';
import { version } from '../version.ts';
import { Counter } from './counter.ts';
import type { RunEvent, RunId, Subscriber } from './event.ts';
import { Stopper } from './interrupt.ts';
import { type CellContext, obstacleError, runCell, type Say } from './run-cell.ts';
import { newRunId, RunFolder } from './run-folder.ts';
import type { FailureMode } from './scheduler.ts';

export interface RunOptions {
  /** Absolute path of the project folder. */
  readonly project: string;
  readonly graph: Graph;
  /** Path of the pipeline file, relative to the project. */
  readonly pipeline: string;
  /** The cells to bring up to date; what they need is added. */
  readonly cells: Iterable<CellId>;
  /** As they were typed, for the record. */
  readonly targets: readonly string[];
  /** --set arguments that the plan was made with, for the record. */
  readonly set?: readonly string[];
  /** The pipeline's params that the plan was made with, for the record. */
  readonly params?: JsonObject;
  readonly mode: FailureMode;
  /** Run `cells` even when they are up to date (not what they need). */
  readonly force: boolean;
  readonly noCache: boolean;
  /** -j: processors the run may take; null: all. */
  readonly jobs: number | null;
  /** --gpus; null: all that may be used. */
  readonly gpus: readonly number[] | null;
  /** The caller's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly workspace: Workspace;
  /** Writes the report when something ran; null: no report. Its failure is a warning. */
  readonly report:
    | ((end: RunEnd) => Promise<{ readonly page: string; readonly warnings: readonly string[] }>)
    | null;
  /** Where SIGINT, SIGTERM and SIGHUP come from. */
  readonly signals?: Pick<NodeJS.Process, 'on' | 'off'>;
  readonly executor?: Executor;
  readonly grace?: Grace;
  readonly backOffMs?: (attempt: number) => number;
}

export interface RunEnd {
  readonly outcome: 'done' | 'up-to-date' | 'failed' | 'interrupted';
  readonly ms: number;
  readonly savedMs: number;
}

export interface RunOutcome extends RunEnd {
  readonly run: RunId;
  readonly exitCode: number;
  readonly report: string | null;
}

const heartbeatMs = 30_000;

/**
 * Never leaves a process of its own behind. The workspace stays open: the caller closes it.
 * @throws UserError when a cell asks for more than this machine has, before anything ran
 */
export async function runPipeline(
  options: RunOptions,
  subscribers: readonly Subscriber[],
): Promise<RunOutcome> {
  const { graph, workspace } = options;
  const started = performance.now();
  const run = newRunId(new Date());
  const chosen = new Set(options.cells);
  const wanted = withUpstream(graph, chosen);
  const forced = options.force ? chosen : new Set<CellId>();
  const counter = new Counter(wanted);
  const listeners: Subscriber[] = [counter.take, ...subscribers];
  const say: Say = (event) => {
    // The stamp first: a line of the event file reads better from the left.
    const stamped = { time: new Date().toISOString(), ...event } as RunEvent;
    for (const listener of listeners) listener(stamped);
  };
  const start = (resources: Readonly<Record<string, number>>, revision: string | null) =>
    say({
      type: 'run-started',
      run,
      pipeline: options.pipeline,
      profile: graph.profile,
      set: options.set ?? [],
      targets: options.targets,
      version,
      revision,
      cells: [...wanted].map((id) => {
        const { stage, axes } = cellOf(graph, id);
        return { id, stage, axes };
      }),
      resources,
    });
  const finish = (outcome: RunEnd['outcome'], code: number, report: string | null): RunOutcome => {
    const end = { outcome, ms: Math.round(performance.now() - started), savedMs: counter.savedMs };
    say({ type: 'run-finished', run, counts: counter.counts(), report, ...end });
    return { run, exitCode: code, report, ...end };
  };

  const idle = await lookAtAll(options, wanted, forced);
  if (idle.size === wanted.size) {
    // Nothing to do: nothing is loaded, nothing is written, the report stays as it is.
    start({}, null);
    for (const cached of idle.values()) say(cached);
    return finish('up-to-date', exitCode.ok, null);
  }

  const { machineCapacity, checkDemand, ResourcePool } = await import('../exec/capacity.ts');
  const needed = [...wanted].filter((id) => !idle.has(id)).map((id) => cellOf(graph, id));
  const capacity = machineCapacity(await gpusFor(needed, options), graph.resources, options.jobs);
  const warnings = checkDemand(needed, capacity);
  const { localExecutor } = await import('../exec/local.ts');
  const grace = options.grace ?? defaultGrace;
  const executor = options.executor ?? localExecutor(grace);
  const folder = new RunFolder(options.project, layoutOf(options.project).runs, run);
  const [{ registerSharer }, { boundRuns }] = await Promise.all([
    import('../store/sharers.ts'),
    import('../store/recorded-runs.ts'),
  ]);
  registerSharer(options.project, options.pipeline);
  const stopper = new Stopper(grace);
  listeners.splice(1, 0, (event) => {
    const problem = folder.write(event);
    if (problem !== null) say({ type: 'warning', text: problem });
  });
  const heart = setInterval(() => say({ type: 'heartbeat' }), heartbeatMs);
  let interrupted: string | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (interrupted === null) {
      interrupted = signal;
      plan.stop();
      say({ type: 'run-stopping', why: 'signal', signal });
    }
    stopper.escalate();
  };
  const revision = await revisionOf(options.project);
  const context: CellContext = {
    run,
    madeWith: { profile: graph.profile, set: options.set ?? [], params: options.params ?? {}, revision },
    project: options.project,
    workspace,
    executor,
    folder,
    stopper,
    env: options.env,
    noCache: options.noCache,
    say,
    backOffMs: options.backOffMs ?? ((attempt) => Math.min(60_000, 1000 * 4 ** (attempt - 1))),
  };
  start(
    { cpu: capacity.cpu, memory: capacity.memory, gpu: capacity.gpus.length, ...capacity.named },
    revision,
  );
  for (const text of warnings) say({ type: 'warning', text });
  for (const cached of idle.values()) say(cached);

  const { Scheduler } = await import('./scheduler.ts');
  const plan = new Scheduler({
    graph,
    wanted,
    pool: new ResourcePool(capacity),
    concurrency: Math.max(1, options.jobs ?? capacity.cpu),
    mode: options.mode,
    expectedMs: (id) => (idle.has(id) ? 0 : workspace.expectedMs(id)),
    look: async (cell, without) => {
      if (idle.has(cell.id)) return 'in-place';
      if (forced.has(cell.id)) return 'work';
      const status = await workspace.look(cell.id, { without, fetch: true });
      if (status.state === 'blocked') {
        say({ type: 'cell-failed', cell: cell.id, error: obstacleError(status.obstacles), ms: 0, log: null });
        return 'failed';
      }
      const cached = cachedEvent(cell.id, status);
      if (cached) say(cached);
      return cached ? 'in-place' : 'work';
    },
    execute: (cell, without, lease, patient) =>
      runCell(context, { cell, without, lease, patient, force: forced.has(cell.id) }),
    notRun: (cell, cause) =>
      say({ type: 'cell-not-run', cell: cell.id, state: cause === null ? 'cancelled' : 'blocked', cause }),
    onStop: () => {
      say({ type: 'run-stopping', why: 'failure', signal: null });
      if (options.mode === 'fail-fast') stopper.escalate();
    },
  });
  const signals = options.signals ?? process;
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) signals.on(name, onSignal);
  try {
    await plan.ended;
    const outcome = interrupted !== null ? 'interrupted' : counter.failed > 0 ? 'failed' : 'done';
    const code =
      interrupted === null
        ? outcome === 'failed'
          ? exitCode.failed
          : exitCode.ok
        : interrupted === 'SIGINT'
          ? exitCode.interrupted
          : exitCode.terminated;
    const report = await writeReport(
      options,
      { outcome, ms: Math.round(performance.now() - started), savedMs: counter.savedMs },
      say,
    );
    return finish(outcome, code, report);
  } finally {
    clearInterval(heart);
    for (const name of names) signals.off(name, onSignal);
    stopper.killAll();
    stopper.close();
    await executor.close();
    folder.close();
    boundRuns(layoutOf(options.project));
  }
}

type Cached = Parameters<Say>[0] & { type: 'cell-cached' };

/** Cells that need nothing at all: neither they nor what they need. */
async function lookAtAll(
  { workspace }: RunOptions,
  wanted: ReadonlySet<CellId>,
  forced: ReadonlySet<CellId>,
): Promise<ReadonlyMap<CellId, Cached>> {
  const idle = new Map<CellId, Cached>();
  for (const id of wanted) {
    const status = await workspace.look(id);
    const cached = forced.has(id) ? null : cachedEvent(id, status);
    if (cached) idle.set(id, cached);
  }
  return idle;
}

function cachedEvent(cell: CellId, status: Awaited<ReturnType<Workspace['look']>>): Cached | null {
  if (status.state !== 'up-to-date' && status.state !== 'frozen') return null;
  return {
    type: 'cell-cached',
    cell,
    key: status.key ?? ('frozen' as Key),
    how: status.state,
    savedMs: status.ms,
  };
}

async function gpusFor(cells: readonly Cell[], options: RunOptions): Promise<readonly number[]> {
  if (options.gpus === null && cells.every((cell) => cell.resources.gpu === 0)) return [];
  const { probeGpus, usableGpus } = await import('../exec/gpu.ts');
  return usableGpus(await probeGpus(), options.env.CUDA_VISIBLE_DEVICES, options.gpus);
}

/** What `git describe` says; null outside a repository. */
function revisionOf(project: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(
      'git',
      ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'],
      { cwd: project, timeout: 10_000 },
      (error, stdout) => resolve(error ? null : stdout.trim() || null),
    );
  });
}

async function writeReport(options: RunOptions, end: RunEnd, say: Say): Promise<string | null> {
  if (options.report === null) return null;
  try {
    const { page, warnings } = await options.report(end);
    for (const text of warnings) say({ type: 'warning', text });
    return page;
  } catch (error) {
    say({
      type: 'warning',
      text: `the report could not be written: ${error instanceof Error ? error.message : String(error)}`,
    });
    return null;
  }
}

function cellOf(graph: Graph, id: CellId): Cell {
  const cell = graph.cells.get(id);
  if (!cell) throw new Error(`${id} is not in the graph`);
  return cell;
}
