/** Two samples of one distribution are not told apart oftener than the level says; of two, as often as the power says. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/nas/data/random.ts';
import { compareSamples } from '../../../src/nas/stats/two-samples.ts';

const draw = (random: Random, n: number, mean = 0) => Array.from({ length: n }, () => mean + random.normal());

describe('two samples', () => {
  test('the interval and the test of equality are those of scipy', () => {
    const a = [0.224, 0.201, 0.26, 0.31, 0.18];
    const b = [0.231, 0.19, 0.242, 0.281, 0.305];
    const one = compareSamples(a, b, 0.1);
    // scipy 1.17: ttest_ind(a, b, equal_var=False).confidence_interval(); two one-sided t tests by hand.
    expect(one.difference).toBeCloseTo(-0.0148, 12);
    expect(one.interval[0]).toBeCloseTo(-0.08528315081470143, 9);
    expect(one.interval[1]).toBeCloseTo(0.05568315081470142, 9);
    expect(one.pEqual).toBeCloseTo(0.011874251834358933, 9);
  });

  test('one distribution: a difference is found in about 5 %, whichever test looks', () => {
    const random = Random.stream(1, 'null');
    const found = Array.from({ length: 60 }, () => compareSamples(draw(random, 10), draw(random, 10), null));
    expect(found.filter(({ pMeans }) => pMeans <= 0.05).length).toBeLessThan(9);
    expect(found.filter(({ pDistributions }) => pDistributions <= 0.05).length).toBeLessThan(9);
    expect(found.filter(({ interval: [low, high] }) => low <= 0 && high >= 0).length).toBeGreaterThan(50);
  });

  test('a difference of the detectable size is found in most samples, half of it in few', () => {
    const random = Random.stream(2, 'shift');
    const found = (shift: number) =>
      Array.from({ length: 40 }, () =>
        compareSamples(draw(random, 10, shift), draw(random, 10), null),
      ).filter(({ pMeans }) => pMeans <= 0.05).length / 40;
    // 1.32 standard deviations at n = 10 and 10 (power 80 %).
    expect(found(1.32)).toBeGreaterThan(0.6);
    expect(found(0.4)).toBeLessThan(0.4);
  });

  test('no difference found is not equality: with a margin that the spread exceeds, the test of equality says so', () => {
    const random = Random.stream(3, 'margin');
    const [a, b] = [draw(random, 10), draw(random, 10)];
    const narrow = compareSamples(a, b, 0.2);
    expect(narrow.pEqual).toBeGreaterThan(0.05);
    expect(narrow.powerOfEqual).toBeLessThan(0.1);
    const wide = compareSamples(a, b, 3);
    expect(wide.pEqual).toBeLessThan(0.05);
    expect(wide.powerOfEqual).toBeGreaterThan(0.95);
  });

  test('equal means of another shape are told apart by their distributions', () => {
    const tight = Array.from({ length: 20 }, (_, i) => (i - 9.5) / 1000);
    const wide = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? -1 : 1) * (1 + i / 100));
    const one = compareSamples(tight, wide, null);
    expect(one.pMeans).toBeGreaterThan(0.5);
    expect(one.pDistributions).toBeLessThan(0.05);
  });
});
