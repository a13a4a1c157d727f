/** Figures 2 and 13: each architecture by what the network predicts (x) and what the benchmark measured (y). */
import { numberText } from '../../lib/format.ts';
import { kendall } from '../stats/kendall.ts';
import { type NetworkPredictions, variantOf, variantText } from '../study/aggregate.ts';
import type { PredictionRow } from '../tables.ts';
import type { Datum, Figure } from './figure.ts';
import { blue, purple, red } from './palette.ts';
import { sharedScale } from './shared-scale.ts';

export interface ScatterOptions {
  readonly name: string;
  readonly title: string;
  readonly order: number;
  readonly section: string;
  readonly statement: string;
  /** What a row of panels is called. */
  readonly label?: (axes: NetworkPredictions['axes']) => string;
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

/** With more architectures than this a panel shows cells of a grid, each with its exact count. */
const mostPoints = 300;
const gridSide = 32;

/** One row of panels a network, at most three networks. null when there is none. */
export function scatterFigure(
  networks: readonly NetworkPredictions[],
  { label: labelOf = networkText, ...words }: ScatterOptions,
): Figure | null {
  const shown = networks.slice(0, 3);
  if (shown.length === 0) return null;
  const data: Datum[] = [];
  let isBinned = false;
  const panels = shown.map(({ axes, rows }) => {
    const network = labelOf(axes);
    const picked = columns.map((column) => ({ ...column, chosen: column.pick(rows) }));
    // As in the paper, the panels of a row share their x axis; their y axes differ, for a top-50 spans tenths of a point.
    const shared = encodingOf(picked.flatMap(({ chosen }) => chosen.map(({ predicted }) => predicted)));
    const row = picked.flatMap(({ label, colour, chosen }) => {
      if (chosen.length === 0) return [];
      for (const { index, ops, predicted, benchmark } of chosen)
        data.push({ network, group: label, index, ops, predicted, benchmark });
      const tau = kendall(
        chosen.map((row) => row.predicted),
        chosen.map((row) => row.benchmark),
      ).a;
      const title = {
        text: `${label === 'random' ? `${chosen.length} random` : label}: τ-a = ${tau === null ? 'undefined' : numberText(tau, 2)}`,
        subtitle: network,
      };
      const binned = chosen.length > mostPoints;
      isBinned ||= binned;
      const panel = { ...size, title, encoding: shared };
      return [binned ? gridPanel(panel, colour, chosen) : pointPanel(panel, colour, chosen)];
    });
    return { hconcat: row };
  });
  const left = networks.length - shown.length;
  return {
    ...words,
    caption:
      'Accuracy that one network predicts (x) against the benchmark’s (y), for the benchmark’s best architectures and a random ' +
      'sample; τ-a is Kendall’s, over the architectures of its panel. A row is one network and has one x axis.' +
      (isBinned
        ? ` Of more than ${mostPoints} architectures, those that fall into one cell of a grid are one mark, larger the more there are.`
        : '') +
      (left > 0 ? ` ${left} more ${left === 1 ? 'is' : 'are'} not shown.` : ''),
    spec: { vconcat: panels },
    data,
  };
}

interface Panel {
  readonly width: number;
  readonly height: number;
  readonly title: object;
  readonly encoding: ReturnType<typeof encodingOf>;
}

function pointPanel(panel: Panel, colour: string, rows: readonly PredictionRow[]): object {
  return {
    ...panel,
    data: {
      values: rows.map(({ index, ops, predicted, benchmark }) => ({ index, ops, predicted, benchmark })),
    },
    mark: { type: 'circle', size: 14, opacity: 0.6, color: colour },
  };
}

function gridPanel(panel: Panel, colour: string, rows: readonly PredictionRow[]): object {
  return {
    ...panel,
    data: { values: countCells(rows) },
    mark: { type: 'circle', opacity: 0.7, color: colour },
    encoding: {
      ...panel.encoding,
      size: {
        field: 'architectures',
        type: 'quantitative',
        scale: { type: 'sqrt', range: [6, 90] },
        legend: null,
      },
    },
  };
}

const size = { width: 190, height: 150 };

function encodingOf(predicted: readonly number[]) {
  return {
    x: { field: 'predicted', type: 'quantitative', scale: sharedScale(predicted), title: 'predicted, %' },
    y: { field: 'benchmark', type: 'quantitative', scale: { zero: false }, title: 'benchmark, %' },
  };
}

/** Cells of an even grid over the rows, by their centres, with how many architectures each holds. Empty ones are left out. */
export function countCells(
  rows: readonly Pick<PredictionRow, 'predicted' | 'benchmark'>[],
): { readonly predicted: number; readonly benchmark: number; readonly architectures: number }[] {
  const x = gridOf(rows.map(({ predicted }) => predicted));
  const y = gridOf(rows.map(({ benchmark }) => benchmark));
  const counts = new Map<number, number>();
  for (const { predicted, benchmark } of rows) {
    const cell = x.cell(predicted) * gridSide + y.cell(benchmark);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([cell, architectures]) => ({
      predicted: x.centre(Math.floor(cell / gridSide)),
      benchmark: y.centre(cell % gridSide),
      architectures,
    }));
}

function gridOf(values: readonly number[]) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = (high - low) / gridSide || 1;
  return {
    cell: (value: number) => Math.min(gridSide - 1, Math.floor((value - low) / width)),
    centre: (cell: number) => Number((low + (cell + 0.5) * width).toPrecision(6)),
  };
}

function networkText(axes: NetworkPredictions['axes']): string {
  return `${variantText(variantOf(axes))}, seed ${axes.seed ?? '0'}`;
}

function top(rows: readonly PredictionRow[], n: number): readonly PredictionRow[] {
  const ranked = rows.filter((row) => row.group === 'top' && row.rank! <= n);
  return ranked.length === n ? ranked : [];
}
