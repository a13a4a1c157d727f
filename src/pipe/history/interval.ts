/** The mean of a few paired differences and how sure it is: a 95 % interval by Student's t. */

export interface MeanInterval {
  readonly mean: number;
  readonly n: number;
  /** Null: one value, which says nothing of its spread. */
  readonly interval: readonly [number, number] | null;
}

/** Two-sided 97.5 % points of Student's t for 1 to 10 degrees of freedom; beyond, the expansion below is exact to three digits. */
const points = [12.706, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];

/** Null: no values. */
export function meanInterval(values: readonly number[]): MeanInterval | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, n, interval: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = quantile(n - 1) * Math.sqrt(variance / n);
  return { mean, n, interval: [mean - half, mean + half] };
}

/** Cornish–Fisher expansion (Abramowitz and Stegun 26.7.5). */
function quantile(freedom: number): number {
  const exact = points[freedom - 1];
  if (exact !== undefined) return exact;
  const z = 1.959964;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}
