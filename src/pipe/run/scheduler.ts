/**
 * The order of a run: which cells may begin, which of them first, and what their ends mean for the rest.
 * Knows nothing of caches or processes: `look` says whether a cell needs work, `execute` does it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import PQueue from 'p-queue';
import { localName } from '../config/executor-doc.ts';
import type { Lease } from '../exec/capacity.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { type FittingOptions, FittingQueue, type LeaseSource } from './fitting-queue.ts';
import { type CellEnd, Frontier } from './frontier.ts';
import { longestRemaining } from './order.ts';

/** What becomes of the other cells after a failure: start none, go on wherever possible, or end the running ones too. */
export type FailureMode = 'stop-new' | 'keep-going' | 'fail-fast';

/** `held`: another run is at work on the cell; `cancelled`: ended because this run stops. */
export type Fate = 'in-place' | 'failed' | 'held' | 'cancelled';

export interface SchedulerOptions {
  readonly graph: Graph;
  /** Closed under upstream. */
  readonly wanted: ReadonlySet<CellId>;
  readonly pool: LeaseSource;
  /** How many cells may be at work at once, however little they ask for. */
  readonly concurrency: number;
  readonly mode: FailureMode;
  /** Which executor a cell goes to; left out: this machine. */
  executorOf?(cell: Cell): string;
  /** Milliseconds a cell is expected to take; null: not known. */
  expectedMs(cell: CellId): number | null;
  /** Called once per cell, when everything upstream of it ended well or is in `without`. Takes no resources. */
  look(cell: Cell, without: ReadonlySet<CellId>): Promise<'in-place' | 'failed' | 'work'>;
  /**
   * Called with the cell's resources leased. Unless `patient`, a cell that another run holds comes back as `held`
   * and is tried again when there is nothing better to do; a patient call waits for it. It may release the lease itself
   * as soon as nothing runs any more: the next cell then starts while what this one made is stored.
   */
  execute(cell: Cell, without: ReadonlySet<CellId>, lease: Lease, patient: boolean): Promise<Fate>;
  /** Reported for each cell that never ran: `cause` is the failure upstream, null when the run stopped before it. */
  notRun(cell: Cell, cause: CellId | null): void;
  /** The first failure in a mode that stops. */
  onStop(): void;
}

/** `without`: upstream cells that a gather goes on without. */
interface Work {
  readonly cell: Cell;
  readonly without: ReadonlySet<CellId>;
  readonly held: boolean;
}

/** As many cells are stored beside those that run; more wait for them, so that what a crash would cost stays small. */
const storingAtOnce = 16;

export class Scheduler {
  /** Settles when nothing runs any more; rejects when a callback threw. */
  readonly ended: Promise<void>;
  readonly #options: SchedulerOptions;
  readonly #frontier: Frontier;
  readonly #rank: ReadonlyMap<CellId, number>;
  readonly #queue: PQueue<FittingQueue, FittingOptions>;
  readonly #end: () => void;
  readonly #crash: (error: unknown) => void;
  #looks = 0;
  /** Cells that `execute` is at work on. */
  #performing = 0;
  /** Those of them that have given their resources back, and are only storing what they made. */
  #storing = 0;
  #stopped = false;
  #idle = false;
  /** Found to need work in this turn of the event loop: they are queued together, so that the most urgent starts first. */
  #found: Work[] = [];

