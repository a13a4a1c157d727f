/** What a Ctrl-C does. First: nothing new, ask the running stages to end, then tell them; second: tell now; third: kill. */
import type { Running, StopLevel } from '../exec/executor.ts';
import type { Grace } from '../exec/grace.ts';

const levels: readonly StopLevel[] = ['interrupt', 'terminate', 'kill'];

export class Stopper {
  readonly #grace: Grace;
  readonly #running = new Set<Running>();
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
  add(running: Running): void {
    this.#running.add(running);
    const level = levels[this.#level];
    if (level) running.stop(level);
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
    for (const running of this.#running) running.stop(level);
    clearTimeout(this.#timer);
    if (level === 'kill') return;
    const wait = level === 'interrupt' ? this.#grace.interruptMs : this.#grace.terminateMs;
    this.#timer = setTimeout(() => this.escalate(), wait);
    this.#timer.unref();
  }

  killAll(): void {
    for (const running of this.#running) running.stop('kill');
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
