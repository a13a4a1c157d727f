/** Every figure of the paper that the data at hand can fill, and a word on each that it cannot. */
import { applyPolicy } from '../bench/policy.ts';
import type { BenchTable } from '../bench/table.ts';
import { type NetworkPredictions, summariseVariants, variantOf } from '../study/aggregate.ts';
import { lineFigures } from './catalogue.ts';
import { correlationFigure } from './correlations.ts';
import { type DatasetAccuracy, datasetFigure } from './datasets.ts';
import type { Figure, LeftOut } from './figure.ts';
import { linesFigure } from './lines.ts';
import { scatterFigure } from './scatter.ts';
import { usageFigure } from './usage.ts';

export interface StudyData {
  readonly bench: BenchTable;
  readonly target: string;
  readonly networks: readonly NetworkPredictions[];
  /** Seeds that a variant should have. */
  readonly seeds: number;
}

/** One policy a data set, the validation accuracy where the benchmark has it for all (figure 10). */
const datasetPolicies = [
  'cifar10-valid/x-valid/last/mean',
  'cifar10/ori-test/last/mean',
  'cifar100/x-test/last/mean',
  'ImageNet16-120/x-test/last/mean',
];

export function studyFigures({ bench, target, networks, seeds }: StudyData): {
  readonly figures: readonly Figure[];
  readonly leftOut: readonly LeftOut[];
} {
  const rows = applyPolicy(bench, target).rows;
  const summaries = summariseVariants(networks, seeds);
  const figures: Figure[] = [];
  const leftOut: LeftOut[] = [];
  const add = (figure: Figure | null, name: string, title: string, reason: string) => {
    if (figure) figures.push(figure);
    else leftOut.push({ name, title, reason });
  };
  const scatter = (size: string, order: number, statement: string) => {
    const number = String(order).padStart(2, '0');
    const title = `Figure ${order}: prediction and benchmark`;
    add(
      scatterFigure(firstSeeds(networks, size), {
        name: `figure-${number}`,
        title,
        order,
        section: order === 2 ? '3.1 Metric' : 'D Further metrics and sizes',
        statement,
      }),
      `figure-${number}`,
      title,
      `no network of size ${size} was run`,
    );
  };
  scatter(
    'S',
    2,
    'Masking zero removes most of the architectures wrongly predicted as useless, and improves τ.',
  );
  add(usageFigure(rows, target), 'figure-03', 'Figure 3', '');
  const sets = datasetPolicies.flatMap((policy) => datasetAccuracy(bench, policy));
  add(
    datasetFigure(sets),
    'figure-10',
    'Figure 10: the data sets against each other',
    'the benchmark has one data set',
  );
  for (const options of lineFigures) {
    add(
      linesFigure(summaries, options),
      options.name,
      options.title,
      'of none of its panels were two variants run',
    );
  }
  for (const method of ['baseline', 'lt-skip'] as const) {
    const order = method === 'baseline' ? 11 : 12;
    const title = `Figure ${order}: τ, SCC and PCC${method === 'baseline' ? '' : ' with linear transformers'}`;
    add(
      correlationFigure(summaries, method, { name: `figure-${order}`, title, order }),
      `figure-${order}`,
      title,
      'fewer than two of its variants were run',
    );
  }
  scatter('wide', 13, 'As figure 2, of wide networks.');
  return { figures: figures.sort((a, b) => a.order - b.order), leftOut };
}

/** The paper's two rows and pool: the first seed of each. */
function firstSeeds(networks: readonly NetworkPredictions[], size: string): NetworkPredictions[] {
  return ['all', 'no-zero', 'no-pool'].flatMap((space) => {
    const found = networks.find(({ axes }) => {
      const variant = variantOf(axes);
      return variant.size === size && variant.space === space && variant.method === 'baseline';
    });
    return found ? [found] : [];
  });
}

function datasetAccuracy(bench: BenchTable, policy: string): DatasetAccuracy[] {
  const dataset = policy.split('/')[0]!;
  if (!bench.dataset.includes(dataset)) return [];
  const { rows } = applyPolicy(bench, policy);
  return [{ dataset, policy, accuracy: new Map(rows.map(({ index, accuracy }) => [index, accuracy])) }];
}
