import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { falseDiscovery, holm } from '../../../src/nas/stats/multiple.ts';
import { studentQuantile, studentTail } from '../../../src/nas/stats/student.ts';

const triples = z.array(z.tuple([z.number(), z.number(), z.number()]));
const golden = z
  .object({ tail: triples, quantile: triples, p: z.array(z.number()), falseDiscovery: z.array(z.number()) })
  .parse(JSON.parse(readFileSync(new URL('../../golden/stats/student.json', import.meta.url), 'utf8')));

test('tail probabilities of t and of the normal distribution agree with scipy to 11 digits', () => {
  for (const [t, df, tail] of golden.tail) {
    expect(Math.abs(studentTail(t, df) / tail - 1)).toBeLessThan(1e-11);
    expect(studentTail(-t, df)).toBeCloseTo(1 - tail, 12);
  }
});

test('quantiles agree with scipy', () => {
  for (const [p, df, t] of golden.quantile) expect(studentQuantile(p, df)).toBeCloseTo(t, 9);
});

test('false discovery rates agree with scipy, whatever the order', () => {
  for (const [i, value] of falseDiscovery(golden.p).entries())
    expect(value).toBeCloseTo(golden.falseDiscovery[i]!, 12);
});

test('Holm: the smallest is multiplied by how many there are, and none falls below one before it', () => {
  expect(holm([0.03, 0.01, 0.04])).toEqual([0.06, 0.03, 0.06]);
  expect(holm([0.5, 0.9])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});
