/** Counts what goes to and comes from a remote, reports it now and then, and how long a transfer is likely to take. */

export type Direction = 'down' | 'up';

export interface Moved {
  /** Results that are whole there, or here. */
  readonly results: number;
  readonly bytes: number;
  /** Bytes of all transfers that have begun. */
  readonly expected: number;
}

const sayEachMs = 250;
/** Fewer bytes say nothing of a connection's speed. */
const tellingBytes = 256 * 1024;

export class Tally {
  readonly #say: (direction: Direction, moved: Moved) => void;
  readonly #moved: Record<Direction, Moved> = {
    down: { results: 0, bytes: 0, expected: 0 },
    up: { results: 0, bytes: 0, expected: 0 },
  };
  readonly #said: Record<Direction, number> = { down: 0, up: 0 };
  #answerMs = 0;
  #answers = 0;
  /** While bytes came down, and how many. */
  #first: number | null = null;
  #last = 0;

  constructor(say: (direction: Direction, moved: Moved) => void) {
    this.#say = say;
  }

  of(direction: Direction): Moved {
    return this.#moved[direction];
  }

  expect(direction: Direction, bytes: number): void {
    const moved = this.#moved[direction];
    this.#moved[direction] = { ...moved, expected: moved.expected + bytes };
  }

  bytes(direction: Direction, bytes: number): void {
    const moved = this.#moved[direction];
    this.#moved[direction] = { ...moved, bytes: moved.bytes + bytes };
    const now = performance.now();
    if (direction === 'down') {
      this.#first ??= now;
      this.#last = now;
    }
    if (now - this.#said[direction] < sayEachMs) return;
    this.#said[direction] = now;
    this.#say(direction, this.#moved[direction]);
  }

  moved(direction: Direction): void {
    const moved = this.#moved[direction];
    this.#moved[direction] = { ...moved, results: moved.results + 1 };
  }

  answered(ms: number): void {
    this.#answers++;
    this.#answerMs += (ms - this.#answerMs) / Math.min(this.#answers, 20);
  }

  /** Milliseconds until the remote answers whether it has a result; 0: not known. */
  get answerMs(): number {
    return this.#answerMs;
  }

  /** Milliseconds that so many bytes are likely to take, by what came so far; 0: not known. */
  transferMs(bytes: number): number {
    const came = this.#moved.down.bytes;
    if (this.#first === null || came < tellingBytes) return 0;
    return (bytes * (this.#last - this.#first)) / came;
  }
}
