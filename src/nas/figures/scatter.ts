/** Figures 2 and 13: each architecture by what the network predicts (x) and what the benchmark measured (y). */
import { kendall } from '../rank/kendall.ts';
import { type NetworkPredictions, variantOf, variantText } from '../study/aggregate.ts';
import type { PredictionRow } from '../tables.ts';
import type { Datum, Figure } from './figure.ts';
import { blue, purple, red } from './palette.ts';

interface ScatterOptions {
  readonly name: string;
  readonly title: string;
  readonly order: number;
  readonly section: string;
  readonly statement: string;
}

/** The paper's columns. */
const columns = [
  { label: 'top-50', colour: red, pick: (rows: readonly PredictionRow[]) => top(rows, 50) },
  { label: 'top-250', colour: blue, pick: (rows: readonly PredictionRow[]) => top(rows, 250) },
  {
    label: 'random',
    colour: purple,
    pick: (rows: readonly PredictionRow[]) => rows.filter((row) => row.sampled),
  },
];

/** One row of panels a network, at most three networks. null when there is none. */
export function scatterFigure(
  networks: readonly NetworkPredictions[],
  options: ScatterOptions,
): Figure | null {
  const shown = networks.slice(0, 3);
  if (shown.length === 0) return null;
  const data: Datum[] = [];
  const panels = shown.map(({ axes, rows }) => ({
    hconcat: columns.flatMap(({ label, colour, pick }) => {
      const chosen = pick(rows);
      if (chosen.length === 0) return [];
      const network = `${variantText(variantOf(axes))}, seed ${axes.seed ?? '0'}`;
      data.push(
        ...chosen.map(({ index, ops, predicted, benchmark }) => ({
          network,
          group: label,
          index,
          ops,
          predicted,
          benchmark,
        })),
      );
      const tau = kendall(
        chosen.map((row) => row.predicted),
        chosen.map((row) => row.benchmark),
      ).a;
      return [
        {
          width: 190,
          height: 150,
          title: {
            text: `${label === 'random' ? `${chosen.length} random` : label}: τ = ${tau === null ? 'undefined' : tau.toFixed(2)}`,
            subtitle: network,
          },
          transform: [
            { filter: { field: 'network', equal: network } },
            { filter: { field: 'group', equal: label } },
          ],
          mark: { type: 'circle', size: 14, opacity: 0.6, color: colour },
          encoding: {
            x: { field: 'predicted', type: 'quantitative', scale: { zero: false }, title: 'predicted, %' },
            y: { field: 'benchmark', type: 'quantitative', scale: { zero: false }, title: 'benchmark, %' },
          },
        },
      ];
    }),
  }));
  return {
    ...options,
    caption:
      'Accuracy that one super-network predicts (x) against the benchmark’s (y), for the benchmark’s best architectures and a ' +
      'random sample; τ is Kendall’s τ-a of the points shown. One seed a row.',
    spec: { data: { values: data }, vconcat: panels },
    data,
  };
}

function top(rows: readonly PredictionRow[], n: number): readonly PredictionRow[] {
  const ranked = rows.filter((row) => row.group === 'top' && row.rank! <= n);
  return ranked.length === n ? ranked : [];
}
