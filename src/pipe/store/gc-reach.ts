/** Which results stay: what a declared profile, a kept run, what is in place, or a run at work reaches. */
import { lstatSync } from 'node:fs';
import type { Key } from '../key/fingerprint.ts';
import { cellOfFolder } from '../plan/cell-id.ts';
import type { CellId } from '../plan/graph.ts';
import { storedManifests } from './contents.ts';
import { folderOf, type Layout } from './layout.ts';
import { keysOfRun, type RecordedRun } from './recorded-runs.ts';
import { readState, stateFolders } from './records.ts';

/** What the declared profiles of this project, and of those that share its manifests, reach. */
export interface Reach {
  readonly cells: ReadonlySet<CellId>;
  readonly keys: ReadonlySet<Key>;
  /** Cells whose key cannot be known now, such as those whose dep is missing: all that they ever made is kept. */
  readonly unknown: ReadonlySet<CellId>;
}

export interface GcOptions {
  /** Absolute. */
  readonly project: string;
  readonly reach: Reach;
  /** Checkpoint folders of the current pipeline; null: they cannot all be known now, so every one stays. */
  readonly checkpoints: ReadonlySet<Key> | null;
  /** Runs that began in the last so many days keep what they used, and their records. */
  readonly keepDays: number;
  /** So do so many of the newest runs, whatever their age. */
  readonly keepRuns: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Keys of the results that stay.
 * `places`: of each pipeline file, where its outs stand; the store of all of them is one. `liveSince`: when the oldest run at work entered; null: none is.
 */
export function neededKeys(
  places: readonly Layout[],
  reach: Reach,
  runs: ReadonlySet<RecordedRun>,
  liveSince: number | null,
): Set<Key> {
  const needed = new Set<Key>(reach.keys);
  for (const run of runs) for (const key of keysOfRun(run)) needed.add(key);
  const current = new Set([...reach.cells].map(folderOf));
  for (const layout of places)
    for (const folder of stateFolders(layout)) {
      // A run at work may stand on whatever is in place, of whatever pipeline.
      if (liveSince === null && !current.has(folder)) continue;
      const cell = cellOfFolder(folder) ?? [...reach.cells].find((id) => folderOf(id) === folder) ?? null;
      const state = cell === null ? 'missing' : readState(layout, cell);
      if (typeof state !== 'string') needed.add(state.key);
    }
  if (liveSince !== null)
    for (const layout of places.slice(0, 1))
      for (const { name, file } of storedManifests(layout))
        if (changedSince(file, liveSince)) needed.add(name);
  return needed;
}

/** Its content or its links: an object that was stored again, or is being read, counts as written. */
export function changedSince(file: string, since: number): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Math.max(stat.mtimeMs, stat.ctimeMs) >= since;
}
