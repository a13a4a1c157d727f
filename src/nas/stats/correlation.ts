/** Pearson's and Spearman's correlation coefficients (paper, appendix D: PCC and SCC). Undefined is null. */
import { completePairs } from './kendall.ts';

/** Linear correlation of the pairs without NaN; null below two pairs or when one side is constant. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const pairs = completePairs(x, y);
  const n = pairs.x.length;
  if (n < 2 || isConstant(pairs.x) || isConstant(pairs.y)) return null;
  const meanX = mean(pairs.x);
  const meanY = mean(pairs.y);
  let sumXY = 0;
  let sumXX = 0;
  let sumYY = 0;
  for (let i = 0; i < n; i++) {
    const dx = pairs.x[i]! - meanX;
    const dy = pairs.y[i]! - meanY;
    sumXY += dx * dy;
    sumXX += dx * dx;
    sumYY += dy * dy;
  }
  const scale = Math.sqrt(sumXX) * Math.sqrt(sumYY);
  return scale > 0 ? Math.max(-1, Math.min(1, sumXY / scale)) : null;
}

/** Pearson's coefficient of the ranks; equal values share the mean of their ranks. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const pairs = completePairs(x, y);
  return pearson(averageRanks(pairs.x), averageRanks(pairs.y));
}

/** Ranks from 1; a run of equal values gets the mean of the ranks it takes. No NaN. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(n);
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}
