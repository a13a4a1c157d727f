/** How long a run would take: the scheduler that runs it, driven by a clock that does not wait. */
import { setImmediate as turn } from 'node:timers/promises';
import { localName } from '../config/executor-doc.ts';
import { type Capacity, ResourcePool } from '../exec/capacity.ts';
import { PlacePool, type Pool, Pools } from '../exec/pools.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { Scheduler } from './scheduler.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualQueue } from './virtual-queue.ts';

export interface ForecastOptions {
  readonly graph: Graph;
  /** Closed under upstream. */
  readonly wanted: ReadonlySet<CellId>;
  /** Those that need no work. */
  readonly inPlace: ReadonlySet<CellId>;
  /** What this machine has. */
  readonly local: Capacity;
  executorOf(cell: Cell): string;
  /** Milliseconds; null: not known, and taken for the mean of the others. */
  expectedMs(cell: CellId): number | null;
}

export interface Forecast {
  /** Milliseconds from the first cell's begin to the last one's end. */
  readonly ms: number;
  /** Cells that would run. */
  readonly cells: number;
  /** Milliseconds of real time that the scheduler took for it. */
  readonly tookMs: number;
}

/** Turns of the event loop after which the scheduler, with nothing new to hear, has decided all it can. */
const quietTurns = 4;

export async function forecast(options: ForecastOptions): Promise<Forecast> {
  const { graph, wanted, inPlace, expectedMs } = options;
  const clock = new VirtualClock();
  const { pools, queues } = virtualExecutors(options, clock);
  const usual = meanOf([...wanted].flatMap((id) => (inPlace.has(id) ? [] : (expectedMs(id) ?? []))));
  const began = performance.now();
  let begun = 0;
  let over = false;
  const scheduler = new Scheduler({
    graph,
    wanted,
    pool: pools,
    concurrency: Number.POSITIVE_INFINITY,
    mode: 'keep-going',
    executorOf: (cell) => options.executorOf(cell),
    expectedMs: (id) => (inPlace.has(id) ? 0 : expectedMs(id)),
    look: async ({ id }) => (inPlace.has(id) ? 'in-place' : 'work'),
    execute: async (cell) => {
      begun++;
      const ms = expectedMs(cell.id) ?? usual;
      await (queues.get(options.executorOf(cell))?.run(cell, ms) ?? clock.after(ms));
      return 'in-place';
    },
    notRun: () => {},
    onStop: () => {},
  });
  const ended = scheduler.ended.then(() => {
    over = true;
  });
  for (;;) {
    for (let before = -1; before !== begun; ) {
      before = begun;
      for (let count = 0; count < quietTurns; count++) await turn();
    }
    for (const queue of queues.values()) queue.submit();
    if (over || !clock.step()) break;
  }
  await ended;
  return { ms: clock.now, cells: begun, tookMs: performance.now() - began };
}

function virtualExecutors({ graph, local }: ForecastOptions, clock: VirtualClock) {
  const pools = new Map<string, Pool>([[localName, new ResourcePool(local)]]);
  const queues = new Map<string, VirtualQueue>();
  for (const doc of graph.executors.values()) {
    pools.set(doc.name, new PlacePool(doc.cells));
    queues.set(doc.name, new VirtualQueue(doc, clock));
  }
  return { pools: new Pools(pools, graph.resources), queues };
}

function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, ms) => sum + ms, 0) / numbers.length;
}