  constructor(options: SchedulerOptions) {
    const { graph, wanted, pool, concurrency } = options;
    const cells = [...graph.cells.values()].filter((cell) => wanted.has(cell.id));
    this.#options = options;
    this.#frontier = new Frontier(cells);
    this.#rank = longestRemaining(graph, wanted, options.expectedMs);
    this.#queue = new PQueue({
      concurrency,
      queueClass: class extends FittingQueue {
        constructor() {
          super(pool);
        }
      },
    });
    let end = () => {};
    let crash = (_error: unknown) => {};
    this.ended = new Promise<void>((resolve, reject) => {
      end = resolve;
      crash = reject;
    });
    this.#end = end;
    this.#crash = crash;
    this.#queue.on('next', () => this.#endWhenIdle());
    for (const cell of this.#frontier.roots()) this.#look(cell);
    this.#endWhenIdle();
  }

  /** Nothing new is started from now on. */
  stop(): void {
    this.#stopped = true;
    this.#queue.pause();
  }

  #look(cell: Cell): void {
    if (this.#stopped) return;
    const without = this.#frontier.without(cell);
    this.#looks++;
    this.#options
      .look(cell, without)
      .then((verdict) => {
        this.#looks--;
        if (verdict === 'work') this.#found.push({ cell, without, held: false });
        // What cannot even begin blocks only what needs it: other stages are none the worse for a missing file.
        else this.#settle(cell, verdict, this.#options.mode === 'fail-fast');
        this.#queueFound();
      })
      .catch(this.#crash);
  }

  #queueFound(): void {
    setImmediate(() => {
      const found = this.#found;
      this.#found = [];
      if (!this.#stopped) {
        this.#queue.pause();
        for (const work of found) this.#add(work);
        this.#queue.start();
      }
      this.#endWhenIdle();
    });
  }

  #add(work: Work): void {
    const { cell, held } = work;
    let lease: Lease | undefined;
    const task = () =>
      new Promise<void>((resolve, reject) => {
        if (lease === undefined) throw new Error(`${cell.id} was started without a lease`);
        const granted = lease;
        const free = () => {
          granted.release();
          resolve();
        };
        this.#perform(work, granted, free).then(free, (error: unknown) => {
          granted.release();
          reject(error);
        });
      });
    const priority = this.#rank.get(cell.id) ?? 0;
    const onLease = (given: Lease) => {
      lease = given;
    };
    const executor = this.#options.executorOf?.(cell) ?? localName;
    // One by one: what is spread has a hidden class of its own, per waiting cell.
    const { cpu, gpu, memory, named } = cell.resources;
    const demand = { cpu, gpu, memory, named, executor };
    this.#queue.add(task, { priority, demand, held, onLease }).catch(() => {});
  }

  /** `free`: lets the next cell start before this one is settled. */
  async #perform(work: Work, granted: Lease, free: () => void): Promise<void> {
    const { cell, without, held } = work;
    let storing = false;
    const release = () => {
      if (storing || this.#storing >= storingAtOnce) return;
      storing = true;
      this.#storing++;
      free();
    };
    const lease: Lease = { ...granted, release };
    this.#performing++;
    try {
      const fate = await this.#options.execute(cell, without, lease, held);
      if (fate === 'held') this.#add({ ...work, held: true });
      else this.#settle(cell, fate === 'cancelled' ? 'not-run' : fate);
      // What this cell made ready may be more urgent than what waits: it is found before the resources are free.
      await turn();
    } catch (error) {
      this.#crash(error);
      throw error;
    } finally {
      this.#performing--;
      if (storing) this.#storing--;
      // The queue has forgotten it.
      if (storing) setImmediate(() => this.#endWhenIdle());
    }
  }

  #settle(cell: Cell, end: CellEnd, stops = this.#options.mode !== 'keep-going'): void {
    const { ready, blocked } = this.#frontier.settle(cell, end);
    if (end === 'failed' && stops && !this.#stopped) {
      this.stop();
      this.#options.onStop();
    }
    for (const one of blocked) this.#options.notRun(one, this.#frontier.cause(one));
    for (const one of ready) this.#look(one);
  }

  #endWhenIdle(): void {
    if (this.#idle || this.#looks > 0 || this.#found.length > 0) return;
    if (this.#queue.pending > 0 || this.#performing > 0) return;
    if (!this.#stopped && this.#queue.size > 0) return;
    // What is left was never begun: the run stopped before it.
    this.#idle = true;
    this.stop();
    for (const cell of this.#frontier.unended()) this.#options.notRun(cell, this.#frontier.cause(cell));
    this.#end();
  }
}
