/** Mean and spread over seeds, and percentile intervals by the bootstrap. Undefined values are counted out, never zero. */
import { Random } from '../data/random.ts';

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

/**
 * 95 % percentile interval of a statistic of `n` items: the statistic is computed on `resamples` samples of n items drawn
 * with replacement. Samples on which it is undefined are left out; null when fewer than half are defined or n < 2.
 */
export function bootstrapInterval(
  n: number,
  statistic: (items: Uint32Array) => number | null,
  { seed, resamples }: { readonly seed: number; readonly resamples: number },
): readonly [low: number, high: number] | null {
  if (n < 2) return null;
  const random = Random.stream(seed, 'bootstrap');
  const values: number[] = [];
  const items = new Uint32Array(n);
  for (let sample = 0; sample < resamples; sample++) {
    for (let i = 0; i < n; i++) items[i] = random.int(n);
    const value = statistic(items);
    if (value !== null) values.push(value);
  }
  if (values.length < resamples / 2) return null;
  values.sort((a, b) => a - b);
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** Linear between the two nearest of ascending values. */
function quantile(sorted: readonly number[], p: number): number {
  const place = p * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}
