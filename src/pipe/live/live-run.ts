/** A run under way as the live page knows it: the run's state, its curves, and what its cells take of this machine now. */
import { hostname } from 'node:os';
import { takenNow } from '../exec/usage.ts';
import type { CellId } from '../plan/graph.ts';
import type { RunEvent } from '../run/event.ts';
import { RunState } from '../run/run-state.ts';
import { Curves } from './curves.ts';

export class LiveRun {
  readonly state = new RunState();
  readonly curves = new Curves();
  /** Rises with every event that a page may show. */
  version = 0;
  #axes: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map();
  readonly #groups = new Map<CellId, number>();
  #bytes: ReadonlyMap<number, { readonly bytes: number }> = new Map();

  take(event: RunEvent): void {
    this.state.take(event);
    if (event.type === 'heartbeat') return;
    this.version++;
    if (event.type === 'run-started') this.#axes = new Map(event.cells.map(({ id, axes }) => [id, axes]));
    if (event.type === 'cell-metric')
      this.curves.take(event, this.state.cells.get(event.cell)?.stage ?? event.cell);
    if (event.type !== 'cell-started' || event.pid === null) return;
    // Of another machine nothing can be seen from here.
    if (event.host === undefined || event.host === hostname()) this.#groups.set(event.cell, event.pid);
  }

  axesOf(cell: string): Readonly<Record<string, string>> {
    return this.#axes.get(cell) ?? {};
  }

  /** Looks at what running cells take. */
  measure(): void {
    for (const cell of this.#groups.keys()) if (!this.state.running.has(cell)) this.#groups.delete(cell);
    this.#bytes = this.#groups.size === 0 ? new Map() : takenNow(new Set(this.#groups.values()));
  }

  /** Bytes of memory of a running cell when it was last looked at; null: not known. */
  bytesOf(cell: CellId): number | null {
    const group = this.#groups.get(cell);
    return group === undefined ? null : (this.#bytes.get(group)?.bytes ?? null);
  }
}
