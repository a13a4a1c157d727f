/**
 * 95 % percentile intervals of the rank statistics by resampling architectures (and networks) with replacement. Pairs are
 * sorted once; a resample is a multiplicity for each, so that it costs no sort.
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
  resampling: Resampling,
): Intervals {
  const pairs = completePairs(x, y);
  return meanIntervals([pairs.x], pairs.y, resampling);
}

/**
 * Intervals of each statistic's mean over networks that predict the same architectures: each resample draws networks and,
 * the same for all of them, architectures. `predicted`: a network each, no NaN. Throws RangeError when lengths differ.
 */
export function meanIntervals(
  predicted: readonly ArrayLike<number>[],
  benchmark: ArrayLike<number>,
  { seed, resamples }: Resampling,
): Intervals {
  const n = benchmark.length;
  const values: Record<keyof Intervals, number[]> = {
    tauA: [],
    tauB: [],
    spearman: [],
    pearson: [],
    mean: [],
  };
  const names = Object.keys(values) as (keyof Intervals)[];
  if (n >= 2 && predicted.length > 0) {
    const random = Random.stream(seed, 'bootstrap');
    const truth = Float64Array.from(benchmark);
    const networks = predicted.map((x) => sortPairs(Float64Array.from(x), truth));
    for (let sample = 0; sample < resamples; sample++) {
      const times = new Uint32Array(n);
      for (let i = 0; i < n; i++) times[random.int(n)]!++;
      const ofNetwork = new Map<number, Record<keyof Intervals, number | null>>();
      const drawn = networks.map(() => {
        const which = networks.length === 1 ? 0 : random.int(networks.length);
        const known = ofNetwork.get(which) ?? statisticsOf(networks[which]!, times);
        ofNetwork.set(which, known);
        return known;
      });
      for (const name of names) {
        const defined = drawn.map((one) => one[name]).filter((value) => value !== null);
        if (defined.length > 0)
          values[name].push(defined.reduce((sum, value) => sum + value, 0) / defined.length);
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
  /** Pairs by their place below. */
  readonly order: Uint32Array;
  /** Ascending by x, then by y. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Places in that order, ascending by y. */
  readonly byY: Uint32Array;
}

function sortPairs(x: Float64Array, y: Float64Array): SortedPairs {
  if (x.length !== y.length) throw new RangeError(`${x.length} predictions but ${y.length} accuracies`);
  const order = Uint32Array.from(x, (_, i) => i).sort((i, j) => x[i]! - x[j]! || y[i]! - y[j]!);
  const xs = Float64Array.from(order, (i) => x[i]!);
  const ys = Float64Array.from(order, (i) => y[i]!);
  return { order, x: xs, y: ys, byY: Uint32Array.from(ys, (_, i) => i).sort((i, j) => ys[i]! - ys[j]!) };
}

/** `timesOf`: how often each pair was drawn, in the pairs' own order. */
function statisticsOf(
  { order, x, y, byY }: SortedPairs,
  timesOf: Uint32Array,
): Record<keyof Intervals, number | null> {
  const n = x.length;
  const times = Uint32Array.from(order, (pair) => timesOf[pair]!);
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
  const total = (n * (n - 1)) / 2;
  const different = total - times.reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
  const rankX = ranksOf(n, (i) => i, x, times);
  const rankY = ranksOf(n, (i) => byY[i]!, y, times);
  return {
    // An architecture drawn twice is tied with itself; counted as a pair it would pull τ-a towards 0.
    tauA: a === null || different === 0 ? null : Math.max(-1, Math.min(1, (a * total) / different)),
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
