/** The compact table that `nas-bench --format compact` writes. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tableOfRows } from '../../../src/nas/benchmark/columns.ts';
import { compactCsv, compactLines } from '../../../src/nas/convert/compact.ts';
import { convertBenchmark } from '../../../src/nas/convert/convert.ts';
import { realFiles, realTable } from '../../kit/real-data.ts';

test.skipIf(!existsSync(realFiles))(
  'real raw files give the rows of the compact table (skipped without the sample of real data)',
  async () => {
    const { table } = await convertBenchmark(realFiles, { threads: 0 });
    const known = readFileSync(realTable, 'utf8').trim().split(/\r?\n/);
    expect(compactLines(table)).toEqual([known[0], known[1], known[285]]);
  },
);

test('a table that lacks architectures is refused, since a row’s number is its index', () => {
  expect(() => compactCsv(tableOfRows([], []))).toThrow(/needs all 15625 architectures, and here are 0/);
});
