import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { tableOfRows } from '../../../src/nas/benchmark/columns.ts';
import { BenchCsvError, parseBenchCsv } from '../../../src/nas/benchmark/csv.ts';
import { applyPolicy, parsePolicy } from '../../../src/nas/benchmark/policy.ts';
import { readArchTable, readBenchTable, writeBenchTables } from '../../../src/nas/benchmark/table.ts';
import { rankUnder, sampleEvaluation } from '../../../src/nas/benchmark/target.ts';
import { allows } from '../../../src/nas/space/mask.ts';
import type { BenchRow } from '../../../src/nas/tables.ts';
import { realTable } from '../../kit/real-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

const row = (index: number, more: Partial<BenchRow>): BenchRow => ({
  index,
  ops: String(index).padStart(6, '0'),
  dataset: 'd',
  split: 's',
  hp: 200,
  epoch: 199,
  seed: 777,
  accuracy: 50,
  loss: null,
  ...more,
});

function tableOf(rows: readonly BenchRow[]) {
  const paths = { bench: join(folder, 'bench.arrow'), arch: join(folder, 'arch.arrow') };
  const arch = { index: 0, ops: '000000', params: 73306, flops: null, latency: null, trainSeconds: null };
  writeBenchTables(paths, tableOfRows(rows, [arch]));
  return { table: readBenchTable(paths.bench), archs: readArchTable(paths.arch) };
}

describe('the compact table of NAS-Bench-201', () => {
  test.skipIf(!existsSync(realTable))('has the values that are known of it', () => {
    const { rows, archs } = parseBenchCsv(readFileSync(realTable, 'utf8'), realTable);
    const { table } = tableOf(rows);
    expect(archs).toHaveLength(15_625);
    expect(Math.min(...archs.map((arch) => arch.params!))).toBe(73_306);
    expect(Math.max(...archs.map((arch) => arch.params!))).toBe(1_531_546);
    const best = (policy: string) => {
      const [first] = rankUnder(applyPolicy(table, policy).rows, []);
      return [first!.index, first!.benchmark];
    };
    expect(best('cifar10-valid/x-valid/last/mean')).toEqual([6111, 91.6067]);
    expect(best('cifar10/ori-test/last/mean')).toEqual([6111, 94.3733]);
    expect(best('cifar100/x-test/last/mean')).toEqual([9930, 73.5133]);
    expect(best('ImageNet16-120/x-test/last/mean')).toEqual([857, 47.3111]);
  });

  test.each([
    [
      'a row that is cut off',
      'ops,c10_valid_200\n421211,81.9\n334131\n',
      3,
      /1 fields where the header has 2/,
    ],
    ['an accuracy that is none', 'ops,c10_valid_200\n421211,abc\n', 2, /c10_valid_200 is 'abc'/],
    ['an accuracy beyond 100', 'ops,c10_valid_200\n421211,181\n', 2, /c10_valid_200 is '181'/],
    ['an architecture that is none', 'ops,c10_valid_200\n421215,81\n', 2, /421215/],
    ['an architecture twice', 'ops,c10_valid_200\n421211,81\n421211,82\n', 3, /stands in line 2 already/],
    [
      'a table that is not whole',
      'ops,c10_valid_200\n421211,81\n',
      2,
      /has 1 architectures, the benchmark 15625/,
    ],
    [
      'a number of parameters that is none, by its column',
      'ops,c10_valid_200,params_c10\n421211,81,x\n',
      2,
      /params_c10 is 'x'/,
    ],
    ['another file', 'hello\n', 1, /header is of no known table/],
  ])('refuses %s with file and line', refuses);
});

function refuses(_name: string, text: string, line: number, message: RegExp): void {
  const failure = (() => {
    try {
      parseBenchCsv(text, 'bench.csv');
      return null;
    } catch (error) {
      return error;
    }
  })();
  expect(failure).toBeInstanceOf(BenchCsvError);
  expect(failure).toMatchObject({ file: 'bench.csv', line, message: expect.stringMatching(message) });
}

describe('a table of one’s own', () => {
  const header = 'index,ops,dataset,split,hp,epoch,seed,accuracy,params';
  const table = (...rows: readonly string[]) => `${[header, ...rows].join('\n')}\n`;

  test.each([
    [
      'a measurement twice',
      table('0,000000,d,s,8,-1,0,10,5', '0,000000,d,s,8,-1,1,11,5', '0,000000,d,s,8,-1,0,12,5'),
      4,
      /index,dataset,split,hp,epoch,seed are 0,d,s,8,-1,0 as in line 2; keep one/,
    ],
    [
      'an architecture under two indices',
      table('0,000000,d,s,8,-1,0,10,5', '1,000000,d,t,8,-1,0,11,5'),
      3,
      /architecture 000000 has index 0 before and 1 here; give it one index/,
    ],
    [
      'an index with two architectures',
      table('0,000000,d,s,8,-1,0,10,5', '0,000001,d,t,8,-1,0,11,5'),
      3,
      /index 0 is 000000 before and 000001 here/,
    ],
    [
      'an index beyond the space',
      table('15625,000000,d,s,8,-1,0,10,5'),
      2,
      /index is '15625'; the space has 15625 architectures, the last is 15624/,
    ],
    [
      'a number of parameters that is none, by its column',
      table('0,000000,d,s,8,-1,0,10,x'),
      2,
      /: params is 'x'/,
    ],
  ])('refuses %s with file and line', refuses);

  test('keeps rows that differ in one of dataset, split, hp, epoch and seed', () => {
    const row = (key: string) => `15624,444444,${key},50,5`;
    const keys = ['d,s,8,-1,0', 'e,s,8,-1,0', 'd,t,8,-1,0', 'd,s,9,-1,0', 'd,s,8,7,0', 'd,s,8,-1,1'];
    const { rows, archs } = parseBenchCsv(table(...keys.map(row)), 'bench.csv');
    expect([rows.length, archs.length]).toEqual([6, 1]);
  });
});

