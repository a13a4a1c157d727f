/** Figures 4–9 and 14: accuracy and τ over the top-N, one colour a variant, mean and standard deviation over seeds. */
import { numberText } from '../../lib/format.ts';
import type { VariantName, VariantSummary } from '../study/aggregate.ts';
import { topNs } from '../tables.ts';
import type { Datum, Figure } from './figure.ts';
import { sharedScale } from './shared-scale.ts';

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
  const found = rows
    .map((row) => row.flatMap((panel) => findPanel(summaries, panel, fewest)))
    .filter((row) => row.length > 0);
  if (found.length === 0) return null;
  const isShared = haveOneLegend(found.flat());
  const drawn = found.map((row) => {
    const data = row.map((panel) => panelData(panel));
    const scales = scalesOf(data.flat());
    return row.map((panel, i) => ({
      data: data[i]!,
      spec: drawPanel(panel, data[i]!, { predictedTitle, scales, isShared }),
    }));
  });
  const wanted = new Set(rows.flat().flatMap(({ series }) => series.map(({ variant }) => keyOf(variant))));
  const present = summaries.filter((one) => wanted.has(keyOf(one)));
  const networks = present.reduce((sum, one) => sum + one.seeds, 0);
  const planned = present.reduce((sum, one) => sum + one.planned, 0);
  const missing = wanted.size - present.length;
  return {
    ...words,
    caption:
      'Of the benchmark’s top-N architectures and a random sample: what is predicted, and Kendall’s τ-a of prediction and ' +
      'benchmark within each; line and band are mean ± standard deviation over n seeds. τ_a, over (N, A_N) of the top-N, is −1 at best. ' +
      'Panels of a row share their y axes.' +
      (missing > 0 ? ` ${missing} of the ${wanted.size} variants of this figure were not run.` : ''),
    spec: {
      vconcat: drawn.map((row) => ({
        hconcat: row.map(({ spec }) => spec),
        ...(isShared ? {} : ownColours),
      })),
      ...(isShared ? {} : ownColours),
    },
    data: drawn.flatMap((row) => row.flatMap(({ data }) => data)),
    ...(networks < planned ? { partial: `${networks} of ${planned} networks` } : {}),
  };
}

/** Panels stand side by side with legends of their own: joined, the same colour would mean two things. */
const ownColours = { resolve: { scale: { color: 'independent' }, legend: { color: 'independent' } } };

interface Found extends Series {
  readonly summary: VariantSummary;
}
interface FoundPanel {
  readonly title: string;
  readonly found: readonly Found[];
}

function findPanel(summaries: readonly VariantSummary[], panel: Panel, fewest: number): FoundPanel[] {
  const found = panel.series.flatMap((series) => {
    const summary = summaries.find((one) => keyOf(one) === keyOf(series.variant));
    return summary ? [{ ...series, summary }] : [];
  });
  return found.length < fewest ? [] : [{ title: panel.title, found }];
}

/** Whether a colour means the same in all panels: then one legend serves them all. */
function haveOneLegend(panels: readonly FoundPanel[]): boolean {
  const labels = panels.map(({ found }) => found.map(({ label, colour }) => `${label} ${colour}`).join('\n'));
  return panels.length > 1 && labels.every((one) => one === labels[0]);
}

interface Scales {
  readonly predicted: object;
  readonly tau: object;
}

function scalesOf(data: readonly Datum[]): Scales {
  const values = (...names: readonly string[]) =>
    data.flatMap((row) => names.map((name) => row[name])).filter((value) => typeof value === 'number');
  return {
    predicted: sharedScale(values('predictedLow', 'predictedHigh')),
    tau: sharedScale(values('tauLow', 'tauHigh')),
  };
}

function drawPanel(
  { title, found }: FoundPanel,
  data: readonly Datum[],
  words: { readonly predictedTitle: string; readonly scales: Scales; readonly isShared: boolean },
): object {
  const { predictedTitle, scales, isShared } = words;
  const names = found.map((one) => (isShared ? one.label : legendOf(one)));
  const color = {
    field: isShared ? 'variant' : 'series',
    type: 'nominal',
    scale: { domain: names, range: found.map(({ colour }) => colour) },
    legend: { orient: 'bottom', title: null, columns: isShared ? 3 : 1, labelLimit: 0, symbolOpacity: 1 },
  };
  return {
    title,
    data: { values: data },
    vconcat: [
      chart('predicted', {
        height: 130,
        label: predictedTitle,
        xTitle: null,
        color,
        scale: scales.predicted,
      }),
      chart('tau', { height: 90, label: 'τ-a within', xTitle: 'top-N', color, scale: scales.tau }),
      ...(isShared ? [tauList(found, color)] : []),
    ],
    spacing: 8,
  };
}

/** τ_a and the seeds of each series, where the legend stands once for all panels. */
function tauList(found: readonly Found[], color: object): object {
  const values = found.map(({ label, summary }, line) => ({ variant: label, line, text: tauText(summary) }));
  const y = { field: 'line', type: 'ordinal', axis: null };
  return {
    width: 250,
    height: 14 * found.length,
    view: { stroke: null },
    data: { values },
    layer: [
      { mark: { type: 'point', filled: true, size: 40, x: 10 }, encoding: { y, color } },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 10, x: 20 },
        encoding: { y, text: { field: 'text' } },
      },
    ],
  };
}

function panelData({ title, found }: FoundPanel): Datum[] {
  return found.flatMap((one) =>
    one.summary.groups.map(({ group, predicted, tauA }): Datum => {
      const half = (std: number | null) => std ?? 0;
      return {
        panel: title,
        variant: one.label,
        series: legendOf(one),
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
    readonly scale: object;
  },
): object {
  const { height, label, xTitle, color, scale } = words;
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
          y: { field: `${measure}Low`, type: 'quantitative', scale, title: label },
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

function legendOf({ label, summary }: Found): string {
  return `${label}: ${tauText(summary)}`;
}

function tauText({ tauOfAverages: tau, seeds, planned }: VariantSummary): string {
  const n = seeds < planned ? `n = ${seeds} of ${planned}` : `n = ${seeds}`;
  return `τ_a = ${tau === null ? 'undefined' : numberText(tau, 2)}, ${n}`;
}

function keyOf({ size, space, method }: VariantName): string {
  return `${size}/${space}/${method}`;
}
