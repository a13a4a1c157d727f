/** Path sampling: fairness for every mask, uniformity, and going on from a saved state. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { operations } from '../../../../src/nas/space/architecture.ts';
import { available } from '../../../../src/nas/space/mask.ts';
import { variantSchema } from '../../../../src/nas/supernet/network/options.ts';
import { Sampler } from '../../../../src/nas/supernet/train/sampler.ts';

const masks = Array.from({ length: 31 }, (_, bits) => operations.filter((_, id) => bits & (1 << id)));

test('over any |O| consecutive batches counted from a step, every unmasked operation is used exactly once on every edge', () => {
  for (const mask of masks) {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('shared', 'not-shared'), (seed, topology) => {
        const sampler = new Sampler(variantSchema.parse({ mask, topology }), 6, seed);
        const left = available(mask);
        expect(sampler.period).toBe(left.length);
        for (let step = 0; step < 4; step++) {
          const paths = Array.from({ length: sampler.period }, () => sampler.next());
          for (let cell = 0; cell < 6; cell++)
            for (let edge = 0; edge < 6; edge++)
              expect(paths.map((path) => path[cell]![edge]!).sort()).toEqual(left);
        }
      }),
      { numRuns: 5 },
    );
  }
});

test('a period of five is kept under a mask, and only there is unfair', () => {
  const sampler = new Sampler(variantSchema.parse({ mask: ['zero'], fairPeriod: 'five' }), 1, 0);
  expect(sampler.period).toBe(5);
  const used = Array.from({ length: 5 }, () => sampler.next()[0]![0]!);
  expect(used).not.toContain(0);
  expect(used.length - new Set(used).size).toBe(1);
});

test('uniform sampling passes a chi-square test on every edge and on pairs of edges', () => {
  const sampler = new Sampler(variantSchema.parse({ sampling: 'uniform' }), 1, 1);
  expect(sampler.period).toBe(1);
  const draws = 20_000;
  const single = Array.from({ length: 6 }, () => new Float64Array(5));
  const pair = new Float64Array(25);
  for (let i = 0; i < draws; i++) {
    const path = sampler.next()[0]!;
    path.forEach((operation, edge) => {
      single[edge]![operation]!++;
    });
    pair[path[0] * 5 + path[5]]!++;
  }
  const chiSquare = (counts: Float64Array) =>
    counts.reduce((sum, count) => sum + (count - draws / counts.length) ** 2 / (draws / counts.length), 0);
  // Quantiles of the chi-square distribution at 0.999: 18.47 with 4 degrees of freedom, 51.18 with 24.
  for (const counts of single) expect(chiSquare(counts)).toBeLessThan(18.47);
  expect(chiSquare(pair)).toBeLessThan(51.18);
});

test('cells draw the same architecture when topology is shared, and their own when it is not', () => {
  const distinct = (topology: string) => {
    const sampler = new Sampler(variantSchema.parse({ topology }), 6, 2);
    return Array.from({ length: 20 }, () => new Set(sampler.next().map(String)).size);
  };
  expect(Math.max(...distinct('shared'))).toBe(1);
  expect(Math.min(...distinct('not-shared'))).toBeGreaterThan(1);
});

test('a sampler goes on from its state as if it had never stopped', () => {
  for (const overrides of [{}, { topology: 'not-shared' }, { sampling: 'uniform' }]) {
    const options = variantSchema.parse(overrides);
    const whole = new Sampler(options, 3, 4);
    for (let i = 0; i < 7; i++) whole.next();
    const saved: unknown = JSON.parse(JSON.stringify(whole.state));
    const resumed = new Sampler(options, 3, 99, saved as typeof whole.state);
    for (let i = 0; i < 50; i++) expect(resumed.next()).toEqual(whole.next());
  }
});
