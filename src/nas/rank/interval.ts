/**
 * 95 % percentile intervals of the rank statistics by resampling architectures with replacement. Pairs are sorted once;
 * a resample is a multiplicity for each, so that it costs no sort.
 */
import { Random } from '../data/random.ts';
import { completePairs, kendallOfSorted } from './kendall.ts';

export type Interval = readonly [low: number, high: number];

export interface Intervals {
  readonly tauA: Interval | null;
  readonly tauB: Interval | null;
  readonly spearman: Interval | null;
  readonly pearson: Interval | null;
  /** Of the mean of x: the predicted accuracy. */
  readonly mean: Interval | null;
}

export interface Resampling {
  readonly seed: number;
  readonly resamples: number;
}

/**
 * Intervals of each statistic of n pairs, and of the mean of x. A statistic that is undefined in more than half of the
 * resamples has none (null), nor has anything below two pairs.
 */
export function correlationIntervals(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { seed, resamples }: Resampling,
): Intervals {
  const pairs = completePairs(x, y);
  const n = pairs.x.length;
  const values = { tauA: [], tauB: [], spearman: [], pearson: [], mean: [] } as Record<
    keyof Intervals,
    number[]
  >;
  if (n >= 2) {
    const random = Random.stream(seed, 'bootstrap');
    const sorted = sortPairs(pairs.x, pairs.y);
    const times = new Uint32Array(n);
    for (let sample = 0; sample < resamples; sample++) {
      times.fill(0);
      for (let i = 0; i < n; i++) times[random.int(n)]!++;
      const one = statisticsOf(sorted, times);
      for (const name of Object.keys(values) as (keyof Intervals)[]) {
        const value = one[name];
        if (value !== null) values[name].push(value);
      }
    }
  }
  const interval = (name: keyof Intervals) => percentiles(values[name], resamples);
  return {
    tauA: interval('tauA'),
    tauB: interval('tauB'),
    spearman: interval('spearman'),
    pearson: interval('pearson'),
    mean: interval('mean'),
  };
}

/** The 2.5 % and 97.5 % points; null when fewer than half of the values are there. Sorts `values`. */
export function percentiles(values: number[], wanted: number): Interval | null {
  if (values.length === 0 || values.length < wanted / 2) return null;
  values.sort((a, b) => a - b);
  const at = (p: number) => {
    const place = p * (values.length - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, values.length - 1);
    return values[low]! + (place - low) * (values[high]! - values[low]!);
  };
  return [at(0.025), at(0.975)];
}

interface SortedPairs {
  /** Ascending by x, then by y. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Places in that order, ascending by y. */
  readonly byY: Uint32Array;
}

function sortPairs(x: Float64Array, y: Float64Array): SortedPairs {
  const order = Uint32Array.from(x, (_, i) => i).sort((i, j) => x[i]! - x[j]! || y[i]! - y[j]!);
  const xs = Float64Array.from(order, (i) => x[i]!);
  const ys = Float64Array.from(order, (i) => y[i]!);
  return { x: xs, y: ys, byY: Uint32Array.from(ys, (_, i) => i).sort((i, j) => ys[i]! - ys[j]!) };
}

function statisticsOf(
  { x, y, byY }: SortedPairs,
  times: Uint32Array,
): Record<keyof Intervals, number | null> {
  const n = x.length;
  const xs = new Float64Array(n);
  const ys = new Float64Array(n);
  let at = 0;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let k = times[i]!; k > 0; k--) {
      xs[at] = x[i]!;
      ys[at++] = y[i]!;
      sum += x[i]!;
    }
  }
  const { a, b } = kendallOfSorted(xs, ys);
  const rankX = ranksOf(n, (i) => i, x, times);
  const rankY = ranksOf(n, (i) => byY[i]!, y, times);
  return {
    tauA: a,
    tauB: b,
    spearman: weightedPearson(rankX, rankY, times),
    pearson: weightedPearson(x, y, times),
    mean: sum / n,
  };
}

/** Average ranks of the resample, by place; `order` ascends by value. */
function ranksOf(
  n: number,
  order: (i: number) => number,
  values: Float64Array,
  times: Uint32Array,
): Float64Array {
  const ranks = new Float64Array(n);
  let before = 0;
  for (let start = 0; start < n; ) {
    let end = start;
    let count = 0;
    while (end < n && values[order(end)] === values[order(start)]) count += times[order(end++)]!;
    for (let i = start; i < end; i++) ranks[order(i)] = before + (count + 1) / 2;
    before += count;
    start = end;
  }
  return ranks;
}

function weightedPearson(x: Float64Array, y: Float64Array, times: Uint32Array): number | null {
  const n = x.length;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < n; i++) {
    meanX += times[i]! * x[i]!;
    meanY += times[i]! * y[i]!;
  }
  meanX /= n;
  meanY /= n;
  let sumXY = 0;
  let sumXX = 0;
  let sumYY = 0;
  let [leastX, mostX, leastY, mostY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    if (times[i] === 0) continue;
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    sumXY += times[i]! * dx * dy;
    sumXX += times[i]! * dx * dx;
    sumYY += times[i]! * dy * dy;
    leastX = Math.min(leastX, x[i]!);
    mostX = Math.max(mostX, x[i]!);
    leastY = Math.min(leastY, y[i]!);
    mostY = Math.max(mostY, y[i]!);
  }
  if (leastX === mostX || leastY === mostY) return null;
  return Math.max(-1, Math.min(1, sumXY / (Math.sqrt(sumXX) * Math.sqrt(sumYY))));
}
