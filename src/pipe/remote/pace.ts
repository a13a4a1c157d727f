/** Watches one transfer: one that all but stands still is a fault, one that outlasts a run of the cell is not worth it. */
import { bytesText, durationText } from '../../lib/format.ts';
import { RemoteFault } from './remote.ts';

/** Milliseconds and bytes; see `defaultPatience`. */
export interface Patience {
  /** A connection without a byte for so long is broken. */
  readonly silenceMs: number;
  /** In every such while at least `leastBytes` must move. */
  readonly slowMs: number;
  readonly leastBytes: number;
}

export const defaultPatience: Patience = { silenceMs: 10_000, slowMs: 15_000, leastBytes: 16 * 1024 };

/** The cell runs here sooner than its outs arrive. */
export class NotWorthIt extends Error {}

/** Before so many milliseconds nothing is said of a transfer's speed. */
const settledMs = 1_000;
const lookEachMs = 250;

export class Pace {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #marked = { at: performance.now(), bytes: 0 };

  /** `size`: bytes to come, 0: not known. `localMs`: what the cell takes when it runs here; null: not known. */
  constructor(
    patience: Patience,
    outer: AbortSignal,
    { size, localMs }: { readonly size: number; readonly localMs: number | null },
  ) {
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
    const step = Math.min(lookEachMs, patience.slowMs / 4);
    this.#timer = setInterval(() => this.#look(patience, size, localMs), step);
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(patience: Patience, size: number, localMs: number | null): void {
    const now = performance.now();
    if (now - this.#marked.at >= patience.slowMs) {
      if (this.#bytes - this.#marked.bytes < patience.leastBytes)
        this.#controller.abort(
          new RemoteFault(
            `only ${bytesText(this.#bytes - this.#marked.bytes)} came in ${durationText(patience.slowMs)}`,
          ),
        );
      this.#marked = { at: now, bytes: this.#bytes };
    }
    const spent = now - this.#started;
    if (localMs === null || spent < settledMs) return;
    const left = this.#bytes === 0 ? spent : (spent * Math.max(0, size - this.#bytes)) / this.#bytes;
    if (left > localMs) this.#controller.abort(new NotWorthIt());
  }
}
