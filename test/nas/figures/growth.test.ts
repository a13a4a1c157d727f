/** The figure of how the ranking grows shows the statistics of each snapshot, over seeds. */
import { expect, test } from 'vitest';
import { standAlone } from '../../../src/nas/figures/figure.ts';
import { growthFigure, growthRows } from '../../../src/nas/figures/growth.ts';
import { fromCode, spaceSize, toDigits } from '../../../src/nas/space/architecture.ts';
import type { NetworkPredictions } from '../../../src/nas/study/aggregate.ts';
import { measure } from '../../../src/nas/study/measure.ts';
import { drawSvg } from './draw.ts';
import { madeUpNetworks } from './networks.ts';

const bench = Array.from({ length: 600 }, (_, i) => ({
  index: i,
  ops: toDigits(fromCode((i * 26) % spaceSize)),
  accuracy: 40 + ((i * 37) % 500) / 10,
}));
const networks: readonly NetworkPredictions[] = [5, 10].flatMap((epoch) =>
  madeUpNetworks(
    bench,
    ['C8', 'C16'].map((size) => ({ size, space: 'all', method: 'baseline' })),
    2,
    {
      top: 50,
      random: 60,
    },
  ).map(({ axes, rows }) => ({
    axes: { ...axes, epoch: String(epoch) },
    // Training: what is predicted moves towards the truth.
    rows: rows.map((row) => ({ ...row, predicted: row.predicted + epoch * row.benchmark })),
  })),
);

test('a point is the mean over seeds of the snapshot’s own statistic', () => {
  const rows = growthRows(networks);
  expect(rows).toHaveLength(2 * 2 * 4);
  const point = rows.find(
    (row) => row.size === 'C16' && row.epoch === 10 && String(row.measure).startsWith('τ-b'),
  )!;
  const own = networks.filter(({ axes }) => axes.size === 'C16' && axes.epoch === '10');
  const taus = own.map((one) => measure(one.rows).find(({ group }) => group === 'random')!.tauB!);
  expect(point.n).toBe(2);
  expect(point.mean).toBeCloseTo((taus[0]! + taus[1]!) / 2, 12);
});

test('is drawn without a warning, and not at all of one epoch', async () => {
  const { warnings, marks } = await drawSvg(standAlone(growthFigure(networks)!));
  expect(warnings).toEqual([]);
  expect(marks).toBeGreaterThan(20);
  expect(growthFigure(networks.filter(({ axes }) => axes.epoch === '5'))).toBeNull();
});
