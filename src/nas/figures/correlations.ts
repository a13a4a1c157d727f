/** Figures 11 and 12: Kendall's τ, Spearman's and Pearson's coefficients over the top-N, of 32 and 96 channels. */
import type { VariantName, VariantSummary } from '../study/aggregate.ts';
import { topNs } from '../tables.ts';
import type { Datum, Figure } from './figure.ts';
import { green, orange, purple, red } from './palette.ts';

const spaces = [
  { space: 'all', label: 'all operations', colour: red },
  { space: 'no-zero', label: 'no zero', colour: green },
  { space: 'no-pool', label: 'no pool', colour: purple },
  { space: 'no-zero-pool', label: 'no zero, pool', colour: orange },
];
const sizes = ['S', 'wide'] as const;
const statistics = [
  { field: 'tauA', label: 'τ' },
  { field: 'spearman', label: 'SCC' },
  { field: 'pearson', label: 'PCC' },
] as const;

/** What the figure shows when all of it is there. */
export function correlationVariants(method: string): VariantName[] {
  return sizes.flatMap((size) => spaces.map(({ space }) => ({ size, space, method })));
}

/** null when fewer than two variants are there. */
export function correlationFigure(
  summaries: readonly VariantSummary[],
  method: string,
  words: Pick<Figure, 'name' | 'title' | 'order'>,
): Figure | null {
  const present = summaries.filter(
    (one) =>
      one.method === method &&
      sizes.some((size) => size === one.size) &&
      spaces.some(({ space }) => space === one.space),
  );
  if (present.length < 2) return null;
  const data = correlationData(present);
  const used = spaces.filter(({ space }) => present.some((one) => one.space === space));
  const shown = sizes.filter((size) => present.some((one) => one.size === size));
  return {
    ...words,
    section: 'D Further metrics and sizes',
    caption:
      'Mean ± standard deviation over seeds of Kendall’s τ-a, Spearman’s (SCC) and Pearson’s (PCC) coefficient within the top-N and the random sample.',
    statement: 'Spearman and Pearson tell the same story as τ (appendix D).',
    spec: {
      data: { values: data },
      hconcat: shown.map((size) => ({
        vconcat: statistics.map(({ label }, i) => ({
          ...(i === 0 ? { title: size } : {}),
          ...chart(size, label, { isLast: i === statistics.length - 1, used }),
        })),
        spacing: 6,
      })),
    },
    data,
  };
}

/** A row per variant, group and statistic. */
function correlationData(summaries: readonly VariantSummary[]): Datum[] {
  return summaries.flatMap((one) =>
    one.groups.flatMap((group) =>
      statistics.map(({ field, label }): Datum => {
        const { n, mean, std } = group[field];
        return {
          size: one.size,
          space: spaces.find(({ space }) => space === one.space)!.label,
          group: group.group,
          statistic: label,
          n,
          mean,
          std,
          low: mean === null ? null : mean - (std ?? 0),
          high: mean === null ? null : mean + (std ?? 0),
        };
      }),
    ),
  );
}

function chart(
  size: string,
  statistic: string,
  { isLast, used }: { readonly isLast: boolean; readonly used: typeof spaces },
): object {
  return {
    width: 260,
    height: 90,
    transform: [
      { filter: { field: 'size', equal: size } },
      { filter: { field: 'statistic', equal: statistic } },
    ],
    encoding: {
      x: {
        field: 'group',
        type: 'ordinal',
        sort: [...topNs.map(String), 'random'],
        title: isLast ? 'top-N' : null,
        axis: { labelAngle: 0, labels: isLast },
      },
      color: {
        field: 'space',
        type: 'nominal',
        scale: { domain: used.map(({ label }) => label), range: used.map(({ colour }) => colour) },
        legend: { orient: 'bottom', title: null, symbolOpacity: 1 },
      },
    },
    layer: [
      {
        // The random sample is no point of the curve.
        transform: [{ filter: "datum.group !== 'random'" }],
        mark: { type: 'area', opacity: 0.15 },
        encoding: {
          y: { field: 'low', type: 'quantitative', title: statistic, axis: { tickCount: 4 } },
          y2: { field: 'high' },
        },
      },
      {
        transform: [{ filter: "datum.group !== 'random'" }],
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: { y: { field: 'mean', type: 'quantitative', title: statistic } },
      },
      {
        mark: { type: 'point', filled: true, size: 20 },
        encoding: { y: { field: 'mean', type: 'quantitative', title: statistic } },
      },
    ],
  };
}