describe('a policy', () => {
  test('averages the epochs of a seed, then the seeds there are, and counts who lacks it', () => {
    const { table } = tableOf([
      ...[197, 198, 199].map((epoch) => row(0, { epoch, accuracy: epoch - 100 })),
      ...[197, 198, 199].map((epoch) => row(0, { epoch, seed: 888, accuracy: 50 })),
      ...[197, 198, 199].map((epoch) => row(1, { epoch, accuracy: 60 })),
      row(2, { epoch: 199 }),
    ]);
    const result = applyPolicy(table, 'd/s/last3/mean');
    expect(result.rows.map(({ index, accuracy }) => [index, accuracy])).toEqual([
      [0, 74],
      [1, 60],
    ]);
    expect(result.missing).toBe(1);
    expect([...result.seeds]).toEqual([
      [2, 1],
      [1, 1],
    ]);
  });

  test('takes one seed and one epoch when it names them', () => {
    const { table } = tableOf([row(0, { seed: 777, accuracy: 1 }), row(0, { seed: 888, accuracy: 2 })]);
    expect(applyPolicy(table, 'd/s/199/888').rows[0]!.accuracy).toBe(2);
  });

  test('that a table does not hold is refused with what it has', () => {
    const { table } = tableOf([row(0, {})]);
    expect(() => applyPolicy(table, 'd/x-valid/last/mean')).toThrow(/it has d@200\/s/);
    expect(() => parsePolicy('cifar10')).toThrow(/is no policy/);
  });
});

describe('the architectures a network is asked about', () => {
  const rows = Array.from({ length: 3125 }, (_, i) => ({
    index: i,
    ops: i.toString(5).padStart(6, '1'),
    accuracy: (i * 7919) % 1000,
  }));

  test('are the best under the mask, ties in the benchmark’s order, none with a masked operation', () => {
    const asked = sampleEvaluation(rows, ['pool'], { top: 50, random: 20, sampleSeed: 0 });
    const top = asked.filter(({ group }) => group === 'top');
    expect(top).toHaveLength(50);
    expect(asked.every(({ architecture }) => allows(['pool'], architecture))).toBe(true);
    const byHand = rows
      .filter(({ ops }) => !ops.includes('4'))
      .sort((a, b) => b.accuracy - a.accuracy || a.index - b.index)
      .slice(0, 50);
    expect(top.map(({ index }) => index)).toEqual(byHand.map(({ index }) => index));
  });

  test('have a random sample that is drawn once: a larger one holds a smaller one', () => {
    const sample = (random: number) =>
      sampleEvaluation(rows, [], { top: 10, random, sampleSeed: 0 })
        .filter(({ sampled }) => sampled)
        .map(({ index }) => index);
    expect(sample(200)).toEqual(expect.arrayContaining(sample(50)));
    expect(new Set(sample(200)).size).toBe(200);
  });

  test('have a sample of the whole space: the best are as likely in it as any', () => {
    const asked = sampleEvaluation(rows, [], { top: 1500, random: 1000, sampleSeed: 0 });
    const best = asked.filter(({ group, sampled }) => group === 'top' && sampled).length;
    // 1000 · 1500 / 3125 = 480, standard deviation 13.
    expect(Math.abs(best - 480)).toBeLessThan(60);
  });

  test('take all that are left when there are fewer than wanted', () => {
    expect(
      sampleEvaluation(rows, ['pool', 'zero', 'skip', 'conv1x1'], { top: 500, random: 1000, sampleSeed: 0 }),
    ).toHaveLength(0);
    const left = sampleEvaluation(rows, ['pool', 'zero', 'conv1x1'], { top: 5, random: 1000, sampleSeed: 0 });
    expect(left).toHaveLength(rankUnder(rows, ['pool', 'zero', 'conv1x1']).length);
  });

  test('hold those of a narrower mask when that is shared, each once', () => {
    const options = { top: 50, random: 50, sampleSeed: 0 };
    const masked = sampleEvaluation(rows, ['pool'], options).map(({ index }) => index);
    const both = sampleEvaluation(rows, [], { ...options, sharedMasks: [['pool']] }).map(
      ({ index }) => index,
    );
    expect(masked.every((index) => both.includes(index))).toBe(true);
    expect(new Set(both).size).toBe(both.length);
  });
});
