/** One cell from its lock to its published outs: attempts, retries, and what each end is called. */

import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { attemptOf } from '../cell/attempt.ts';
import type { Obstacle } from '../cell/cell-status.ts';
import type { CellTransaction } from '../cell/transaction.ts';
import type { BeginResult, Workspace } from '../cell/workspace.ts';
import type { Lease } from '../exec/capacity.ts';
import type { Ended, Executor, Running } from '../exec/executor.ts';
import { clearAttempt, writeAttempt } from '../job/attempt-files.ts';
import type { StageEvent } from '../job/job.ts';
import { secretsOf } from '../job/mask.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import { folderOf, layoutOf } from '../store/layout.ts';
import type { MadeWith } from '../store/made-with.ts';
import { cellError, endedError, mayPass } from './cell-error.ts';
import type { CellError, RunId } from './event.ts';
import type { Say, UnstampedEvent } from './event-stream.ts';
import type { Stopper } from './interrupt.ts';
import { withKnownCode } from './known-code.ts';
import type { RunFolder } from './run-folder.ts';
import type { Fate } from './scheduler.ts';

export interface CellContext {
  readonly run: RunId;
  readonly madeWith: MadeWith;
  readonly project: string;
  readonly workspace: Workspace;
  readonly executor: Executor;
  readonly folder: RunFolder;
  readonly stopper: Stopper;
  readonly env: NodeJS.ProcessEnv;
  readonly noCache: boolean;
  readonly say: Say;
  /** Milliseconds to wait before the attempt after `attempt`. */
  backOffMs(attempt: number): number;
}

export interface CellTask {
  readonly cell: Cell;
  readonly without: ReadonlySet<CellId>;
  readonly lease: Lease;
  readonly force: boolean;
  /** Wait for a lock that another run holds. */
  readonly patient: boolean;
}

export async function runCell(context: CellContext, task: CellTask): Promise<Fate> {
  const { cell } = task;
  const { say, stopper } = context;
  const started = performance.now();
  const fail = (error: CellError, log: string | null = null): Fate => {
    say({ type: 'cell-failed', cell: cell.id, error, ms: Math.round(performance.now() - started), log });
    return 'failed';
  };
  const cancel = (): Fate => {
    say({ type: 'cell-not-run', cell: cell.id, state: 'cancelled', cause: null });
    return 'cancelled';
  };
  let work: CellTransaction | undefined;
  try {
    const begun = await beginOrLeave(context, task);
    if (begun === 'held') return stopper.signal.aborted ? cancel() : 'held';
    if (begun.kind === 'blocked') return fail(obstacleError(begun.obstacles));
    for (const text of begun.warnings) say({ type: 'warning', text: `${cell.id}: ${text}` });
    if (begun.kind !== 'run') {
      say({ type: 'cell-cached', cell: cell.id, key: begun.key, how: begun.kind, savedMs: begun.savedMs });
      return 'in-place';
    }
    work = begun;
    say({
      type: 'cell-ready',
      cell: cell.id,
      reasons: work.reasons,
      expectedMs: context.workspace.expectedMs(cell.id),
    });
    for (let attempt = 1; ; attempt++) {
      const tried = await tryOnce(context, task, work, attempt);
      if (tried.ended.kind === 'ok') {
        const held = work;
        work = undefined;
        return await publish(context, task, held, { tried, fail });
      }
      if (stopper.signal.aborted) return cancel();
      const error = endedError(tried.ended, tried.log);
      if (attempt > cell.retries || !mayPass(tried.ended))
        return fail(error, context.folder.shown(tried.log));
      const inMs = context.backOffMs(attempt);
      say({ type: 'cell-retry', cell: cell.id, attempt: attempt + 1, error, inMs });
      try {
        await sleep(inMs, undefined, { signal: stopper.signal });
      } catch {
        return cancel();
      }
    }
  } catch (error) {
    return fail(storageError(error));
  } finally {
    await work?.abandon();
  }
}

/** `held`: another run is at work on it, and this one has something better to do than wait, or is to stop. */
async function beginOrLeave(context: CellContext, task: CellTask): Promise<BeginResult | 'held'> {
  const leave = new AbortController();
  const signal = AbortSignal.any([leave.signal, context.stopper.signal]);
  try {
    return await context.workspace.begin(task.cell.id, {
      run: context.run,
      madeWith: context.madeWith,
      force: task.force,
      noCache: context.noCache,
      without: task.without,
      signal,
      onRestore: (progress, reasons) =>
        context.say({ type: 'cell-restoring', cell: task.cell.id, ...progress, reasons }),
      onWait: (holder) => {
        if (task.patient) context.say({ type: 'cell-waiting-lock', cell: task.cell.id, holder });
        else leave.abort();
      },
    });
  } catch (error) {
    if (signal.aborted) return 'held';
    throw error;
  }
}

