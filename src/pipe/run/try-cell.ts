/** One attempt of a cell: frozen, handed to its executor, followed to its end. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attemptOf } from '../cell/attempt.ts';
import type { CellTransaction } from '../cell/transaction.ts';
import type { Ended, Executor, Running } from '../exec/executor.ts';
import type { Usage } from '../exec/usage.ts';
import type { Attempt } from '../job/attempt.ts';
import { writeAttempt } from '../job/attempt-files.ts';
import type { StageEvent } from '../job/job.ts';
import { secretsOf } from '../job/mask.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import { folderOf, layoutOf } from '../store/layout.ts';
import type { OpenJob } from '../store/open-jobs.ts';
import type { CellContext, CellTask } from './cell-context.ts';
import type { UnstampedEvent } from './event-stream.ts';
import { withKnownCode } from './known-code.ts';

export interface Tried {
  /** In the folder of attempts. */
  readonly number: number;
  readonly ended: Ended;
  readonly log: string;
  readonly ms: number;
  readonly usage: Usage | null;
  /** To be closed when the cell is published or given up; undefined: it never started. */
  readonly running: Running | undefined;
}

export interface OneTry {
  /** Of a queue, which an earlier driver submitted, and with which to go on; null: a new attempt. */
  readonly job: OpenJob | null;
  /** How often the cell ran out of memory. */
  readonly memoryStep: number;
}

interface Begun {
  readonly number: number;
  readonly log: string;
  readonly running: Running;
  /** Absolute, of the attempt. */
  readonly folder: string;
  /** Folder of the event file of a stage that knows a secret. */
  readonly secret: string | null;
}

export async function tryOnce(
  context: CellContext,
  task: CellTask,
  work: CellTransaction,
  one: OneTry,
): Promise<Tried> {
  const { cell } = task;
  const { stopper } = context;
  const started = performance.now();
  const begun = await beginInTurn(context, task, work, one);
  if ('ended' in begun) return { ...begun, ms: 0, usage: null, running: undefined };
  const { number, log, running, folder, secret } = begun;
  const starts = said(context, task, work, begun);
  stopper.add(running, cell.id);
  const well = await endedWell(running, cell, context);
  const ended = withKnownCode(well, { folder, run: cell.run, project: context.project }, work.reads);
  await starts;
  stopper.delete(running);
  if (secret !== null && ended.kind !== 'left') rmSync(secret, { recursive: true, force: true });
  const ms = running.wallMs?.() ?? Math.round(performance.now() - started);
  return { number, ended, log, ms, usage: running.usage?.() ?? null, running };
}

/** A queue says when it wants another attempt. */
async function beginInTurn(
  context: CellContext,
  task: CellTask,
  work: CellTransaction,
  one: OneTry,
): ReturnType<typeof begin> {
  const through = one.job === null ? await context.executors.of(task.cell).room?.() : undefined;
  try {
    if (through !== undefined && context.stopper.signal.aborted)
      return { number: 0, ended: { kind: 'signal', signal: 'SIGINT' }, log: '' };
    return await begin(context, task, work, one);
  } finally {
    through?.();
  }
}

async function begin(
  context: CellContext,
  task: CellTask,
  work: CellTransaction,
  { job, memoryStep }: OneTry,
): Promise<Begun | Pick<Tried, 'number' | 'ended' | 'log'>> {
  const { cell, lease } = task;
  const { say, folder } = context;
  const executor = context.executors.of(cell);
  if (job !== null) {
    const number = job.attempt;
    const running = context.executors.adopt(job, (event) => say(runEvent(cell.id, number, event)));
    return { number, log: join(job.folder, 'log.txt'), running, folder: job.folder, secret: null };
  }
  const number = folder.nextAttempt(cell.id);
  const outs = await work.stage();
  const attempt = attemptOf(cell, work, {
    folder: folder.attempt(cell.id, number),
    outs,
    checkpoint: work.checkpoint,
    gpus: lease.gpus,
    memoryStep,
    project: context.project,
    env: context.env,
    ...secretEvents(context, cell),
  });
  try {
    writeAttempt(attempt);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { number, ended: { kind: 'launch', message }, log: attempt.log };
  }
  const running = await start(executor, attempt, { work, number, say });
  const secret = attempt.secrets.length > 0 ? dirname(attempt.job.events) : null;
  return { number, log: attempt.log, running, folder: attempt.folder, secret };
}

function start(
  executor: Executor,
  attempt: Attempt,
  {
    work,
    number,
    say,
  }: { readonly work: CellTransaction; readonly number: number } & Pick<CellContext, 'say'>,
): Promise<Running> {
  const { id } = attempt.asks;
  return executor.start(
    attempt,
    (event) => say(runEvent(id, number, event)),
    () => ({ cell: id, attempt: number, ...work.record() }),
  );
}

/** Says that the cell waits in a queue and, when a host has begun it, that it runs. */
async function said(
  { say, folder, executors }: CellContext,
  { cell, lease }: CellTask,
  work: CellTransaction,
  { number, log, running }: Begun,
): Promise<void> {
  const { begun, pid } = running;
  const started = {
    type: 'cell-started',
    cell: cell.id,
    key: work.key,
    attempt: number,
    log: folder.shown(log),
  } as const;
  if (begun === undefined) {
    say({ ...started, gpus: lease.gpus, pid });
    return;
  }
  const executor = work.job?.executor ?? executors.nameOf(cell);
  const found = work.job?.attempt === number;
  say({ type: 'cell-queued', cell: cell.id, key: work.key, attempt: number, executor, found });
  const host = await begun;
  if (host !== null) say({ ...started, gpus: host.gpus, pid, executor, host: host.name });
}

/**
 * A stage that knows a secret may write it into its event file, which nobody masks while it is written: it lies among
 * what is staged, which whoever takes the cell over removes, and goes when the attempt ends.
 */
function secretEvents(context: CellContext, cell: Cell): { readonly events?: string } {
  if (secretsOf(cell.env, context.env).length === 0) return {};
  const staged = join(layoutOf(context.project).staging, folderOf(cell.id));
  return { events: join(staged, `${context.run}-events`, 'events.jsonl') };
}

/** What a stage reported, as an event of the run. */
function runEvent(cell: CellId, attempt: number, { at, ...event }: StageEvent): UnstampedEvent {
  const said = { attempt, at: at ?? new Date().toISOString() };
  switch (event.type) {
    case 'progress':
      return { ...event, type: 'cell-progress', cell };
    case 'metric':
      return { ...event, type: 'cell-metric', cell, ...said };
    case 'message':
      return { ...event, type: 'cell-message', cell, ...said };
  }
}

/**
 * A command that was interrupted and still ends with 0 may have left half an out behind (many programs do), so it does
 * not count. Nor does Python, where a library may have caught the signal. A module's host answers only for what it finished.
 */
async function endedWell(running: Running, cell: Cell, { stopper }: CellContext): Promise<Ended> {
  const ended = await running.ended;
  const mayStopHalfway = cell.run.kind === 'command' || cell.run.python !== null;
  const stopped = stopper.signal.aborted || stopper.isCancelled(cell.id);
  const doubtful = ended.kind === 'ok' && mayStopHalfway && stopped;
  return doubtful ? { kind: 'signal', signal: 'SIGINT' } : ended;
}
