/** What differs between two results: by numbers worked out by hand. */
import { expect, test } from 'vitest';
import { difference } from '../../../src/pipe/history/difference.ts';
import { differenceMarkdown } from '../../../src/pipe/history/difference-text.ts';
import { meanInterval } from '../../../src/pipe/history/interval.ts';
import type { ResultMetric, Results } from '../../../src/pipe/history/results.ts';

/** Accuracy per `train[size,seed]`, in the order of `sizes` × seeds. */
function results(
  values: Readonly<Record<string, readonly (number | null)[]>>,
  more: Partial<Results> = {},
): Results {
  const cells = Object.entries(values).flatMap(([size, list]) =>
    list.map((value, seed) => ({ id: `train[${size},${seed}]`, size, seed: String(seed), value })),
  );
  return {
    ...{
      label: 'x',
      run: null,
      revision: null,
      profile: null,
      params: {},
      tables: [],
      figures: [],
      claims: [],
    },
    ...{ software: new Map(), notes: [] },
    cells: cells.map(({ id, size, seed }) => ({ id, stage: 'train', axes: { size, seed }, state: 'there' })),
    metrics: cells.map(
      ({ id, value }): ResultMetric => ({ cell: id, name: 'accuracy', value, better: 'higher', unit: null }),
    ),
    ...more,
  };
}

test('an interval is Student’s: against the textbook', () => {
  // 1…5: s² = 2.5, t(0.975, 4) = 2.7764, half = 2.7764 √(2.5 / 5).
  const { mean, n, interval } = meanInterval([1, 2, 3, 4, 5])!;
  expect([mean, n]).toEqual([3, 5]);
  expect(interval![0]).toBeCloseTo(3 - 1.9632, 3);
  expect(interval![1]).toBeCloseTo(3 + 1.9632, 3);
  // 31 values of 0 and 1 in turn: t(0.975, 30) = 2.0423; the expansion takes over from the table.
  const half = meanInterval(Array.from({ length: 31 }, (_, i) => i % 2))!;
  const deviation = Math.sqrt((15 * 16) / 31 / 30);
  expect(half.interval![1] - half.mean).toBeCloseTo((2.0423 * deviation) / Math.sqrt(31), 4);
  expect(meanInterval([7])).toEqual({ mean: 7, n: 1, interval: null });
  expect(meanInterval([])).toBeNull();
});

test('cells that differ in a seed only are one line, compared cell by cell', () => {
  const found = difference(
    results({ S: [10, 30, 20], M: [5, 5, 5] }),
    results({ S: [11, 32, 23], M: [5, 5, 5] }),
  );
  expect(found.metrics).toHaveLength(1);
  expect(found.sameMetrics).toBe(1);
  const [change] = found.metrics;
  expect(change).toMatchObject({ of: 'train[S]', from: 20, to: 22, delta: 2, n: 3 });
  // Differences 1, 2, 3: s² = 1, t(0.975, 2) = 4.3027. Unpaired, the spread of the seeds would drown them.
  expect(change!.interval![0]).toBeCloseTo(2 - 4.3027 / Math.sqrt(3), 3);
  expect(change!.verdict).toBe('unclear');
});

test('a verdict needs a direction and an interval beyond 0; one value is said to be one', () => {
  const verdict = (from: readonly number[], to: readonly number[], better: ResultMetric['better']) => {
    const side = (values: readonly number[]) => {
      const plain = results({ S: values });
      return { ...plain, metrics: plain.metrics.map((one) => ({ ...one, better })) };
    };
    return difference(side(from), side(to)).metrics[0]!.verdict;
  };
  expect(verdict([1, 1, 1], [2, 2, 2.1], 'higher')).toBe('better');
  expect(verdict([1, 1, 1], [2, 2, 2.1], 'lower')).toBe('worse');
  expect(verdict([1, 1, 1], [2, 2, 2.1], null)).toBeNull();
  expect(verdict([1, 2, 3], [3, 1, 4], 'higher')).toBe('unclear');
  expect(differenceMarkdown(difference(results({ S: [1] }), results({ S: [2] })))).toContain(
    '| better, one value |',
  );
});

test('a cell that one side lacks is no part of a difference', () => {
  const found = difference(results({ S: [1, 2] }), results({ S: [2, 3, 100] }));
  expect(found.metrics[0]).toMatchObject({ from: 1.5, to: 2.5, delta: 1, n: 2 });
  expect(found.newCells).toEqual(['train[S,2]']);
  expect(difference(results({ S: [1, null] }), results({ S: [2, 5] })).metrics[0]).toMatchObject({
    delta: 1,
    n: 1,
  });
});

test('code of a stage without results on one side says nothing of what differs', () => {
  const code = (digest: string) => new Map([['code of train', digest]]);
  const ran = results({ S: [1] }, { software: code('a') });
  const failed = results({ S: [1] });
  const lost = { ...failed, cells: failed.cells.map((cell) => ({ ...cell, state: 'failed' as const })) };
  expect(difference(ran, lost).software).toEqual([]);
  expect(difference(ran, results({ S: [1] }, { software: code('b') })).software).toEqual([
    { name: 'code of train', from: 'a', to: 'b' },
  ]);
});

test('Markdown leaves a name alone that looks like markup, and cuts long tables with a word', () => {
  const name = '<b>|`x`';
  const metrics = (value: number) =>
    Array.from({ length: 5 }, (_, i) => ({ cell: `c${i}`, name, value, better: null, unit: null }));
  const text = differenceMarkdown(
    difference(results({}, { metrics: metrics(1) }), results({}, { metrics: metrics(2) })),
    { rows: 2 },
  );
  expect(text).toContain('| \\<b\\>\\|\\`x\\` |');
  expect(text).toContain('The first 2 of 5.');
});
