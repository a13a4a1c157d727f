/**
 * The order of a run: which cells may be begun, which of them first, and what their ends mean for the rest.
 * Knows nothing of caches or processes: `look` says whether a cell needs work, `execute` does it.
 */

import type { Lease, ResourcePool } from '../exec/capacity.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { enoughGathered, longestRemaining } from './order.ts';

/** What becomes of the other cells after a failure: start none, go on wherever possible, or end the running ones too. */
export type FailureMode = 'stop-new' | 'keep-going' | 'fail-fast';

/** `held`: another run is at work on the cell; `cancelled`: ended because this run stops. */
export type Fate = 'had' | 'failed' | 'held' | 'cancelled';

export interface SchedulerOptions {
  readonly graph: Graph;
  /** Closed under upstream. */
  readonly wanted: ReadonlySet<CellId>;
  readonly pool: ResourcePool;
  /** How many cells may be at work at once, however little they ask for. */
  readonly concurrency: number;
  readonly mode: FailureMode;
  /** Milliseconds a cell is expected to take; null: not known. */
  expectedMs(cell: CellId): number | null;
  /** Called once a cell, when everything upstream of it ended well or is in `without`. Takes no resources. */
  look(cell: Cell, without: ReadonlySet<CellId>): Promise<'had' | 'failed' | 'work'>;
  /**
   * Called with the cell's resources leased. Unless `patient`, a cell that another run holds comes back as `held`
   * and is tried again when there is nothing better to do; a patient call waits for it.
   */
  execute(cell: Cell, without: ReadonlySet<CellId>, lease: Lease, patient: boolean): Promise<Fate>;
  /** Said of each cell that never ran: `cause` is the failure upstream, null when the run stopped before it. */
  notRun(cell: Cell, cause: CellId | null): void;
  /** The first failure in a mode that stops. */
  onStop(): void;
}

export interface Schedule {
  /** Settles when nothing runs any more; rejects when a callback threw. */
  readonly ended: Promise<void>;
  /** Nothing new is started from now on. */
  stop(): void;
}

/** How far down the queue something is looked for that fits into what is free. */
const lookAhead = 64;

interface Entry {
  readonly cell: Cell;
  readonly without: ReadonlySet<CellId>;
  held: boolean;
}

