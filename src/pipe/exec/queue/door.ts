/** Lets so many in that what is inside and what waits beyond stays below a bound; the others wait in the order they came. */

export class Door {
  readonly #most: number;
  /** How much waits beyond it. */
  readonly #beyond: () => number;
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  constructor(most: number, beyond: () => number) {
    this.#most = most;
    this.#beyond = beyond;
  }

  /** Settles when there is room; the answer is called when whoever came in has gone through. */
  async enter(): Promise<() => void> {
    await new Promise<void>((enter) => {
      this.#waiting.add(enter);
      this.open();
    });
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#inside--;
      this.open();
    };
  }

  /** To be called when less waits beyond. */
  open(): void {
    for (const enter of this.#waiting) {
      if (this.#inside + this.#beyond() >= this.#most) return;
      this.#waiting.delete(enter);
      this.#inside++;
      enter();
    }
  }
}
