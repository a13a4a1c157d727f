/** The streaming reader of a legacy .pth: the same rows, in little memory, wherever it starts. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeLegacyPth } from '../../../perf/compact-pth.ts';
import { BenchFormatError } from '../../../src/lib/format-error.ts';
import { benchRows, type ColumnData, joinParts } from '../../../src/nas/benchmark/columns.ts';
import { convertBenchmark } from '../../../src/nas/convert/convert.ts';
import { convertStream, type StreamPart } from '../../../src/nas/convert/stream.ts';
import golden from '../../golden/bench/rows.json' with { type: 'json' };
import { realFiles } from '../../kit/real-data.ts';

let temp: string;

beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'nas-bench-pth-'));
});
afterAll(() => rmSync(temp, { recursive: true }));

function synthetic(count: number): string {
  const file = join(temp, `${count}.pth`);
  execFileSync('python3', ['test/nas/convert/synthetic-pth.py', file, String(count)]);
  return file;
}

function partsOf(file: string, resume: StreamPart['next'] = null): StreamPart[] {
  const parts: StreamPart[] = [];
  convertStream({ file, resume, skipBad: false }, (part) => parts.push(part));
  return parts;
}

const rowsOf = (parts: readonly ColumnData[]) =>
  [...benchRows(joinParts(parts, new Set()))].map(({ index, split, hp, epoch, accuracy, loss }) =>
    [index, split, hp, epoch, accuracy, loss].join(' '),
  );

/** What synthetic-pth.py writes, by its own rule. */
function expected(count: number): string[] {
  return Array.from({ length: count }, (_, i) => i).flatMap((i) => {
    const base = Math.floor(i / 700) * 700;
    const full = [0, 1, 2].map((e) => [i, 'train', 3, e, (i % 90) + e, base + e / 8].join(' '));
    full.push([i, 'ori-test', 3, 2, i % 100, null].join(' '));
    const less = [0, 1].map((e) => [i, 'train', 2, e, (i % 90) + e, 0.5].join(' '));
    less.push([i, 'ori-test', 2, 1, i % 100, null].join(' '));
    return i % 3 === 0 ? full : [...full, ...less];
  });
}

describe('legacy .pth', () => {
  // A pickler writes a dict in batches of 1000, and a last batch of one in another way.
  for (const count of [1, 2, 999, 1000, 1001, 2003]) {
    test(`${count} architectures come out whole, references to forgotten ones included`, () => {
      const parts = partsOf(synthetic(count));
      expect(rowsOf(parts.map((part) => part.data))).toEqual(expected(count));
      expect(parts.at(-1)!.metaArchs).toHaveLength(count);
    });
  }

  test('it goes on from the end of any part as if it had not stopped', () => {
    const file = synthetic(2003);
    const whole = partsOf(file);
    expect(whole.length).toBeGreaterThan(5);
    for (const [i, part] of whole.entries()) {
      if (part.next === null) continue;
      const before = whole.slice(0, i + 1);
      const rest = partsOf(file, part.next);
      expect(rowsOf([...before, ...rest].map(({ data: columns }) => columns))).toEqual(expected(2003));
    }
  });

  test('an interrupted conversion is resumed from its parts', async () => {
    const file = synthetic(2003);
    const resumeFolder = join(temp, 'parts');
    const first = await convertBenchmark(file, { threads: 0, resumeFolder });
    const last = readdirSync(resumeFolder).sort().at(-1)!;
    rmSync(join(resumeFolder, last));
    const second = await convertBenchmark(file, { threads: 0, resumeFolder });
    expect(second.resumed).toBe((readdirSync(resumeFolder).length - 1) * 256);
    expect([...benchRows(second.table)]).toEqual([...benchRows(first.table)]);
  });

  test('a truncated file is named with its last byte; skipBad keeps what came before', async () => {
    const file = join(temp, 'short.pth');
    const bytes = readFileSync(synthetic(1001));
    writeFileSync(file, bytes.subarray(0, 300_000));
    const error = await convertBenchmark(file, { threads: 0 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(BenchFormatError);
    expect(error.file).toBe(file);
    expect(error.offset).toBe(300_000);
    const { table, bad } = await convertBenchmark(file, { threads: 0, skipBad: true });
    expect(bad).toHaveLength(1);
    expect(table.archs.length).toBeGreaterThan(100);
    expect([...benchRows(table)].map((row) => row.accuracy)).toEqual(
      expected(1001)
        .slice(0, table.length)
        .map((line) => Number(line.split(' ')[4])),
    );
  });

  test.skipIf(!existsSync(realFiles))(
    'real records come out exactly (skipped without the sample of real data)',
    () => {
      const file = join(temp, 'real.pth');
      const files = ['000000', '000284'].map((name) => `${realFiles}/${name}.pickle.pbz2`);
      expect(writeLegacyPth(file, `${realFiles}/meta.pickle.pbz2`, files, Number.POSITIVE_INFINITY)).toBe(2);
      const table = joinParts(
        partsOf(file).map((part) => part.data),
        new Set(),
      );
      const rows = [...benchRows(table)].map(({ index, dataset, split, hp, epoch, seed, accuracy, loss }) => [
        index,
        dataset,
        split,
        hp,
        epoch,
        seed,
        accuracy,
        loss,
      ]);
      expect(rows).toEqual(golden.rows);
    },
  );
});
