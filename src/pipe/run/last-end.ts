/** How cells that are not up to date ended when they last ran, and which are at work now: by the recorded runs and the locks. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import { describeOwner, lockHolders } from '../store/lock.ts';
import type { CellProgress } from './cell-progress.ts';
import type { CellError, RunId } from './event.ts';
import { foldEvents, readEvents } from './read-events.ts';
import type { RunState } from './run-state.ts';

export interface LastEnd {
  /** `cancelled`: the run stopped, or was killed, while the cell ran or before it did. */
  readonly state: 'failed' | 'cancelled' | 'running';
  readonly run: RunId;
  /** Its key then; null: it was not known. */
  readonly key: Key | null;
  /** When it ended; of a running one: when it began. ISO 8601; null: not known. */
  readonly at: string | null;
  readonly error: CellError | null;
  /** Relative to the project. */
  readonly log: string | null;
  /** Who is at work on it: a process and its machine. */
  readonly by: string | null;
}

/** Runs that are read at most: what lies further back says little of the present. */
const runsRead = 20;

/** `cells` are those worth a look; the ones that ended well since, or never began, are not in the answer. */
export async function lastEnds(
  layout: Layout,
  pipeline: string,
  cells: Iterable<CellId>,
): Promise<ReadonlyMap<CellId, LastEnd>> {
  const open = new Set(cells);
  const ends = new Map<CellId, LastEnd>();
  if (open.size === 0) return ends;
  const holders = new Map(
    lockHolders(layout.locks).flatMap(({ name, owner, dead }) => (dead ? [] : [[name, owner] as const])),
  );
  let read = 0;
  for (const name of runNames(layout.runs)) {
    if (read >= runsRead || open.size === 0) break;
    const state = foldEvents(await readEvents(join(layout.runs, name, 'events.jsonl')));
    if (state?.started?.pipeline !== pipeline) continue;
    read++;
    for (const id of [...open]) {
      const cell = state.cells.get(id);
      const end = cell && endOf(cell, state);
      if (end === undefined) continue;
      open.delete(id);
      if (end !== 'well') ends.set(id, end);
    }
  }
  for (const id of cells) {
    const owner = holders.get(folderOf(id));
    if (!owner) continue;
    const known = ends.get(id);
    const same = known?.state === 'cancelled' && known.run === owner.run ? known : null;
    ends.set(id, {
      state: 'running',
      run: owner.run as RunId,
      key: same?.key ?? null,
      at: same?.at ?? null,
      error: null,
      log: same?.log ?? null,
      by: describeOwner(owner),
    });
  }
  return ends;
}

/** `well`: its outs were in place after it. Undefined: this run did not reach it. */
function endOf(cell: CellProgress, state: RunState): LastEnd | 'well' | undefined {
  const { started } = state;
  if (started === null) return undefined;
  const facts = { run: started.run, key: cell.key, error: cell.error, log: cell.log, by: null };
  switch (cell.state) {
    case 'failed':
    case 'dirty-inputs':
      return { ...facts, state: 'failed', at: timeOf(cell.endedAt) };
    case 'cancelled':
      return { ...facts, state: 'cancelled', at: timeOf(cell.endedAt ?? cell.startedAt) };
    case 'running':
      // Without a lock (the caller looks) its run is gone: killed, or the machine went down.
      return { ...facts, state: 'cancelled', at: timeOf(cell.startedAt) };
    case 'waiting':
    case 'blocked':
      return undefined;
    default:
      return 'well';
  }
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** Newest first: names of runs begin with their second. */
function runNames(runs: string): readonly string[] {
  try {
    return readdirSync(runs).sort().reverse();
  } catch {
    return [];
  }
}
