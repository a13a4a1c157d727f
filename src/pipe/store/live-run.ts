/**
 * Runs that are at work in a cache. A run enters before it locks its first cell and leaves when it ends; `gc` sweeps
 * only while none can enter, and spares what those that have entered use.
 */
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { type Lock, lock, lockHolders, tryLock } from './lock.ts';
import { batchFolder, openJobs } from './open-jobs.ts';

/** No cell's lock has such a name. */
export const gateName = '~gc';
const runPrefix = '~run-';

/** Name of the lock of a run. */
export function runLockName(run: string): string {
  return `${runPrefix}${run}`;
}

/** Held for a moment by each run that enters, and by `gc` while it sweeps. */
export function gate(layout: Layout, run: string, options: Parameters<typeof lock>[3] = {}): Promise<Lock> {
  return lock(layout.locks, gateName, run, options);
}

/** Released when the run ends. @throws the signal's reason when it is aborted */
export async function enterRun(
  layout: Layout,
  run: string,
  options: Parameters<typeof lock>[3] = {},
): Promise<Lock> {
  const held = await gate(layout, run, options);
  try {
    // Only a run of the same id could hold it: it is in already, and what it used is spared under that id.
    return tryLock(layout.locks, runLockName(run), run) ?? { held: () => true, release: () => {} };
  } finally {
    held.release();
  }
}

/** Ids of the runs that have entered and not left, and of those whose jobs are in a queue; the dead are not among them. */
export function liveRuns(layout: Layout): ReadonlySet<string> {
  const runs = workingLocks(layout).filter(({ name }) => name.startsWith(runPrefix));
  const waiting = openJobs(layout).map(({ run }) => run);
  return new Set([...runs.map(({ name }) => name.slice(runPrefix.length)), ...waiting]);
}

/** The locks of everything that is at work, runs and cells; `folder` is absolute. */
export function workingLocks(layout: Layout): readonly { readonly name: string; readonly folder: string }[] {
  const locks = lockHolders(layout.locks)
    .filter(({ name, dead }) => !dead && name !== gateName)
    .map(({ name }) => ({ name, folder: join(layout.locks, name) }));
  const batches = new Set(openJobs(layout).map(({ batch }) => batch));
  return [...locks, ...Array.from(batches, (name) => ({ name, folder: batchFolder(layout, name) }))];
}

/** Removes what runs left that died: nobody waits for their locks, so that nobody would take them over. */
export function clearDeadRuns(layout: Layout): void {
  for (const { name, dead } of lockHolders(layout.locks))
    if (dead && name.startsWith(runPrefix)) tryLock(layout.locks, name, 'gc')?.release();
}
