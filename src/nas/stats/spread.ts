/** Mean and spread over seeds. Undefined values are counted out, never zero. */

export interface Spread {
  /** null: no value was defined. */
  readonly mean: number | null;
  /** Sample standard deviation (n − 1); null below two values. */
  readonly std: number | null;
  /** Defined values. */
  readonly n: number;
}

export function spreadOf(values: readonly (number | null)[]): Spread {
  const defined = values.filter((value) => value !== null);
  const n = defined.length;
  if (n === 0) return { mean: null, std: null, n };
  const mean = defined.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, std: null, n };
  const squares = defined.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (n - 1)), n };
}
