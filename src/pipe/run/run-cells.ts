/** The run of what is not up to date: resources, the record, signals, and the scheduler between them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { countText } from '../../lib/format.ts';
import { ignoreFolder } from '../../lib/ignored-folder.ts';
import { readRegularFile } from '../../lib/regular-file.ts';
import { defaultGrace } from '../exec/grace.ts';
import { shellWarning } from '../job/shell.ts';
import { unmentionedOuts } from '../plan/command.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import { layoutOf } from '../store/layout.ts';
import { boundRuns } from '../store/recorded-runs.ts';
import { registerSharer } from '../store/sharers.ts';
import type { CellContext } from './cell-context.ts';
import {
  announce,
  type CachedEvent,
  cachedEvent,
  cellOf,
  endOf,
  finish,
  type Run,
  writeReport,
} from './current-run.ts';
import type { Exchange } from './exchange.ts';
import { openExecutors, type RunExecutors } from './executors.ts';
import { Stopper } from './interrupt.ts';
import { runExitCode } from './recorded-end.ts';
import { planRecord, writePlanRecord } from './recorded-plan.ts';
import { obstacleError, runCell } from './run-cell.ts';
import { RunFolder } from './run-folder.ts';
import type { RunOutcome } from './run-options.ts';
import { writeRequest } from './run-request.ts';
import { Scheduler } from './scheduler.ts';

const heartbeatMs = 30_000;

/** `inPlace`: cells that need nothing. */
export async function runCells(run: Run, inPlace: ReadonlyMap<CellId, CachedEvent>): Promise<RunOutcome> {
  const { options, events, wanted } = run;
  const { graph } = options.pipeline;
  const needed = [...wanted].filter((id) => !inPlace.has(id)).map((id) => cellOf(graph, id));
  const grace = options.hooks?.grace ?? defaultGrace;
  const onNotice = (text: string) => events.say({ type: 'warning', text });
  const executors = await openExecutors(needed, { run: run.id, options, grace, onNotice });
  const warnings = [...executors.warnings, ...commandWarnings(needed)];
  const folder = new RunFolder(options.project, layoutOf(options.project).runs, run.id);
  ignoreFolder(layoutOf(options.project).root);
  events.recordIn(folder);
  await run.workspace.enter(run.id, {
    onWait: (holder) => onNotice(`waits to enter the cache, which ${holder} holds for a moment`),
  });
  if (options.request) writeRequest(folder.path, options.request);
  writePlanRecord(folder.path, planRecord(graph, options.pipeline.params, pipelineText(options)));
  const moved = registerSharer(options.project, options.pipeline.file);
  const stopper = new Stopper(grace);
  const heart = setInterval(() => events.say({ type: 'heartbeat' }), heartbeatMs);
  try {
    const given = options.hooks?.revision;
    const revision = given === undefined ? await revisionOf(options.project) : given;
    announce(run, executors.resources, revision);
    for (const text of [...warnings, ...moved]) events.say({ type: 'warning', text });
    for (const cached of inPlace.values()) events.say(cached);
    const exchange = await exchangeOf(run, stopper);
    const context = contextOf(run, { executors, folder, stopper, revision, exchange });
    const scheduler = schedulerOf(context, { run, inPlace, executors });
    let edited = false;
    options.hooks?.steer?.({
      stop(cancel) {
        if (!edited) events.say({ type: 'run-stopping', why: 'edit', signal: null });
        edited = true;
        scheduler.stop();
        stopper.cancel(cancel);
      },
    });
    const signal = await untilEnded(run, scheduler, { stopper, executors });
    return await end(run, edited ? (signal ?? 'edit') : signal, exchange);
  } finally {
    clearInterval(heart);
    stopper.killAll();
    stopper.close();
    await executors.close();
    folder.close();
    boundRuns(layoutOf(options.project));
  }
}

function contextOf(
  { id, options, events, workspace }: Run,
  tools: {
    readonly executors: RunExecutors;
    readonly folder: RunFolder;
    readonly stopper: Stopper;
    readonly revision: string | null;
    readonly exchange: Exchange | null;
  },
): CellContext {
  const { executors, folder, stopper, revision, exchange } = tools;
  const { graph, set, params } = options.pipeline;
  return {
    run: id,
    madeWith: { profile: graph.profile, set, params, revision },
    project: options.project,
    workspace,
    executors,
    folder,
    stopper,
    env: options.machine.env,
    noCache: options.goal.noCache,
    say: events.say,
    exchange,
    backOffMs: options.hooks?.backOffMs ?? ((attempt) => Math.min(60_000, 1000 * 4 ** (attempt - 1))),
  };
}

function schedulerOf(
  context: CellContext,
  {
    run,
    inPlace,
    executors,
  }: {
    readonly run: Run;
    readonly inPlace: ReadonlyMap<CellId, CachedEvent>;
    readonly executors: RunExecutors;
  },
): Scheduler {
  const { options, events, wanted, forced } = run;
  const { mode } = options.goal;
  return new Scheduler({
    graph: options.pipeline.graph,
    wanted,
    pool: executors.pools,
    // Each executor's own bound is in its pool.
    concurrency: Number.POSITIVE_INFINITY,
    executorOf: executors.nameOf,
    mode,
    expectedMs: expectation(run, inPlace),
    look: async (cell, without) => {
      if (inPlace.has(cell.id)) return 'in-place';
      return forced.has(cell.id) ? 'work' : lookAt(context, cell, without);
    },
    execute: (cell, without, lease, patient) =>
      runCell(context, { cell, without, lease, patient, force: forced.has(cell.id) }),
    notRun: (cell, cause) =>
      events.say({
        type: 'cell-not-run',
        cell: cell.id,
        state: cause === null ? 'cancelled' : 'blocked',
        cause,
      }),
    onStop: () => {
      events.say({ type: 'run-stopping', why: 'failure', signal: null });
      if (mode === 'fail-fast') context.stopper.escalate();
    },
  });
}

