/** The study's results as a reader wants them: tables of mean ± standard deviation, flat metrics, and a word on the scale. */
import { countText, numberText } from '../../lib/format.ts';
import type { Interval } from '../stats/interval.ts';
import type { Spread } from '../stats/spread.ts';
import { topNs } from '../tables.ts';
import { type GroupSummary, type VariantName, type VariantSummary, variantText } from './aggregate.ts';
import type { DataOrigin } from './data-origin.ts';
import type { VariantIntervals } from './intervals.ts';
import type { SameArchitectures } from './same-architectures.ts';

type Cell = string | number | null | (Spread & { readonly planned: number });
export interface ResultTable {
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly {
    readonly name: string;
    readonly label: string;
    readonly kind: 'text' | 'number' | 'spread';
    readonly digits?: number;
    readonly unit?: string;
    readonly better?: 'higher' | 'lower';
    /** Columns of one group are folded until a reader asks for them. */
    readonly group?: string;
  }[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  readonly notes: readonly string[];
}

/** What tells a row's variant: a column per axis, the most telling first. */
export const axisColumns: ResultTable['columns'] = (['space', 'method', 'size'] as const).map((name) => ({
  name,
  label: name,
  kind: 'text',
}));

export function axisCells({ size, space, method }: VariantName): Readonly<Record<string, string>> {
  return { space, method, size };
}

/** A row per variant: A_N of the smallest and the largest N, τ_a, and the correlations over the random sample. */
export function rankingTable(
  summaries: readonly VariantSummary[],
  intervals: ReadonlyMap<string, VariantIntervals>,
  target: string,
): ResultTable {
  const tops = [...new Set(summaries.flatMap(({ groups }) => groups.map(({ group }) => group)))].filter(
    (group) => group !== 'random',
  );
  return {
    title: 'Ranking by variant',
    caption:
      `Truth: ${target}. A_N: accuracy predicted for the benchmark's top-N; τ_a: Kendall's τ over (N, A_N), −1 is best; τ, SCC, PCC: ` +
      'agreement of prediction and benchmark over the random sample, +1 is best; regret: points lost by taking the architecture predicted best.',
    columns: [
      ...axisColumns,
      { name: 'tauA', label: 'τ_a', kind: 'number', digits: 2, better: 'lower' },
      { name: 'tauBRandom', label: 'τ-b random', kind: 'spread', digits: 3, better: 'higher' },
      { name: 'random', label: 'A random', kind: 'spread', digits: 1, unit: '%' },
      { name: 'regret', label: 'regret', kind: 'spread', digits: 2, unit: 'points', better: 'lower' },
      { name: 'seeds', label: 'seeds', kind: 'text' },
      { name: 'tauAInterval', label: 'τ_a, 95 %', kind: 'text', group: 'intervals' },
      { name: 'tauBInterval', label: 'τ-b random, 95 %', kind: 'text', group: 'intervals' },
      ...tops.map((n) => ({
        ...{ name: `A${n}`, label: `A_${n}`, kind: 'spread' as const, digits: 1, unit: '%' },
        group: 'accuracy of the top-N',
      })),
      ...(
        [
          { name: 'tauABySeed', label: 'τ_a, each seed', kind: 'spread', digits: 2, better: 'lower' },
          { name: 'tauRandom', label: 'τ-a random', kind: 'spread', digits: 3, better: 'higher' },
          { name: 'spearman', label: 'SCC random', kind: 'spread', digits: 3, better: 'higher' },
          { name: 'pearson', label: 'PCC random', kind: 'spread', digits: 3, better: 'higher' },
        ] as const
      ).map((column) => ({ ...column, group: 'other correlations' })),
    ],
    rows: summaries.map((one) => {
      const { planned } = one;
      const own = intervals.get(variantText(one));
      const random = one.groups.find(({ group }) => group === 'random');
      const cell = (spread: Spread | undefined): Cell => (spread ? { ...spread, planned } : null);
      const averages = tops.map((n) => [`A${n}`, cell(groupOf(one, n)?.predicted)] as const);
      return {
        ...axisCells(one),
        seeds: `${one.seeds} of ${planned}`,
        tauA: one.tauOfAverages,
        tauAInterval: intervalText(own?.tauOfAverages ?? null),
        tauABySeed: cell(one.tauOfAveragesBySeed),
        tauRandom: cell(random?.tauA),
        tauBRandom: cell(random?.tauB),
        tauBInterval: intervalText(own?.groups.random?.tauB ?? null),
        spearman: cell(random?.spearman),
        pearson: cell(random?.pearson),
        ...Object.fromEntries(averages),
        random: cell(random?.predicted),
        regret: cell(one.regret),
      };
    }),
    notes: rankingNotes(summaries, tops),
  };
}

function rankingNotes(summaries: readonly VariantSummary[], tops: readonly string[]): string[] {
  const notes = [
    '± is the sample standard deviation over seeds; an empty cell is undefined, not zero.',
    'Intervals resample seeds and architectures (95 %); with one seed, architectures alone.',
  ];
  if (summaries.some(({ method }) => method.startsWith('split-')))
    notes.push(
      'split-X (few-shot): architectures without X are predicted by the network trained without it, the others by that of the whole space.',
    );
  if (tops.length < topNs.length)
    notes.push(
      `A top-N larger than what was asked about is left out: N = ${tops.join(', ') || 'none'} remain.`,
    );
  return notes;
}

/** `−0.12 … 0.31`; empty where there is none. */
export function intervalText(interval: Interval | null): string {
  return interval ? `${numberText(interval[0], 2)} … ${numberText(interval[1], 2)}` : '';
}

/** The same numbers for τ within each top-N. */
export function topTable(summaries: readonly VariantSummary[]): ResultTable {
  const groups = [...new Set(summaries.flatMap((one) => one.groups.map(({ group }) => group)))];
  return {
    title: 'Kendall’s τ-a within each top-N',
    caption:
      'Agreement of prediction and benchmark inside the benchmark’s top-N architectures and the random sample.',
    columns: [
      ...axisColumns,
      ...groups.map((group) => ({
        name: `g${group}`,
        label: group === 'random' ? 'random' : `top-${group}`,
        kind: 'spread' as const,
        digits: 3,
        better: 'higher' as const,
      })),
    ],
    rows: summaries.map((one) => ({
      ...axisCells(one),
      ...Object.fromEntries(
        groups.map((group) => {
          const tau = groupOf(one, group)?.tauA;
          return [`g${group}`, tau ? { ...tau, planned: one.planned } : null];
        }),
      ),
    })),
    notes: [],
  };
}

/** Masked and unmasked networks on the same architectures; null when there is no such pair. */
export function sameTable(comparisons: readonly SameArchitectures[], planned: number): ResultTable | null {
  if (comparisons.length === 0) return null;
  const spread = { kind: 'spread' as const };
  return {
    title: 'The same architectures under both networks',
    caption:
      'A mask changes the space and the training at once. Here the network trained with the mask and the one trained without it predict ' +
      'the same architectures, those that the mask leaves: what differs is the training alone.',
    columns: [
      ...axisColumns,
      { name: 'tauAMasked', label: 'τ_a masked', ...spread, digits: 2, better: 'lower' },
      { name: 'tauAUnmasked', label: 'τ_a unmasked', ...spread, digits: 2, better: 'lower' },
      { name: 'tauMasked', label: 'τ-b random, masked', ...spread, digits: 3, better: 'higher' },
      { name: 'tauUnmasked', label: 'τ-b random, unmasked', ...spread, digits: 3, better: 'higher' },
      {
        name: 'accuracyMasked',
        label: 'A random, masked',
        ...spread,
        digits: 1,
        unit: '%',
        group: 'accuracy',
      },
      {
        name: 'accuracyUnmasked',
        label: 'A random, unmasked',
        ...spread,
        digits: 1,
        unit: '%',
        group: 'accuracy',
      },
    ],
    rows: comparisons.map((one) => {
      const cell = (value: Spread): Cell => ({ ...value, planned });
      return {
        ...axisCells(one),
        tauAMasked: cell(one.masked.tauOfAverages),
        tauAUnmasked: cell(one.unmasked.tauOfAverages),
        tauMasked: cell(one.masked.tauRandom),
        tauUnmasked: cell(one.unmasked.tauRandom),
        accuracyMasked: cell(one.masked.predictedRandom),
        accuracyUnmasked: cell(one.unmasked.predictedRandom),
      };
    }),
    notes: [],
  };
}

export interface Scale {
  readonly origin: DataOrigin;
  readonly target: string;
  readonly side: number;
  readonly trainImages: number | null;
  readonly validationImages: number;
  readonly channels: number;
  readonly cellsPerStage: number;
  readonly epochs: number;
  readonly nodeReduce: string;
  readonly countPadding: boolean;
  readonly batchNorm: string;
  readonly architectures: number;
}

const origins: Readonly<Record<DataOrigin, { readonly title: string; readonly text: string }>> = {
  generated: {
    title: 'Generated data, small run',
    text: 'The images are generated shapes and the benchmark is our own small one, trained on them: nothing here says anything about CIFAR-10 or NAS-Bench-201.',
  },
  own: {
    title: 'Images or a benchmark of your own',
    text: 'The images, the benchmark table or both are not the paper’s: the numbers are of them alone.',
  },
  paper: {
    title: 'A small run on real data',
    text: 'Real CIFAR-10 images and the real NAS-Bench-201 table.',
  },
};

/** What the data is, how large the run was against the paper's, and the readings that were chosen. */
export function noticeOf(scale: Scale): {
  level: 'info' | 'warning';
  title: string;
  text: string;
  facts: Record<string, string>;
} {
  const small =
    scale.origin !== 'paper' ||
    scale.side < 32 ||
    scale.channels < 32 ||
    scale.cellsPerStage < 2 ||
    scale.epochs < 250 ||
    scale.trainImages !== null;
  const { text: data, title } = origins[scale.origin];
  return {
    level: small ? 'warning' : 'info',
    title: small ? title : 'At the paper’s scale',
    text: `${data}${
      small
        ? ' A run this small shows that the machinery works and hints at tendencies; it neither confirms nor refutes the paper.'
        : ''
    }`,
    facts: {
      'the paper':
        '32 to 96 channels, two or more cells per stage, 45,000 images of 32×32 pixels, 250 epochs',
      'target policy': scale.target,
      'batch normalisation in evaluation': scale.batchNorm,
      'node inputs': scale.nodeReduce === 'mean' ? 'averaged' : 'summed',
      'pool padding': scale.countPadding ? 'counted' : 'not counted',
      images: `${scale.trainImages ?? 'all other'} to train, ${scale.validationImages} to validate, ${scale.side}×${scale.side} pixels`,
      network: `${scale.channels} channels, ${countText(scale.cellsPerStage, 'cell')} per stage (size S), ${countText(scale.epochs, 'epoch')}`,
      'architectures in the benchmark': String(scale.architectures),
    },
  };
}

function groupOf(summary: VariantSummary, group: string): GroupSummary | undefined {
  return summary.groups.find((one) => one.group === group);
}
