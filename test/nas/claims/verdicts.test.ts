/** A verdict needs data, seeds, scale and an interval on its side. */
import { describe, expect, test } from 'vitest';
import { judgeClaims } from '../../../src/nas/claims/claims.ts';
import { everything, falls, fileOf, five, judge, network, paperScale } from './networks.ts';

describe('verdicts', () => {
  test('an effect whose whole interval lies in its region is a verdict', () => {
    expect(judge(falls, five(-2))).toMatchObject({ verdict: 'supported', n: 5 });
    expect(judge(falls, five(2))).toMatchObject({ verdict: 'contradicted', n: 5 });
    expect(judge(falls, five(-2)).effect).toBeCloseTo(-2, 0);
  });

  test('an interval that reaches out of the region leaves the claim undecided', () => {
    const mixed = [network('0', -2), network('1', -1.5), network('2', 1.5)];
    const one = judge(falls, mixed);
    expect(one.effect).toBeLessThan(0);
    expect(one.interval![1]).toBeGreaterThan(0);
    expect(one.verdict).toBe('undecided');
  });

  test('no effect that matters takes an interval inside the margin, not one that merely reaches zero', () => {
    const within = { effect: "slope('S/all')", supported: 'within 1', contradicted: 'beyond 1' };
    expect(judge(within, five(0.1)).verdict).toBe('supported');
    expect(judge(within, five(3)).verdict).toBe('contradicted');
    const wide = [network('0', -3), network('1', 0), network('2', 3)];
    expect(judge(within, wide).effect).toBeCloseTo(0, 0);
    expect(judge(within, wide).verdict).toBe('undecided');
  });

  test('a difference is of the same seeds: what they share falls out', () => {
    const difference = {
      effect: "slope('S/no-zero') - slope('S/all')",
      supported: '< 0',
      contradicted: '> 0',
    };
    // Seeds differ by far more than the spaces do.
    const slopes = [-6, -3, 0, 3, 6];
    const pairs = slopes.flatMap((slope, seed) => [
      network(String(seed), slope),
      network(String(seed), slope - 1, 'no-zero'),
    ]);
    expect(judge(difference, pairs)).toMatchObject({ verdict: 'supported', n: 5 });
    const apart = pairs.map((one, i) => ({ ...one, axes: { ...one.axes, seed: String(i) } }));
    expect(judge(difference, apart).verdict).toBe('undecided');
    expect(judge(difference, apart).detail).toContain('have no seed in common');
  });

  test('architectures are uncertain as well: with few of them the interval is wider than the seeds make it', () => {
    const random = { effect: "A('S/all', 10)", supported: '< 50', contradicted: '> 60' };
    const noisy = ['0', '1', '2'].map((seed) => {
      const one = network(seed, 0, 'all', 0);
      // The same peculiarity of each architecture in every seed: seeds agree, architectures do not.
      return {
        ...one,
        rows: one.rows.map((row) => ({ ...row, predicted: row.predicted + (row.index % 7) })),
      };
    });
    const [low, high] = judge(random, noisy).interval!;
    expect(high - low).toBeGreaterThan(1);
  });

  test('a claim of several parts is contradicted by one only after correction for their number', () => {
    const seeds = [0.5, 1, 1.2, 1.8].map((slope, seed) => network(String(seed), slope));
    const single = judgeClaims(fileOf([falls]), {
      networks: seeds,
      benchmark: everything,
      scale: paperScale,
    });
    expect(single[0]!.verdict).toBe('contradicted');
    const many = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? falls : { ...falls, effect: `slope('S/all') * ${i % 2 === 0 ? 1 : -1}` },
    );
    const corrected = judgeClaims(fileOf(many), {
      networks: seeds,
      benchmark: everything,
      scale: paperScale,
    });
    expect(corrected[0]!.verdict).toBe('undecided');
  });

  test('`every` needs all variants, `some` one, and `$` stands for each', () => {
    const networks = [...five(-2, 'no-zero'), ...five(2, 'no-pool')];
    const part = { effect: "slope('$')", supported: '< 0', contradicted: '> 0' };
    expect(judge({ ...part, every: 'S/*' }, networks).verdict).toBe('contradicted');
    expect(judge({ ...part, some: 'S/*' }, networks).verdict).toBe('supported');
    expect(judge({ ...part, some: 'S/*' }, networks).detail).toContain('(S/no-zero)');
    expect(judge({ ...part, some: 'M/*' }, networks).detail).toContain('no variant like M/* was run');
  });

  test('too few seeds, too small a scale either way, or generated images: no verdict', () => {
    const two = five(2).slice(0, 2);
    expect(judge(falls, two)).toMatchObject({ verdict: 'undecided', n: 2, planned: 5 });
    expect(judge(falls, two).detail).toContain('2 of the 3 seeds');
    for (const slope of [-2, 2])
      expect(judge(falls, five(slope), { ...paperScale, epochs: 10 }).detail).toContain('epochs 10 of 15');
    expect(judge(falls, five(-2), { ...paperScale, embedded: true }).verdict).toBe('undecided');
  });

  test('a verdict at a smaller scale than the paper’s says so', () => {
    const small = judge(falls, five(-2), { ...paperScale, epochs: 50 });
    expect(small.verdict).toBe('supported');
    expect(small.scale).toContain('; the paper: 32 channels, 2 cells per stage, 250 epochs');
    expect(judge(falls, five(-2)).scale).not.toContain('the paper');
  });

  test('a variant that was not run leaves the claim undecided and is named', () => {
    const one = judge({ ...falls, effect: "slope('S/no-zero')" }, five(-1));
    expect(one).toMatchObject({ verdict: 'undecided', effect: null, interval: null, n: 0 });
    expect(one.detail).toContain('S/no-zero/baseline was not run');
  });

  test('an undefined correlation is missing, not zero', () => {
    const flat = five(0).map((one) => ({ ...one, rows: one.rows.map((row) => ({ ...row, predicted: 10 })) }));
    const one = judge(
      { effect: "pearson('S/all', 'random')", supported: '<= 0', contradicted: '> 0.5' },
      flat,
    );
    expect(one).toMatchObject({ verdict: 'undecided', effect: null });
  });

  test('the same results give the same verdicts', () => {
    expect(judge(falls, five(0.5))).toEqual(judge(falls, five(0.5)));
  });
});