/** Milliseconds that a cell is expected to take. It is asked for twice, and each time a file would be read. */
function expectation(
  { workspace }: Run,
  inPlace: ReadonlyMap<CellId, CachedEvent>,
): (id: CellId) => number | null {
  const expected = new Map<CellId, number | null>();
  return (id) => {
    if (inPlace.has(id)) return 0;
    const known = expected.get(id);
    if (known !== undefined) return known;
    const ms = workspace.expectedMs(id);
    expected.set(id, ms);
    return ms;
  };
}

/** What is to be done about a cell whose upstream is done; said, where that is nothing. */
async function lookAt(
  { workspace, noCache, exchange, stopper, say }: CellContext,
  cell: Cell,
  without: ReadonlySet<CellId>,
): Promise<'in-place' | 'failed' | 'work'> {
  const status = await workspace.look(cell.id, { without, fetch: true });
  if (status.state === 'stale' && !noCache && (await exchange?.take(cell, status.key))) return 'work';
  // Such as a download that the stop ended: nothing failed.
  if (stopper.signal.aborted) return 'work';
  if (status.state === 'blocked') {
    const error = obstacleError(status.obstacles);
    say({ type: 'cell-failed', cell: cell.id, error, ms: 0, log: null });
    return 'failed';
  }
  const cached = cachedEvent(cell.id, status);
  if (cached) say(cached);
  return cached ? 'in-place' : 'work';
}

/** Waits until nothing runs any more. The signal that ended the run; null: none did. */
async function untilEnded(
  run: Run,
  scheduler: Scheduler,
  { stopper, executors }: { readonly stopper: Stopper; readonly executors: RunExecutors },
): Promise<NodeJS.Signals | null> {
  let interrupted: NodeJS.Signals | null = null;
  let count = 0;
  const onSignal = async (signal: NodeJS.Signals) => {
    count++;
    if (count === 1) {
      interrupted = signal;
      scheduler.stop();
      run.events.say({ type: 'run-stopping', why: 'signal', signal });
      const leave = executors.underWay() > 0 && (await leaves(run, signal));
      // A second signal came before the answer, and has stopped everything.
      if (count > 1) return;
      if (leave) {
        const text = `${countText(executors.leave(), 'cell')} in queues go on: pipe attach ${run.id}`;
        run.events.say({ type: 'warning', text });
      }
    }
    stopper.escalate();
  };
  const signals = run.options.hooks?.signals ?? process;
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) signals.on(name, onSignal);
  try {
    await scheduler.ended;
    return interrupted;
  } finally {
    for (const name of names) signals.off(name, onSignal);
  }
}

/** Whether jobs go on without this process: as the user says, and when nobody is there to ask, only on a hang-up. */
async function leaves({ options }: Run, signal: NodeJS.Signals): Promise<boolean> {
  return (await options.hooks?.leaves?.(signal)) ?? signal === 'SIGHUP';
}

/** Null: results are not shared. Loaded only where they are. @throws UserError for keys that cannot be used */
async function exchangeOf(
  { id, options, workspace, events }: Run,
  stopper: Stopper,
): Promise<Exchange | null> {
  const { remote, project, pipeline, hooks } = options;
  if (!remote) return null;
  const [{ openRemote }, { Exchange }] = await Promise.all([
    import('../remote/open-remote.ts'),
    import('./exchange.ts'),
  ]);
  const { name, readOnly } = remote;
  const { say } = events;
  const open = await openRemote(remote, {
    layout: layoutOf(project, pipeline.file),
    digests: workspace.digests,
    run: id,
    warn: (text) => say({ type: 'warning', text }),
    onMoved: (direction, { bytes, expected }) =>
      say({ type: 'remote-progress', remote: name, direction, done: bytes, total: expected }),
    bearing: hooks?.bearing,
  });
  return new Exchange({ open, readOnly, workspace, say, signal: stopper.signal });
}

async function end(
  run: Run,
  signal: NodeJS.Signals | 'edit' | null,
  exchange: Exchange | null,
): Promise<RunOutcome> {
  const failed = run.events.state.failed > 0;
  const outcome = signal !== null ? 'interrupted' : failed ? 'failed' : 'done';
  const code = runExitCode(outcome, signal);
  const report = await writeReport(run, endOf(run, outcome));
  await exchange?.settle();
  return finish(run, outcome, code, report);
}

/** As it is now, which is what was planned but for an edit in this very moment. Null: it is not there any more. */
function pipelineText({ project, pipeline }: Run['options']): string | null {
  try {
    return readRegularFile(join(project, pipeline.file)).toString('utf8');
  } catch {
    return null;
  }
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

/** What is to be said of commands once per run. */
function commandWarnings(cells: readonly Cell[]): readonly string[] {
  const shells = cells.flatMap(({ run }) => (run.kind === 'command' ? [run.shell] : []));
  const warning = shellWarning(shells);
  return [...(warning === null ? [] : [warning]), ...unmentionedOuts(cells)];
}
