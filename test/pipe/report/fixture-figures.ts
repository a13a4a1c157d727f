/** The figures of the made-up study, with their numbers; and the names and the draws that all of it is made of. */
import type { JsonObject } from '../../../src/lib/json.ts';
import type { ReportFigure } from '../../../src/pipe/report/model/input.ts';
import type { FigureMeta } from '../../../src/pipe/report-format.ts';

export const masks = [
  'baseline',
  'no-zero',
  'no-skip',
  'no-pool',
  'no-conv1x1',
  'no-conv3x3',
  'zero+pool',
  'zero+skip',
];
const colours = ['#c9302c', '#3c8d40', '#2f6fb2', '#7d4aa8', '#d98324', '#2aa3a3', '#6b7a2a', '#8a5a3c'];
const topN = ['10', '25', '50', '150', '250', '500', 'random'];

/** Uniform numbers from a seed. Data: the page of this study is compared byte for byte, across versions of fast-check too. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Of an out that a page shows. */
export const origin = (cell: string, out: string) => ({
  cell,
  out,
  key: '0a1b2c3d'.repeat(8),
  stale: false,
  made: null,
});

export function studyFigures(count: number): ReportFigure[] {
  const makers = [scatter, lines, bars, histogram];
  return Array.from({ length: count }, (_, i) => makers[i % makers.length]!(i));
}

function figure(
  i: number,
  meta: Omit<FigureMeta, 'order'>,
  spec: JsonObject,
  rows: readonly JsonObject[],
): ReportFigure {
  const header = Object.keys(rows[0] ?? {});
  const csv = [
    header.join(','),
    ...rows.map((row) => header.map((name) => String(row[name] ?? '')).join(',')),
  ].join('\n');
  return {
    name: `figure-${i + 2}`,
    origin: origin('plot', 'figures'),
    meta: { ...meta, order: i },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      data: { values: rows },
      ...spec,
      usermeta: { pipe: { ...meta, order: i } },
    },
    csv: `${csv}\n`,
  };
}

function scatter(i: number): ReportFigure {
  const random = generator(100 + i);
  const rows = ['top 50', 'top 250', 'random'].flatMap((group, g) =>
    Array.from({ length: [50, 100, 150][g]! }, () => {
      const predicted = Math.round((20 + random() * 30) * 100) / 100;
      return {
        group,
        predicted,
        benchmark: Math.round((84 + (g === 2 ? predicted / 6 : 6) + random() * 3) * 100) / 100,
      };
    }),
  );
  return figure(
    i,
    {
      title: 'Predicted and benchmark accuracy',
      caption:
        'Each point is an architecture: the super-network’s prediction against its stand-alone accuracy; columns are the top 50, 100 of the top 250, and 150 at random.',
      section: 'How well a super-network ranks',
      statement: 'The ranking of the top architectures is not preserved.',
      partial: '6 of 10 cells',
    },
    {
      mark: { type: 'point', opacity: 0.6 },
      width: 210,
      height: 210,
      encoding: {
        column: { field: 'group', type: 'nominal', title: null, sort: ['top 50', 'top 250', 'random'] },
        x: { field: 'predicted', type: 'quantitative', title: 'prediction (%)', scale: { zero: false } },
        y: { field: 'benchmark', type: 'quantitative', title: 'benchmark (%)', scale: { zero: false } },
        color: { value: '#2f6fb2' },
      },
    },
    rows,
  );
}

function lines(i: number): ReportFigure {
  const random = generator(200 + i);
  const rows = masks.slice(0, 4).flatMap((mask, m) =>
    topN.map((n, k) => {
      const mean = 38 + m - k * (m === 3 ? 0.3 : -0.25) + random();
      return {
        mask,
        n,
        mean: m === 2 && k === 3 ? null : Math.round(mean * 1000) / 1000,
        low: mean - 1 - random(),
        high: mean + 1 + random(),
      };
    }),
  );
  const x = { field: 'n', type: 'ordinal', sort: topN, title: 'top N', axis: { labelAngle: 0 } };
  const color = {
    field: 'mask',
    type: 'nominal',
    title: null,
    sort: masks,
    scale: { domain: masks.slice(0, 4), range: colours.slice(0, 4) },
  };
  return figure(
    i,
    {
      title: 'Average prediction of the top N',
      caption: 'Mean over seeds, band ± one standard deviation. A good ranking falls from left to right.',
      section: 'What masking an operation does',
    },
    {
      width: 420,
      height: 240,
      layer: [
        {
          mark: { type: 'area', opacity: 0.15 },
          encoding: { x, y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'line', point: true },
          encoding: {
            x,
            y: {
              field: 'mean',
              type: 'quantitative',
              title: 'predicted accuracy (%)',
              scale: { zero: false },
            },
            color,
          },
        },
      ],
    },
    rows,
  );
}

function bars(i: number): ReportFigure {
  const random = generator(300 + i);
  const rows = masks
    .slice(1, 6)
    .map((operation) => ({ operation: operation.slice(3), share: Math.round(random() * 1000) / 10 }));
  return figure(
    i,
    {
      title: 'Operations in the top 500',
      caption: 'Share of positions that hold each operation.',
      section: 'What masking an operation does',
    },
    {
      mark: 'bar',
      width: 260,
      height: 180,
      encoding: {
        x: { field: 'share', type: 'quantitative', title: 'share of positions (%)' },
        y: { field: 'operation', type: 'nominal', sort: '-x', title: null },
        color: {
          field: 'operation',
          type: 'nominal',
          legend: null,
          scale: { range: ['#3c8d40', '#2f6fb2', '#7d4aa8', '#d98324', '#2aa3a3'] },
        },
      },
    },
    rows,
  );
}

function histogram(i: number): ReportFigure {
  const random = generator(400 + i);
  const rows = Array.from({ length: 40 }, (_, k) => ({
    accuracy: 80 + k / 3,
    count: Math.round(200 * Math.exp(-(((k - 24) / 9) ** 2)) + random() * 20),
  }));
  return figure(
    i,
    {
      title: 'Benchmark accuracies',
      caption: 'All 15,625 architectures, bins of a third of a point.',
      section: 'The benchmark',
    },
    {
      mark: { type: 'bar', color: '#5b7fa6' },
      width: 300,
      height: 180,
      encoding: {
        x: { field: 'accuracy', type: 'quantitative', scale: { zero: false }, title: 'accuracy (%)' },
        y: { field: 'count', type: 'quantitative', title: 'architectures' },
      },
    },
    rows,
  );
}
