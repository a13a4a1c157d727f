/** The runs of a project that matter now: who drives each, and what queues have of it. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../store/layout.ts';
import { runLockName } from '../store/live-run.ts';
import { type LockOwner, lockHolders } from '../store/lock.ts';
import { type OpenJob, openJobs } from '../store/open-jobs.ts';
import { recordedRuns } from '../store/recorded-runs.ts';
import type { RunId } from './event.ts';

export interface KnownRun {
  readonly id: RunId;
  /** `left`: nobody drives it, and it has not ended. */
  readonly state: 'driven' | 'left' | 'ended';
  /** Null: nobody. */
  readonly driver: LockOwner | null;
  /** Cells that queues have. */
  readonly jobs: readonly OpenJob[];
}

/** Newest first. */
export function runsOf(layout: Layout): readonly KnownRun[] {
  const locks = new Map(
    lockHolders(layout.locks).flatMap(({ name, owner, dead }) => (dead ? [] : [[name, owner] as const])),
  );
  const jobs = openJobs(layout);
  return recordedRuns(layout)
    .toReversed()
    .map(({ name, folder }): KnownRun => {
      const driver = locks.get(runLockName(name)) ?? null;
      const own = jobs.filter(({ run }) => run === name);
      const over = isOver(folder, own);
      return { id: name as RunId, state: driver ? 'driven' : over ? 'ended' : 'left', driver, jobs: own };
    });
}

/** Whether nothing of a run that nobody drives is left to do. */
export function hasEnded(layout: Layout, run: RunId): boolean {
  return isOver(
    join(layout.runs, run),
    openJobs(layout).filter((job) => job.run === run),
  );
}

/** One that recorded nothing of itself had not begun: it cannot be gone on with. */
function isOver(folder: string, jobs: readonly OpenJob[]): boolean {
  return jobs.length === 0 && (endsWell(folder) || !existsSync(join(folder, 'request.json')));
}

const tailBytes = 64 * 1024;

/** Whether the last event is the run's end. */
function endsWell(folder: string): boolean {
  let file: number;
  try {
    file = openSync(join(folder, 'events.jsonl'), 'r');
  } catch {
    return true;
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, buffer, 0, buffer.length, Math.max(0, size - buffer.length));
    const last = buffer.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    return last.includes('"type":"run-finished"');
  } finally {
    closeSync(file);
  }
}
