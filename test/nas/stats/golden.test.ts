import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pearson, spearman } from '../../../src/nas/stats/correlation.ts';
import { kendall } from '../../../src/nas/stats/kendall.ts';

const value = z.number().nullable();
const goldenSchema = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      x: z.array(value).optional(),
      y: z.array(value).optional(),
      generate: z.tuple([z.number(), z.number(), z.number()]).optional(),
      expected: z.object({ tauA: value, tauB: value, spearman: value, pearson: value }),
    }),
  ),
});
const golden = goldenSchema.parse(
  JSON.parse(readFileSync(new URL('../../golden/stats/golden.json', import.meta.url), 'utf8')),
);

/** The same numbers as make.py's `generated`. */
function generated(n: number, levels: number, seed: number): { x: number[]; y: number[] } {
  let state = BigInt(seed);
  const out = Array.from({ length: 2 * n }, () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return Number((state >> 8n) % BigInt(levels));
  });
  const x = out.slice(0, n);
  return { x, y: x.map((a, i) => (i % 3 ? (a + out[n + i]!) % levels : a)) };
}

describe('rank statistics equal scipy’s, and τ-a its definition', () => {
  test.each(golden.cases)('$name', ({ x, y, generate, expected }) => {
    const pairs = generate
      ? generated(...generate)
      : { x: x!.map((v) => v ?? Number.NaN), y: y!.map((v) => v ?? Number.NaN) };
    const { a, b } = kendall(pairs.x, pairs.y);
    const ours = {
      tauA: a,
      tauB: b,
      spearman: spearman(pairs.x, pairs.y),
      pearson: pearson(pairs.x, pairs.y),
    };
    for (const name of ['tauA', 'tauB', 'spearman', 'pearson'] as const) {
      if (expected[name] === null) expect(ours[name], name).toBeNull();
      else expect(ours[name], name).toBeCloseTo(expected[name], 12);
    }
  });
});
