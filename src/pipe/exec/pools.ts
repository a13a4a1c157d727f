/**
 * What every executor of a run has, behind one door: each with its own capacity, and the pipeline file's named resources,
 * which are the same wherever a cell runs.
 */
import type { Resources } from '../plan/graph.ts';
import type { Lease } from './capacity.ts';

/** What a cell asks for, and of whom. */
export interface Demand extends Resources {
  readonly executor: string;
}

export interface Pool {
  take(wanted: Resources): Lease | null;
  fits(wanted: Resources): boolean;
}

/** Halves and tenths do not add up exactly. */
const rounding = 1e-6;

export class Pools {
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #named: Map<string, number>;

  /** `pools` by executor; `named` is the capacity that the pipeline file gives. */
  constructor(pools: ReadonlyMap<string, Pool>, named: ReadonlyMap<string, number>) {
    this.#pools = pools;
    this.#named = new Map(named);
  }

  fits(wanted: Demand): boolean {
    return (
      this.#pool(wanted).fits({ ...wanted, named: {} }) &&
      Object.entries(wanted.named).every(([name, amount]) => amount <= this.#free(name) + rounding)
    );
  }

  /** null: not now. A cell asks for all it needs at once, so no two cells can wait for each other. */
  take(wanted: Demand): Lease | null {
    if (!this.fits(wanted)) return null;
    const lease = this.#pool(wanted).take({ ...wanted, named: {} });
    if (lease === null) return null;
    for (const [name, amount] of Object.entries(wanted.named))
      this.#named.set(name, this.#free(name) - amount);
    let held = true;
    return {
      ...lease,
      release: () => {
        if (!held) return;
        held = false;
        lease.release();
        for (const [name, amount] of Object.entries(wanted.named))
          this.#named.set(name, this.#free(name) + amount);
      },
    };
  }

  #pool({ executor }: Demand): Pool {
    const pool = this.#pools.get(executor);
    if (!pool) throw new Error(`the run has no executor ${executor}`);
    return pool;
  }

  #free(name: string): number {
    return this.#named.get(name) ?? 0;
  }
}

/** A queue bounds how many cells it takes; what a host has is the queue's to give out. */
export class PlacePool implements Pool {
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  fits(): boolean {
    return this.#free > 0;
  }

  take({ cpu, memory }: Resources): Lease | null {
    if (this.#free === 0) return null;
    this.#free--;
    let held = true;
    const release = () => {
      if (held) this.#free++;
      held = false;
    };
    return { cpu, memory, gpus: [], release };
  }
}
