/**
 * What p-queue takes its next task from: the task of highest priority whose resources are free. A large cell waits while
 * smaller ones keep the machine busy. Keeping resources free for it would let processors idle for as long as the longest
 * cell runs, and the work is finite, so its turn comes.
 */
import type { Queue, QueueAddOptions } from 'p-queue';
import type { Lease } from '../exec/capacity.ts';
import type { Demand } from '../exec/pools.ts';
import { Heap } from './heap.ts';

/** What tasks lease from. */
export interface LeaseSource {
  take(wanted: Demand): Lease | null;
  /** Whether `take` would give a lease now. */
  fits(wanted: Demand): boolean;
}

export type Task = () => Promise<unknown>;

export interface FittingOptions extends QueueAddOptions {
  readonly demand: Demand;
  /** Another run is at work on the cell: it comes after everything else. */
  readonly held: boolean;
  /** Gets the lease before the task starts. */
  readonly onLease: (lease: Lease) => void;
}

interface Waiting {
  readonly task: Task;
  readonly priority: number;
  /** Equal priorities keep the order in which they came. */
  readonly order: number;
  readonly options: FittingOptions;
}

/** Tasks that ask for the same: when the first does not fit, none does. */
interface Lane {
  readonly demand: Demand;
  readonly tasks: Heap<Waiting>;
}

export class FittingQueue implements Queue<Task, FittingOptions> {
  readonly #pool: LeaseSource;
  readonly #lanes = { fresh: new Map<string, Lane>(), held: new Map<string, Lane>() };
  #added = 0;

  constructor(pool: LeaseSource) {
    this.#pool = pool;
  }

  /** Tasks that could start now, one or none: p-queue asks again whenever a task ends or is added. */
  get size(): number {
    return this.#next() === undefined ? 0 : 1;
  }

  enqueue(task: Task, options?: Partial<FittingOptions>): void {
    const { demand, held = false, onLease, priority = 0 } = options ?? {};
    if (demand === undefined || onLease === undefined)
      throw new TypeError('a task must say what it asks for');
    const lanes = held ? this.#lanes.held : this.#lanes.fresh;
    const { executor, cpu, gpu, memory, named } = demand;
    const name = JSON.stringify([executor, cpu, gpu, memory, named]);
    const lane = lanes.get(name) ?? { demand, tasks: new Heap<Waiting>(isBefore) };
    lanes.set(name, lane);
    lane.tasks.push({ task, priority, order: this.#added++, options: { ...options, demand, held, onLease } });
  }

  dequeue(): Task | undefined {
    const lane = this.#next();
    const lease = lane && this.#pool.take(lane.demand);
    const waiting = lease && lane.tasks.pop();
    if (!waiting) return undefined;
    waiting.options.onLease(lease);
    return waiting.task;
  }

  filter(): Task[] {
    throw new Error('tasks are not looked for');
  }

  setPriority(): void {
    throw new Error('the priority of a task does not change');
  }

  #next(): Lane | undefined {
    // Waiting for another run is only worth a lease when there is nothing else to do.
    return this.#firstOf(this.#lanes.fresh, () => this.#firstOf(this.#lanes.held, () => undefined));
  }

  #firstOf(lanes: ReadonlyMap<string, Lane>, otherwise: () => Lane | undefined): Lane | undefined {
    let first: Lane | undefined;
    let waits = false;
    for (const lane of lanes.values()) {
      const head = lane.tasks.peek();
      if (head === undefined) continue;
      waits = true;
      const best = first?.tasks.peek();
      if ((best === undefined || isBefore(head, best)) && this.#pool.fits(lane.demand)) first = lane;
    }
    return waits ? first : otherwise();
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}
