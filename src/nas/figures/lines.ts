/** Figures 4–9 and 14: accuracy and τ over the top-N, one colour a variant, mean and standard deviation over seeds. */
import type { VariantName, VariantSummary } from '../study/aggregate.ts';
import { topNs } from '../tables.ts';
import type { Datum, Figure } from './figure.ts';

/** One coloured line of a panel. */
export interface Series {
  readonly label: string;
  readonly colour: string;
  readonly variant: VariantName;
}
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}
export interface LinesOptions {
  readonly name: string;
  readonly title: string;
  readonly order: number;
  readonly section: string;
  readonly statement: string;
  /** Rows of panels, as the paper lays them out. */
  readonly rows: readonly (readonly Panel[])[];
  /** Variants below which there is nothing to compare. Default: 2. */
  readonly fewest?: number;
  /** What the upper chart shows. Default: `predicted accuracy, %`. */
  readonly predictedTitle?: string;
}

const groups = [...topNs.map(String), 'random'];

/** Panels with fewer than `fewest` lines compare nothing and are left out; null when none is left. */
export function linesFigure(summaries: readonly VariantSummary[], options: LinesOptions): Figure | null {
  const { rows, fewest = 2, predictedTitle = 'predicted accuracy, %', ...words } = options;
  const drawn = rows
    .map((row) => row.flatMap((panel) => drawPanel(summaries, panel, fewest, predictedTitle)))
    .filter((row) => row.length > 0);
  if (drawn.length === 0) return null;
  const wanted = new Set(rows.flat().flatMap(({ series }) => series.map(({ variant }) => keyOf(variant))));
  const present = summaries.filter((one) => wanted.has(keyOf(one)));
  const networks = present.reduce((sum, one) => sum + one.seeds, 0);
  const planned = present.reduce((sum, one) => sum + one.planned, 0);
  const missing = wanted.size - present.length;
  return {
    ...words,
    caption:
      'Of the benchmark’s top-N architectures and a random sample: what is predicted, and Kendall’s τ-a of prediction and ' +
      'benchmark; line and band are mean ± standard deviation over seeds (n in the legend), τ_a in the legend is −1 at best.' +
      (missing > 0 ? ` ${missing} of the ${wanted.size} variants of this figure were not run.` : ''),
    spec: {
      vconcat: drawn.map((row) => ({ hconcat: row.map(({ spec }) => spec), ...ownColours })),
      ...ownColours,
    },
    data: drawn.flatMap((row) => row.flatMap(({ data }) => data)),
    ...(networks < planned ? { partial: `${networks} of ${planned} networks` } : {}),
  };
}

/** Panels stand side by side with legends of their own: joined, the same colour would mean two things. */
const ownColours = { resolve: { scale: { color: 'independent' }, legend: { color: 'independent' } } };

function drawPanel(
  summaries: readonly VariantSummary[],
  panel: Panel,
  fewest: number,
  predictedTitle: string,
): { spec: object; data: Datum[] }[] {
  const found = panel.series.flatMap((series) => {
    const summary = summaries.find((one) => keyOf(one) === keyOf(series.variant));
    return summary ? [{ ...series, summary, legend: legendOf(series.label, summary) }] : [];
  });
  if (found.length < fewest) return [];
  const data = panelData(panel.title, found);
  const color = {
    field: 'series',
    type: 'nominal',
    scale: { domain: found.map(({ legend }) => legend), range: found.map(({ colour }) => colour) },
    legend: { orient: 'bottom', title: null, columns: 1, labelLimit: 0, symbolOpacity: 1 },
  };
  return [
    {
      data,
      spec: {
        title: panel.title,
        data: { values: data },
        vconcat: [
          chart('predicted', { height: 130, label: predictedTitle, xTitle: null, color }),
          chart('tau', { height: 90, label: 'τ', xTitle: 'top-N', color }),
        ],
        spacing: 8,
      },
    },
  ];
}

interface Found extends Series {
  readonly summary: VariantSummary;
  readonly legend: string;
}

function panelData(title: string, found: readonly Found[]): Datum[] {
  return found.flatMap(({ label, legend, summary }) =>
    summary.groups.map(({ group, predicted, tauA }): Datum => {
      const half = (std: number | null) => std ?? 0;
      return {
        panel: title,
        variant: label,
        series: legend,
        group,
        n: predicted.n,
        predicted: predicted.mean,
        predictedStd: predicted.std,
        predictedLow: predicted.mean === null ? null : predicted.mean - half(predicted.std),
        predictedHigh: predicted.mean === null ? null : predicted.mean + half(predicted.std),
        tau: tauA.mean,
        tauStd: tauA.std,
        tauLow: tauA.mean === null ? null : tauA.mean - half(tauA.std),
        tauHigh: tauA.mean === null ? null : tauA.mean + half(tauA.std),
      };
    }),
  );
}

/** The mean of a measure over the groups, with its deviation as a band. */
function chart(
  measure: 'predicted' | 'tau',
  words: {
    readonly height: number;
    readonly label: string;
    /** Null: this chart shows no labels. */
    readonly xTitle: string | null;
    readonly color: object;
  },
): object {
  const { height, label, xTitle, color } = words;
  const x = {
    field: 'group',
    type: 'ordinal',
    sort: groups,
    title: xTitle,
    axis: { labelAngle: 0, labels: xTitle !== null },
  };
  return {
    width: 250,
    height,
    layer: [
      {
        // The random sample is no point of the curve.
        transform: [{ filter: "datum.group !== 'random'" }],
        mark: { type: 'area', opacity: 0.15 },
        encoding: {
          x,
          y: { field: `${measure}Low`, type: 'quantitative', scale: { zero: false }, title: label },
          y2: { field: `${measure}High` },
          color,
        },
      },
      {
        transform: [{ filter: "datum.group !== 'random'" }],
        mark: { type: 'line', strokeWidth: 1.8 },
        encoding: { x, y: { field: measure, type: 'quantitative', title: label }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 26 },
        encoding: { x, y: { field: measure, type: 'quantitative', title: label }, color },
      },
      {
        transform: [{ filter: "datum.group === 'random'" }],
        mark: { type: 'rule', opacity: 0.6 },
        encoding: {
          x,
          y: { field: `${measure}Low`, type: 'quantitative' },
          y2: { field: `${measure}High` },
          color,
        },
      },
    ],
  };
}

function legendOf(label: string, summary: VariantSummary): string {
  const tau = summary.tauOfAverages;
  const seeds =
    summary.seeds < summary.planned ? `n = ${summary.seeds} of ${summary.planned}` : `n = ${summary.seeds}`;
  return `${label}: τ_a = ${tau === null ? 'undefined' : tau.toFixed(2).replace('-', '−')}, ${seeds}`;
}

function keyOf({ size, space, method }: VariantName): string {
  return `${size}/${space}/${method}`;
}
