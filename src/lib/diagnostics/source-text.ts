/** A text and its places: offsets as the parser has them, positions as people read them. */
import type { Position } from './diagnostic.ts';

/** Offsets in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Offsets of a text → positions of a file. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: readonly number[];
  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** Position of `span`, its length cut at the end of the first line. */
  at(span: Span): Position {
    const start = Math.min(span.start, this.text.length);
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] as number) <= start) low = middle;
      else high = middle - 1;
    }
    const lineEnd = (this.#lineStarts[low + 1] ?? this.text.length + 1) - 1;
    const marked = this.text.slice(start, Math.min(span.end, lineEnd)).trimEnd();
    return {
      file: this.file,
      line: low + 1,
      column: start - (this.#lineStarts[low] as number) + 1,
      length: Math.max(1, marked.length),
    };
  }
}