export function schedule(options: SchedulerOptions): Schedule {
  const { graph, wanted, pool } = options;
  const cells = [...graph.cells.values()].filter((cell) => wanted.has(cell.id));
  const rank = longestRemaining(graph, wanted, options.expectedMs);
  const place = new Map(cells.map((cell, index) => [cell.id, index]));
  const fate = new Map<CellId, 'had' | 'failed' | 'not-run'>();
  const causes = new Map<CellId, CellId>();
  const missing = new Map(cells.map((cell) => [cell.id, cell.upstream.length]));
  const readers = readersOf(cells);
  const had = (id: CellId) => fate.get(id) === 'had';
  const waiting: Entry[] = [];
  let stopped = false;
  let busy = 0;
  let executing = 0;
  const { promise: ended, resolve: finish, reject: crash } = withResolvers();
  const queue = lazyQueue(options.concurrency);

  const track = (task: () => Promise<void>) => {
    busy++;
    task().then(() => {
      busy--;
      advance();
    }, crash);
  };

  function settle(cell: Cell, result: 'had' | 'failed' | 'not-run'): void {
    const settled: [Cell, 'had' | 'failed' | 'not-run'][] = [[cell, result]];
    // A list in place of recursion: a chain of ten thousand cells must not end in a stack overflow.
    for (let next = settled.shift(); next; next = settled.shift()) {
      const [one, how] = next;
      fate.set(one.id, how);
      if (how === 'failed' && options.mode !== 'keep-going' && !stopped) {
        stopped = true;
        options.onStop();
      }
      for (const reader of readers.get(one.id) ?? []) {
        const left = (missing.get(reader.id) ?? 0) - 1;
        missing.set(reader.id, left);
        if (left > 0) continue;
        if (enoughGathered(reader, had)) {
          begin(reader);
        } else if (blame(reader)) {
          options.notRun(reader, causes.get(reader.id) ?? null);
          settled.push([reader, 'not-run']);
        }
      }
    }
  }

  /** Finds the failure that keeps a cell from running. */
  function blame(cell: Cell): boolean {
    for (const id of cell.upstream) {
      const cause = fate.get(id) === 'failed' ? id : causes.get(id);
      if (cause === undefined) continue;
      causes.set(cell.id, cause);
      return true;
    }
    return false;
  }

  function begin(cell: Cell): void {
    if (stopped) return;
    const without = new Set(cell.upstream.filter((id) => !had(id)));
    track(async () => {
      const verdict = await options.look(cell, without);
      if (verdict === 'work') enqueue({ cell, without, held: false });
      else settle(cell, verdict);
    });
  }

  function enqueue(entry: Entry): void {
    const after = waiting.findIndex((other) => isBefore(entry.cell.id, other.cell.id));
    waiting.splice(after < 0 ? waiting.length : after, 0, entry);
  }

  /** Equally long ways keep the order of the plan. */
  function isBefore(a: CellId, b: CellId): boolean {
    const longer = (rank.get(a) ?? 0) - (rank.get(b) ?? 0);
    return longer > 0 || (longer === 0 && (place.get(a) ?? 0) < (place.get(b) ?? 0));
  }

  /**
   * Whatever fits is started: a large cell waits while smaller ones keep the machine busy. Keeping resources free for it
   * would let processors idle for as long as the longest cell runs, and the work is finite, so its turn comes.
   */
  function dispatch(): void {
    const fresh = waiting.filter((entry) => !entry.held);
    for (const entry of (fresh.length > 0 ? fresh : waiting).slice(0, lookAhead)) {
      if (executing >= options.concurrency) return;
      const lease = pool.take(entry.cell.resources);
      if (lease !== null) start(entry, lease);
    }
  }

  function start(entry: Entry, lease: Lease): void {
    const { cell, without } = entry;
    const patient = entry.held;
    waiting.splice(waiting.indexOf(entry), 1);
    executing++;
    track(() =>
      queue(rank.get(cell.id) ?? 0, async () => {
        try {
          const result = await options.execute(cell, without, lease, patient);
          if (result === 'held') enqueue({ ...entry, held: true });
          else settle(cell, result === 'cancelled' ? 'not-run' : result);
        } finally {
          executing--;
          lease.release();
        }
      }),
    );
  }

  function advance(): void {
    if (!stopped) dispatch();
    if (busy > 0) return;
    for (const cell of cells) {
      if (fate.has(cell.id)) continue;
      blame(cell);
      fate.set(cell.id, 'not-run');
      options.notRun(cell, causes.get(cell.id) ?? null);
    }
    finish();
  }

  track(async () => {
    for (const cell of cells) if (cell.upstream.length === 0) begin(cell);
  });
  return {
    ended,
    stop: () => {
      stopped = true;
    },
  };
}

function readersOf(cells: readonly Cell[]): ReadonlyMap<CellId, readonly Cell[]> {
  const readers = new Map<CellId, Cell[]>();
  for (const cell of cells) {
    for (const id of cell.upstream) {
      const list = readers.get(id);
      if (list) list.push(cell);
      else readers.set(id, [cell]);
    }
  }
  return readers;
}

/** Opened with the first cell that needs work: a run that has nothing to do never loads it. */
function lazyQueue(concurrency: number) {
  let opened:
    | Promise<{ add(task: () => Promise<void>, options: { priority: number }): Promise<void> }>
    | undefined;
  return async (priority: number, task: () => Promise<void>): Promise<void> => {
    opened ??= import('p-queue').then(({ default: PQueue }) => new PQueue({ concurrency }));
    const queue = await opened;
    await queue.add(task, { priority });
  };
}

function withResolvers() {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
