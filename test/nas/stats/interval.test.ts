/** Intervals by resampling: that a resample's statistics are those of the pairs drawn, and that intervals cover. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/nas/data/random.ts';
import { pearson, spearman } from '../../../src/nas/stats/correlation.ts';
import { correlationIntervals, meanIntervals, percentiles } from '../../../src/nas/stats/interval.ts';
import { kendall } from '../../../src/nas/stats/kendall.ts';

/** Correlated pairs with ties. */
function pairs(n: number, seed: number, slope: number) {
  const random = Random.stream(seed, 'pairs');
  const x = Float64Array.from({ length: n }, () => Math.round(random.normal() * 5));
  return { x, y: Float64Array.from(x, (value) => Math.round(slope * value + random.normal() * 5)) };
}

/** All pairs over those of two different items: one drawn twice is no pair with itself. */
function withoutRepeats(drawn: readonly number[]): number {
  let different = 0;
  for (let i = 0; i < drawn.length; i++) for (let j = 0; j < i; j++) if (drawn[i] !== drawn[j]) different++;
  return (drawn.length * (drawn.length - 1)) / 2 / different;
}

describe('intervals', () => {
  test('are those of the statistics computed anew on every resample', () => {
    const { x, y } = pairs(60, 1, 0.5);
    const resampling = { seed: 3, resamples: 40 };
    const random = Random.stream(resampling.seed, 'bootstrap');
    const anew = { tauA: [], tauB: [], spearman: [], pearson: [], mean: [] } as Record<string, number[]>;
    for (let sample = 0; sample < resampling.resamples; sample++) {
      const drawn = Array.from(x, () => random.int(x.length));
      const [xs, ys] = [drawn.map((i) => x[i]!), drawn.map((i) => y[i]!)];
      anew.tauA!.push(kendall(xs, ys).a! * withoutRepeats(drawn));
      anew.tauB!.push(kendall(xs, ys).b!);
      anew.spearman!.push(spearman(xs, ys)!);
      anew.pearson!.push(pearson(xs, ys)!);
      anew.mean!.push(xs.reduce((sum, value) => sum + value, 0) / xs.length);
    }
    const ours = correlationIntervals(x, y, resampling);
    for (const name of ['tauA', 'tauB', 'spearman', 'pearson', 'mean'] as const) {
      const [low, high] = percentiles(anew[name]!, resampling.resamples)!;
      expect(ours[name]![0], name).toBeCloseTo(low, 12);
      expect(ours[name]![1], name).toBeCloseTo(high, 12);
    }
  });

  test('of several networks are those of the mean over networks drawn, on the same architectures', () => {
    const { x, y } = pairs(40, 2, 0.5);
    const other = pairs(40, 3, 0).x;
    const resampling = { seed: 4, resamples: 30 };
    const random = Random.stream(resampling.seed, 'bootstrap');
    const anew: number[] = [];
    for (let sample = 0; sample < resampling.resamples; sample++) {
      const drawn = Array.from(x, () => random.int(x.length));
      const networks = [0, 1].map(() => [x, other][random.int(2)]!);
      const taus = networks.map(
        (one) =>
          kendall(
            drawn.map((i) => one[i]!),
            drawn.map((i) => y[i]!),
          ).a! * withoutRepeats(drawn),
      );
      anew.push((taus[0]! + taus[1]!) / 2);
    }
    const ours = meanIntervals([x, other], y, resampling).tauA!;
    const [low, high] = percentiles(anew, resampling.resamples)!;
    expect(ours[0]).toBeCloseTo(low, 12);
    expect(ours[1]).toBeCloseTo(high, 12);
  });

  test('cover no correlation about 95 times of 100 when there is none', () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { x, y } = pairs(100, 100 + trial, 0);
      const [low, high] = correlationIntervals(x, y, { seed: trial, resamples: 200 }).tauA!;
      if (low <= 0 && 0 <= high) covered++;
    }
    // Binomial(200, .95): mean 190, standard deviation 3.
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  test('of a perfect ranking are 1, though an architecture is drawn more than once', () => {
    const x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(correlationIntervals(x, x, { seed: 0, resamples: 200 })).toMatchObject({
      tauA: [1, 1],
      tauB: [1, 1],
    });
  });

  test('there are none of a constant, of one pair or of nothing', () => {
    const none = { tauB: null, spearman: null, pearson: null };
    expect(correlationIntervals([1, 1, 1], [1, 2, 3], { seed: 0, resamples: 50 })).toMatchObject(none);
    expect(correlationIntervals([1], [2], { seed: 0, resamples: 50 })).toMatchObject({ ...none, tauA: null });
    expect(correlationIntervals([], [], { seed: 0, resamples: 50 }).mean).toBeNull();
  });

  test('15,625 pairs and 200 resamples take less than two seconds of processor time', () => {
    const { x, y } = pairs(15_625, 5, 1);
    const start = process.cpuUsage();
    correlationIntervals(x, y, { seed: 0, resamples: 200 });
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
