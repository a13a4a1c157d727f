/** The claims of the paper: those of claims.yaml. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBenchCsv } from '../../../src/nas/benchmark/csv.ts';
import { judgeClaims } from '../../../src/nas/claims/claims.ts';
import { BenchmarkFacts } from '../../../src/nas/claims/functions.ts';
import { claimsJunit } from '../../../src/nas/claims/junit.ts';
import { powerOf } from '../../../src/nas/claims/power.ts';
import { readClaims } from '../../../src/nas/claims/read.ts';
import { spreadOf } from '../../../src/nas/stats/spread.ts';
import { realTable } from '../../kit/real-data.ts';
import { falls, five, judge, paperScale } from './networks.ts';

describe('the claims of the paper', () => {
  const file = readClaims(readFileSync('claims.yaml', 'utf8'), 'claims.yaml');

  test('are there with an id each, and undecided without a network', () => {
    expect(file.claims.map(({ id }) => id)).toEqual(file.claims.map((_, i) => String(i + 1)));
    const nothing = { networks: [], benchmark: new BenchmarkFacts([], new Map()), scale: paperScale };
    const verdicts = judgeClaims(file, nothing);
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['undecided']));
    expect(verdicts.every(({ detail }) => detail.length > 0)).toBe(true);
  });

  test.skipIf(!existsSync(realTable))('those about the benchmark are decided by the benchmark alone', () => {
    const { rows } = parseBenchCsv(readFileSync(realTable, 'utf8'), realTable);
    const real = rows
      .filter(({ dataset, split, hp }) => dataset === 'cifar10-valid' && split === 'x-valid' && hp === 200)
      .map(({ index, ops, accuracy }) => ({ index, ops, accuracy }));
    const benchmark = new BenchmarkFacts(real, new Map());
    const verdicts = judgeClaims(file, { networks: [], benchmark, scale: paperScale });
    const of = (id: string) => verdicts.find((one) => one.id === id)!;
    expect(of('5')).toMatchObject({ verdict: 'supported', n: 1, planned: 1, interval: null });
    // Of the 3,000 positions of the top-500, 1,125 hold a conv3x3.
    expect(of('5').detail).toContain('over 5·N as the paper counts: 0.45');
    expect(of('5').detail).toContain("share('none', 'conv3x3', 500) = 0.38");
    expect(of('17').verdict).toBe('supported');
    // Of the top-500, 26 % use neither zero nor pool; of the top-10, 70 %.
    expect(of('29')).toMatchObject({ verdict: 'contradicted' });
    expect(of('29').effect).toBeCloseTo(0.26, 2);
  });

  test('JUnit: contradicted is a failure, undecided is skipped, and text is escaped', () => {
    const claims = [
      { ...judge(falls, five(2)), statement: 'a < b & "c"' },
      judge(falls, []),
      judge(falls, five(-2)),
    ];
    const xml = claimsJunit(claims);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot;');
  });

  test('on synthetic studies no claim is supported where nothing has an effect, none contradicted where the paper is right', () => {
    const rows = powerOf(file, { seeds: [5], studies: 6 });
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(({ supportedWhenNull }) => supportedWhenNull > 1 / 6)).toEqual([]);
    expect(rows.filter(({ contradictedWhenTrue }) => contradictedWhenTrue > 1 / 6)).toEqual([]);
    // A logic that decides nothing would pass the two lines above.
    expect(rows.filter(({ supportedWhenTrue }) => supportedWhenTrue >= 0.5).length).toBeGreaterThan(3);
    // Each part by itself is as claimed in about `level` of the studies in which it is not true, and 95 % intervals hold the
    // truth about that often. Means over the claims: of six studies none says much by itself.
    const meanOf = (values: readonly (number | null)[]) => spreadOf(values).mean!;
    expect(meanOf(rows.map(({ partSupportedWhenNull }) => partSupportedWhenNull))).toBeLessThan(0.15);
    expect(meanOf(rows.map(({ coverage }) => coverage))).toBeGreaterThan(0.85);
  }, 180_000);
});
