/** Runs as their folders record them: which are kept, which keys they used, and the bound on how many logs stay. */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../lib/remove-tree.ts';
import { isSha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import type { Layout } from './layout.ts';
import { liveRuns } from './live-run.ts';
import { namesInside } from './real-folder.ts';

export interface RecordedRun {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Milliseconds since 1970 at which it began. */
  readonly began: number;
  /** A file `pinned` or `tag` in its folder: it stays, and so does what it used. */
  readonly pinned: boolean;
}

/** Oldest first. */
export function recordedRuns(layout: Layout): readonly RecordedRun[] {
  return namesInside(layout.runs).flatMap((name): RecordedRun[] => {
    const folder = join(layout.runs, name);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) return [];
    const pinned = ['pinned', 'tag'].some((mark) =>
      lstatSync(join(folder, mark), { throwIfNoEntry: false })?.isFile(),
    );
    return [{ name, folder, began: beginning(name) ?? stat.mtimeMs, pinned }];
  });
}

/** Of `20261124-130501-3f9a`; null for another name. */
function beginning(name: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(name);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

/** Every key that the run's events name: what it used and what it made. */
export function* keysOfRun({ folder }: Pick<RecordedRun, 'folder'>): Generator<Key> {
  const file = join(folder, 'events.jsonl');
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return;
  for (const [, key] of readFileSync(file, 'utf8').matchAll(/"key":"([0-9a-f]{64})"/g))
    if (isSha256(key)) yield key as string as Key;
}

/** Without a word and by default: this many logs of each cell, and this many run folders once they are older than that. */
export const defaultBound = { logsPerCell: 20, runs: 200, days: 90 };

/**
 * Keeps the default bound: of each cell the job and logs of its newest runs, of runs the newest, and all that are younger
 * than the days given. Pinned and live runs stay whole. What a run cannot remove is left to `pipe cache gc`.
 */
export function boundRuns(layout: Layout, bound = defaultBound, now = Date.now()): void {
  const live = liveRuns(layout);
  const runs = recordedRuns(layout).filter((run) => !run.pinned && !live.has(run.name));
  if (runs.length <= bound.logsPerCell) return;
  const seen = new Map<string, number>();
  for (const [age, run] of runs.toReversed().entries()) {
    try {
      if (age >= bound.runs && now - run.began > bound.days * 86_400_000) {
        removeTree(run.folder);
        continue;
      }
      const cells = join(run.folder, 'cells');
      for (const cell of namesInside(cells)) {
        const count = (seen.get(cell) ?? 0) + 1;
        seen.set(cell, count);
        if (count > bound.logsPerCell) removeTree(join(cells, cell));
      }
    } catch {
      // Another user's, or another run is at it.
    }
  }
}
