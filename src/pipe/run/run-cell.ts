/** One cell from its lock to its published outs: attempts, retries, and what each end is called. */

import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { BeginResult } from '../cell/begin.ts';
import type { Obstacle } from '../cell/cell-status.ts';
import type { CellTransaction } from '../cell/transaction.ts';
import type { Running } from '../exec/executor.ts';
import { clearAttempt } from '../job/attempt-files.ts';
import type { Cell } from '../plan/graph.ts';
import type { CellContext, CellTask } from './cell-context.ts';
import { cellError, endedError } from './cell-error.ts';
import type { CellError } from './event.ts';
import type { Fate } from './scheduler.ts';
import { Tries } from './tries.ts';
import { type Tried, tryOnce } from './try-cell.ts';

export async function runCell(context: CellContext, task: CellTask): Promise<Fate> {
  const { cell } = task;
  const { say, stopper } = context;
  const { fail, cancel } = unhappyEnds(context, cell);
  let work: CellTransaction | undefined;
  let running: Running | undefined;
  try {
    const begun = await beginOrLeave(context, task);
    if (begun === 'held') return stopper.signal.aborted ? cancel() : 'held';
    await discardOthers(context, cell, begun);
    if (begun.kind === 'blocked') return fail(obstacleError(begun.obstacles));
    for (const text of begun.warnings) say({ type: 'warning', text: `${cell.id}: ${text}` });
    if (begun.kind !== 'run') return cached(context, cell, begun);
    work = begun;
    const expectedMs = context.workspace.expectedMs(cell.id);
    say({ type: 'cell-ready', cell: cell.id, reasons: work.reasons, expectedMs });
    const tries = new Tries(cell, work.job?.memoryStep ?? 0);
    for (let job = work.job; ; job = null) {
      const tried = await tryOnce(context, task, work, { job, memoryStep: tries.memoryStep });
      running = tried.running;
      if (tried.ended.kind === 'ok') {
        const held = work;
        work = undefined;
        return await publish(context, task, held, { tried, fail });
      }
      if (tried.ended.kind === 'left') {
        work.leave();
        [work, running] = [undefined, undefined];
        return cancel();
      }
      if (stopper.signal.aborted || stopper.isCancelled(cell.id)) return cancel();
      const error = endedError(tried.ended, tried.log);
      const next = tries.next(tried.ended, context.backOffMs);
      if (next === null) return fail(error, context.folder.shown(tried.log));
      running?.close?.();
      running = undefined;
      say({ type: 'cell-retry', cell: cell.id, attempt: tried.number + 1, error, inMs: next.inMs });
      if (await isStoppedWithin(next.inMs, stopper.signal)) return cancel();
    }
  } catch (error) {
    return fail(storageError(error));
  } finally {
    await work?.abandon();
    running?.close?.();
  }
}

/** How a cell ends that makes nothing. */
interface UnhappyEnds {
  readonly fail: (error: CellError, log?: string | null) => Fate;
  readonly cancel: () => Fate;
}

function unhappyEnds({ say }: CellContext, { id }: Cell): UnhappyEnds {
  const started = performance.now();
  return {
    fail: (error, log = null) => {
      say({ type: 'cell-failed', cell: id, error, ms: Math.round(performance.now() - started), log });
      return 'failed';
    },
    cancel: () => {
      say({ type: 'cell-not-run', cell: id, state: 'cancelled', cause: null });
      return 'cancelled';
    },
  };
}

/** Nothing is left to do for it. */
function cached(
  { say, exchange }: CellContext,
  { id }: Cell,
  { kind: how, key, savedMs }: Extract<BeginResult, { readonly savedMs: number }>,
): Fate {
  const from = how === 'restored' ? exchange?.originOf(id) : null;
  say({ type: 'cell-cached', cell: id, key, how, savedMs, ...(from ? { from } : {}) });
  return 'in-place';
}

/** Waits before the next try. */
async function isStoppedWithin(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return false;
  } catch {
    return true;
  }
}

/** Jobs of the cell that make what nobody needs any more: its inputs changed, or it was published without them. */
async function discardOthers(
  { workspace, executors, say }: CellContext,
  cell: Cell,
  begun: BeginResult,
): Promise<void> {
  const adopted = begun.kind === 'run' ? begun.job : null;
  for (const job of workspace.jobsOf(cell.id)) {
    if (job.batch === adopted?.batch && job.index === adopted.index) continue;
    if (adopted === null && begun.kind === 'run' && job.key !== begun.key)
      say({
        type: 'warning',
        text: `${cell.id}: a job of run ${job.run} made it of other inputs, and is given up`,
      });
    await executors.discard(job);
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

async function publish(
  context: CellContext,
  { cell, lease }: CellTask,
  work: CellTransaction,
  { tried, fail }: { readonly tried: Tried; readonly fail: UnhappyEnds['fail'] },
): Promise<Fate> {
  const { say } = context;
  const { ms, usage } = tried;
  const published = await work.publish({ ms, usage, onGuarded: lease.release });
  const log = context.folder.shown(tried.log);
  switch (published.kind) {
    case 'published':
      clearAttempt({ folder: dirname(tried.log), run: cell.run });
      for (const text of published.warnings) say({ type: 'warning', text: `${cell.id}: ${text}` });
      say({
        type: 'cell-finished',
        cell: cell.id,
        key: work.key,
        ms: tried.ms,
        outBytes: published.outBytes,
        ...usage,
      });
      context.exchange?.send(work.key);
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
            `nothing was published; the outs are in ${published.aside}`,
            ...published.notes,
            'Run it again',
          ].join('. '),
          details: { paths: published.paths, aside: published.aside },
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
