/** What earlier runs left of a cell: how long the last one took, and the fingerprint of what is in place. */
import { isDeepStrictEqual } from 'node:util';
import type { Fingerprint, Key } from '../key/fingerprint.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import type { Layout } from '../store/layout.ts';
import type { OutRecords } from '../store/out-record.ts';
import { readManifest, readState } from '../store/records.ts';
import type { Took } from '../store/took.ts';

/** Milliseconds that the cell's last run took, of whatever key; null: never ran. */
export function lastMs(layout: Layout, cell: CellId): number | null {
  const state = readState(layout, cell);
  return typeof state === 'string' ? null : state.ms;
}

/**
 * Milliseconds that the cell is expected to take: what its last run took, or the file's estimate where it never ran or
 * ran with other params. For the longest path, the plan and the time that is left.
 */
export function expectedMs(layout: Layout, cell: Cell): number | null {
  const last = lastMs(layout, cell.id);
  if (last === null || cell.estimateMs === null) return last ?? cell.estimateMs;
  const before = placedBy(layout, cell.id)?.fingerprint.params;
  return isDeepStrictEqual(before, cell.params) ? last : cell.estimateMs;
}

/** What is in place, and the key and fingerprint that it was made with; null: nothing is. */
export interface PlacedOuts {
  readonly key: Key;
  readonly fingerprint: Fingerprint;
  readonly outs: OutRecords;
}

export function placedBy(layout: Layout, cell: CellId): PlacedOuts | null {
  const state = readState(layout, cell);
  if (typeof state === 'string') return null;
  const fingerprint = state.fingerprint();
  return fingerprint === null ? null : { key: state.key, fingerprint, outs: state.outs };
}

/** What making what is in place took besides time; null: not measured, or nothing is in place. */
export function tookBy(layout: Layout, cell: CellId): Took {
  const state = readState(layout, cell);
  const manifest = typeof state === 'string' ? state : readManifest(layout, state.key);
  return typeof manifest === 'string' ? null : (manifest.usage ?? null);
}