interface Tried {
  readonly ended: Ended;
  readonly log: string;
  readonly ms: number;
}

async function tryOnce(
  context: CellContext,
  task: CellTask,
  work: CellTransaction,
  number: number,
): Promise<Tried> {
  const { cell, lease } = task;
  const { say, stopper, folder } = context;
  const outs = await work.stage();
  const attempt = attemptOf(cell, work, {
    folder: folder.attempt(cell.id, number),
    outs,
    checkpoint: work.checkpoint,
    gpus: lease.gpus,
    project: context.project,
    env: context.env,
    ...secretEvents(context, cell),
  });
  try {
    writeAttempt(attempt);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ended: { kind: 'launch', message }, log: attempt.log, ms: 0 };
  }
  const started = performance.now();
  const running = await context.executor.start(attempt, (event) => say(runEvent(cell.id, number, event)));
  say({
    type: 'cell-started',
    cell: cell.id,
    key: work.key,
    attempt: number,
    gpus: lease.gpus,
    pid: running.pid,
    log: folder.shown(attempt.log),
  });
  stopper.add(running);
  const ended = withKnownCode(await endedWell(running, cell, stopper), attempt, work.reads);
  stopper.delete(running);
  if (attempt.secrets.length > 0) rmSync(dirname(attempt.job.events), { recursive: true, force: true });
  return { ended, log: attempt.log, ms: Math.round(performance.now() - started) };
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
async function endedWell(running: Running, cell: Cell, stopper: Stopper): Promise<Ended> {
  const ended = await running.ended;
  const mayStopHalfway = cell.run.kind === 'command' || cell.run.python !== null;
  const doubtful = ended.kind === 'ok' && mayStopHalfway && stopper.signal.aborted;
  return doubtful ? { kind: 'signal', signal: 'SIGINT' } : ended;
}

async function publish(
  context: CellContext,
  { cell, lease }: CellTask,
  work: CellTransaction,
  { tried, fail }: { readonly tried: Tried; readonly fail: (error: CellError, log: string | null) => Fate },
): Promise<Fate> {
  const { say } = context;
  const published = await work.publish({ ms: tried.ms, onGuarded: lease.release });
  const log = context.folder.shown(tried.log);
  switch (published.kind) {
    case 'published':
      clearAttempt({ folder: dirname(tried.log) });
      for (const text of published.warnings) say({ type: 'warning', text: `${cell.id}: ${text}` });
      say({
        type: 'cell-finished',
        cell: cell.id,
        key: work.key,
        ms: tried.ms,
        outBytes: published.outBytes,
      });
      return 'in-place';
    case 'out-missing': {
      const names = published.names.map((name) => {
        const out = cell.outs.find((one) => one.name === name);
        return out ? `${name} (${out.path})` : name;
      });
      return fail(
        cellError('out-missing', `ended well, but did not write ${names.join(', ')}`, {
          log: tried.log,
          hint: 'write every declared out, or take it out of `outs`',
          details: { names: published.names },
        }),
        log,
      );
    }
    case 'out-refused':
      return fail(cellError('publish', published.message, { log: tried.log }), log);
    case 'dirty-inputs':
      return fail(
        cellError('dirty-inputs', `${published.paths.join(', ')} changed while the stage ran`, {
          hint: [
            `nothing was published; the outs are in ${context.folder.shown(published.aside)}`,
            ...published.notes,
            'Run it again',
          ].join('. '),
          details: { paths: published.paths, aside: context.folder.shown(published.aside) },
        }),
        log,
      );
    case 'lock-lost':
      return fail(cellError('publish', published.message), log);
  }
}

/** The first obstacle is the message; the others are in the details. */
export function obstacleError(obstacles: readonly Obstacle[]): CellError {
  const [first] = obstacles;
  const message = obstacles.map((obstacle) => obstacle.message).join('\n');
  const kind = first?.kind === 'source-missing' || first?.kind === 'dep-missing' ? 'dep-missing' : 'launch';
  return cellError(kind, message, {
    hint: first?.hint ?? null,
    details: { obstacles: obstacles.map(({ kind: what, message: text }) => ({ kind: what, message: text })) },
  });
}

/** A full disk, a read-only cache, a source that cannot be had: failures of this cell. Anything else is a bug. */
function storageError(error: unknown): CellError {
  if (error instanceof UserError) return cellError('publish', error.message, { hint: error.hint ?? null });
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
  const hints: Readonly<Record<string, string>> = {
    ENOSPC: 'free some space (`pipe cache gc` removes what nothing needs), then run again',
    EROFS: 'the cache folder must be writable',
    EACCES: 'the cache folder must be writable by you',
    EDQUOT: 'your disk quota is used up (`pipe cache gc` removes what nothing needs)',
  };
  return cellError('publish', error.message, {
    hint: hints[error.code] ?? null,
    details: { code: error.code },
  });
}
