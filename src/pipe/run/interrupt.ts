/** What a Ctrl-C does. First: nothing new, ask the running stages to end, then tell them; second: tell now; third: kill. */
import type { Running, StopLevel } from '../exec/executor.ts';
import type { Grace } from '../exec/grace.ts';
import type { CellId } from '../plan/graph.ts';

const levels: readonly StopLevel[] = ['interrupt', 'terminate', 'kill'];

export class Stopper {
  readonly #grace: Grace;
  readonly #running = new Map<Running, CellId>();
  readonly #cancelled = new Set<CellId>();
  readonly #controller = new AbortController();
  #level = -1;
  #timer: NodeJS.Timeout | undefined;

  constructor(grace: Grace) {
    this.#grace = grace;
  }

  /** Set from the first stop on: waiting for a lock or for a retry ends at once. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A stage that starts while the run stops (it was under way to start) is stopped like the others. */
  add(running: Running, cell: CellId): void {
    this.#running.set(running, cell);
    const level = levels[this.#level];
    if (level) running.stop(level);
    else if (this.#cancelled.has(cell)) this.#end(running, 0);
  }

  delete(running: Running): void {
    this.#running.delete(running);
  }

  /** The next level for everything that runs. */
  escalate(): void {
    if (this.#level >= levels.length - 1) return;
    this.#level++;
    this.#controller.abort();
    const level = levels[this.#level] ?? 'kill';
    for (const running of this.#running.keys()) running.stop(level);
    clearTimeout(this.#timer);
    if (level === 'kill') return;
    const wait = level === 'interrupt' ? this.#grace.interruptMs : this.#grace.terminateMs;
    this.#timer = setTimeout(() => this.escalate(), wait);
    this.#timer.unref();
  }

  killAll(): void {
    for (const running of this.#running.keys()) running.stop('kill');
  }

  /** Ends some cells alone: what they make is not wanted any more. */
  cancel(cells: ReadonlySet<CellId>): void {
    for (const cell of cells) this.#cancelled.add(cell);
    for (const [running, cell] of this.#running) if (cells.has(cell)) this.#end(running, 0);
  }

  isCancelled(cell: CellId): boolean {
    return this.#cancelled.has(cell);
  }

  /** Level by level, as long as it runs. */
  #end(running: Running, at: number): void {
    const level = levels[at];
    if (level === undefined || !this.#running.has(running)) return;
    running.stop(level);
    const wait = level === 'interrupt' ? this.#grace.interruptMs : this.#grace.terminateMs;
    setTimeout(() => this.#end(running, at + 1), wait).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
