/** How a remote behaves: after a few failures in a row it is given up for the rest of the run, with one warning. */
export class Health {
  readonly #name: string;
  readonly #giveUpAfter: number;
  readonly #warn: (text: string) => void;
  readonly #reported = new Set<string>();
  #inARow = 0;
  #failures = 0;
  #last = '';
  #over = false;

  constructor(name: string, giveUpAfter: number, warn: (text: string) => void) {
    this.#name = name;
    this.#giveUpAfter = giveUpAfter;
    this.#warn = warn;
  }

  get over(): boolean {
    return this.#over;
  }

  get failures(): number {
    return this.#failures;
  }

  /** What went wrong last; empty: nothing did. */
  get last(): string {
    return this.#last;
  }

  well(): void {
    this.#inARow = 0;
  }

  failed(why: string): void {
    this.#failures++;
    this.#last = why;
    if (++this.#inARow < this.#giveUpAfter || this.#over) return;
    this.#over = true;
    this.#warn(
      `the remote ${this.#name} is given up after ${this.#inARow} failures in a row, the last: ${why}; all goes on without it`,
    );
  }

  /** Says something of one kind once. */
  report(kind: string, text: string): void {
    if (this.#reported.has(kind)) return;
    this.#reported.add(kind);
    this.#warn(text);
  }

  /** At the end, what was not said yet. */
  close(): void {
    if (this.#over || this.#failures === 0) return;
    const times = this.#failures === 1 ? 'once' : `${this.#failures} times`;
    this.#warn(
      `the remote ${this.#name} failed ${times}, the last: ${this.#last}; what it failed at was done without it`,
    );
  }
}
