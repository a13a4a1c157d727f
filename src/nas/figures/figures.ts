/** Every figure of the paper that the data at hand can fill, and a word on each that it cannot. */
import { applyPolicy } from '../benchmark/policy.ts';
import type { BenchTable } from '../benchmark/table.ts';
import { rankUnder } from '../benchmark/target.ts';
import {
  type NetworkPredictions,
  summariseVariants,
  type VariantName,
  variantOf,
  variantText,
} from '../study/aggregate.ts';
import { datasetAccuracies } from '../study/datasets.ts';
import { lineFigures } from './catalogue.ts';
import { cellFigure } from './cell.ts';
import { correlationFigure, correlationVariants } from './correlations.ts';
import { datasetFigure } from './datasets.ts';
import type { Figure, LeftOut } from './figure.ts';
import { linesFigure } from './lines.ts';
import { usageFigure } from './operation-usage.ts';
import { sameFigure, sameTitle } from './same.ts';
import { scatterFigure } from './scatter.ts';

export interface StudyData {
  readonly bench: BenchTable;
  readonly target: string;
  readonly networks: readonly NetworkPredictions[];
  /** Seeds that a variant should have. */
  readonly seeds: number;
}

const scatterVariants = {
  'figure-02': ['all', 'no-zero', 'no-pool'].map((space) => ({ size: 'S', space, method: 'baseline' })),
  'figure-13': ['S', 'wide'].map((size) => ({ size, space: 'no-zero', method: 'lt-skip' })),
};

/** The variants that each figure shows when all were run; figures of the benchmark alone need none. */
export function figureVariants(): ReadonlyMap<string, readonly VariantName[]> {
  return new Map<string, readonly VariantName[]>([
    ...Object.entries(scatterVariants),
    ...lineFigures.map(
      ({ name, rows }) =>
        [name, rows.flat().flatMap(({ series }) => series.map(({ variant }) => variant))] as const,
    ),
    ['figure-11', correlationVariants('baseline')],
    ['figure-12', correlationVariants('lt-skip')],
  ]);
}

export function studyFigures({ bench, target, networks, seeds }: StudyData): {
  readonly figures: readonly Figure[];
  readonly leftOut: readonly LeftOut[];
} {
  const rows = applyPolicy(bench, target).rows;
  const summaries = summariseVariants(networks, seeds);
  const wanted: readonly Wanted[] = [
    scatter(networks, 'figure-02', {
      title: 'Figure 2: prediction and benchmark',
      order: 2,
      section: '3.1 Metric',
      statement:
        'Masking zero removes most of the architectures wrongly predicted as useless, and improves τ-a over the random sample.',
    }),
    {
      figure: datasetFigure(datasetAccuracies(bench)),
      name: 'figure-10',
      title: 'Figure 10: the data sets against each other',
      reason: 'the benchmark has one data set',
    },
    ...lineFigures.map((options) => ({
      figure: linesFigure(summaries, options),
      name: options.name,
      title: options.title,
      reason: 'of none of its panels were two variants run',
    })),
    {
      figure: sameFigure(networks, seeds),
      name: 'figure-04-same',
      title: sameTitle,
      reason: 'no masked network has an unmasked one beside it that predicted the same architectures',
    },
    correlations(summaries, 'baseline', 11),
    correlations(summaries, 'lt-skip', 12),
    scatter(networks, 'figure-13', {
      title: 'Figure 13: prediction and benchmark, small and wide',
      order: 13,
      section: 'D Further metrics and sizes',
      statement: 'As figure 2, of the small and the wide network without zero and with linear transformers.',
    }),
  ];
  const figures = [
    ...bestCell(rows, target),
    usageFigure(rows, target),
    ...wanted.flatMap(({ figure }) => (figure ? [figure] : [])),
  ];
  return {
    figures: figures.sort((a, b) => a.order - b.order),
    leftOut: wanted.flatMap(({ figure, ...missing }) => (figure ? [] : [missing])),
  };
}

/** A figure, or why it is not there. */
type Wanted = LeftOut & { readonly figure: Figure | null };

function bestCell(rows: Parameters<typeof usageFigure>[0], target: string): Figure[] {
  const [best] = rankUnder(rows, []);
  if (!best) return [];
  const accuracy = `${best.benchmark.toFixed(2)} % under ${target}`;
  return [
    cellFigure(best.architecture, `The benchmark’s best, number ${best.index} (${accuracy}):`, {
      name: 'figure-01',
      title: 'Figure 1: a cell',
    }),
  ];
}

function scatter(
  networks: readonly NetworkPredictions[],
  name: 'figure-02' | 'figure-13',
  words: Pick<Figure, 'title' | 'order' | 'section' | 'statement'>,
): Wanted {
  const chosen = scatterVariants[name];
  return {
    figure: scatterFigure(firstSeeds(networks, chosen), { name, ...words }),
    name,
    title: words.title,
    reason: `none of its networks was run: ${chosen.map(variantText).join(', ')}`,
  };
}

function correlations(
  summaries: ReturnType<typeof summariseVariants>,
  method: 'baseline' | 'lt-skip',
  order: 11 | 12,
): Wanted {
  const name = `figure-${order}`;
  const title = `Figure ${order}: τ, SCC and PCC${method === 'baseline' ? '' : ' with linear transformers'}`;
  return {
    figure: correlationFigure(summaries, method, { name, title, order }),
    name,
    title,
    reason: 'fewer than two of its variants were run',
  };
}

/** The first seed of each variant that was run. */
function firstSeeds(
  networks: readonly NetworkPredictions[],
  chosen: readonly VariantName[],
): NetworkPredictions[] {
  return chosen.flatMap((name) => {
    const found = networks.find(({ axes }) => variantText(variantOf(axes)) === variantText(name));
    return found ? [found] : [];
  });
}
