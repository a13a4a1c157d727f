/** Counts cells by state from the events of a run: for the exit code and the last line. */
import type { CellId } from '../plan/graph.ts';
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
        this.#states.set(event.cell, event.error.kind === 'dirty-inputs' ? 'dirty-inputs' : 'failed');
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
    const counts = this.counts();
    return counts.failed + counts['dirty-inputs'];
  }

  counts(): Record<CellState, number> {
    const counts: Record<CellState, number> = {
      waiting: 0,
      running: 0,
      'up-to-date': 0,
      restored: 0,
      done: 0,
      failed: 0,
      'dirty-inputs': 0,
      blocked: 0,
      frozen: 0,
      cancelled: 0,
    };
    for (const state of this.#states.values()) counts[state]++;
    return counts;
  }
}
