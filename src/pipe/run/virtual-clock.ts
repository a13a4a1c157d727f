/** Time that passes only when everything that can happen now has happened: what a forecast waits by. */
import { Heap } from './heap.ts';

interface Waiter {
  readonly at: number;
  /** Of those that are due together, the one that began to wait first is woken first. */
  readonly order: number;
  readonly wake: () => void;
}

export class VirtualClock {
  readonly #waiters = new Heap<Waiter>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #now = 0;
  #order = 0;

  /** Milliseconds since it was made. */
  get now(): number {
    return this.#now;
  }

  after(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#waiters.push({ at: this.#now + ms, order: this.#order++, wake });
    });
  }

  /** Goes on to the next moment at which somebody is due, and wakes all that are. False: nobody waits. */
  step(): boolean {
    const first = this.#waiters.pop();
    if (first === undefined) return false;
    this.#now = first.at;
    first.wake();
    while (this.#waiters.peek()?.at === this.#now) this.#waiters.pop()?.wake();
    return true;
  }
}
