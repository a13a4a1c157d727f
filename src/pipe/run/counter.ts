/** Counts cells by state from the events of a run: for the exit code and the last line. */
import type { CellId } from '../plan/graph.ts';
import { type CellCounts, failedOf, failedState, noCells } from './cell-state.ts';
import type { CellState, RunEvent } from './event.ts';

export class Counter {
  readonly #states: Map<CellId, CellState>;
  #savedMs = 0;

  constructor(cells: Iterable<CellId>) {
    this.#states = new Map([...cells].map((id) => [id, 'waiting']));
  }

  readonly take = (event: RunEvent): void => {
    switch (event.type) {
      case 'cell-cached':
        this.#states.set(event.cell, event.how);
        this.#savedMs += event.savedMs;
        break;
      case 'cell-started':
        this.#states.set(event.cell, 'running');
        break;
      case 'cell-finished':
        this.#states.set(event.cell, 'done');
        break;
      case 'cell-failed':
        this.#states.set(event.cell, failedState(event.error));
        break;
      case 'cell-not-run':
        this.#states.set(event.cell, event.state);
        break;
    }
  };

  /** Milliseconds that the cells which were cached took when they ran. */
  get savedMs(): number {
    return this.#savedMs;
  }

  get failed(): number {
    return failedOf(this.counts());
  }

  counts(): CellCounts {
    const counts = noCells();
    for (const state of this.#states.values()) counts[state]++;
    return counts;
  }
}
