/** Everything that is wrong in one text, collected. What repeats itself is reported once. */
import type { Diagnostic, Position } from './diagnostic.ts';
import type { SourceText } from './source-text.ts';

export type Report = (rule: string, at: Position, message: string, hint?: string) => void;

/** Mistakes of one rule at one place that are reported one by one; of the others the number. */
const eachAtOnePlace = 3;

/** A text that is read, and where what is wrong with it goes. */
export type DiagnosedText = Pick<Diagnostics, 'source' | 'report'>;

/**
 * A text behind an anchor is read once per use, and the cells of a stage share its text: the same mistake at the same
 * place is one mistake. Two different mistakes at one place are two; where thousands of cells each have one of their
 * own, the first three are shown and the others counted.
 */
export class Diagnostics<Source extends SourceText | null = SourceText> {
  /** The text that they are of; null: of no one text. */
  readonly source: Source;
  readonly #seen = new Set<string>();
  readonly #places = new Map<string, { readonly at: Position; readonly rule: string; count: number }>();
  readonly #all: Diagnostic[] = [];

  constructor(source: Source) {
    this.source = source;
  }

  /** Bound, so that it can be handed on. */
  readonly report: Report = (rule, at, message, hint) => {
    const place = JSON.stringify([at.file, at.line, at.column, rule]);
    const same = JSON.stringify([place, message]);
    if (this.#seen.has(same)) return;
    this.#seen.add(same);
    const here = this.#places.get(place) ?? { at, rule, count: 0 };
    here.count++;
    this.#places.set(place, here);
    if (here.count <= eachAtOnePlace) this.#all.push(errorOf(rule, at, message, hint));
  };

  /** In the order in which they were found; what is only counted comes last. */
  get all(): readonly Diagnostic[] {
    const counted = [...this.#places.values()].flatMap(({ at, rule, count }) =>
      count > eachAtOnePlace ? [errorOf(rule, at, `${count - eachAtOnePlace} more like these, here`)] : [],
    );
    return [...this.#all, ...counted];
  }

  get failed(): boolean {
    return this.#all.some(({ severity }) => severity === 'error');
  }
}

function errorOf(rule: string, at: Position, message: string, hint?: string): Diagnostic {
  return { severity: 'error', rule, message, at, ...(hint === undefined ? {} : { hint }) };
}
