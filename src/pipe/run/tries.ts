/** Whether a cell that ended badly is tried again, and when: retries are for failures, and not every bad end is one. */
import type { Ended } from '../exec/executor.ts';
import type { Cell } from '../plan/graph.ts';
import { mayPass } from './cell-error.ts';

/** Jobs that a queue takes back again and again point to something that no other attempt mends. */
const mostTaken = 20;

export class Tries {
  readonly #cell: Cell;
  #failures = 0;
  #taken = 0;
  #memoryStep: number;

  constructor(cell: Cell, memoryStep: number) {
    this.#cell = cell;
    this.#memoryStep = memoryStep;
  }

  /** How often it ran out of memory. */
  get memoryStep(): number {
    return this.#memoryStep;
  }

  /** Null: it has failed. */
  next(ended: Ended, backOffMs: (attempt: number) => number): { readonly inMs: number } | null {
    if (ended.kind === 'taken') {
      this.#taken++;
      return this.#taken > mostTaken ? null : { inMs: this.#taken > 1 ? backOffMs(1) : 0 };
    }
    this.#taken = 0;
    // It goes on from where it was: with each job it comes further.
    if (ended.kind === 'time' && ended.checkpointed) return { inMs: 0 };
    if (ended.kind === 'memory') {
      if (this.#memoryStep >= (this.#cell.resources.memorySteps ?? []).length) return null;
      this.#memoryStep++;
      return { inMs: 0 };
    }
    this.#failures++;
    if (this.#failures > this.#cell.retries || !mayPass(ended)) return null;
    return { inMs: backOffMs(this.#failures) };
  }
}
