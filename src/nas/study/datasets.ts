/** The same predictions against the benchmark's other data sets: does a ranking for one hold for another? */
import { applyPolicy } from '../benchmark/policy.ts';
import type { BenchTable } from '../benchmark/table.ts';
import { kendall } from '../stats/kendall.ts';
import { spreadOf } from '../stats/spread.ts';
import { type NetworkPredictions, type VariantName, variantOf, variantText } from './aggregate.ts';
import { measure } from './measure.ts';
import { axisCells, axisColumns, type ResultTable } from './results.ts';

/** One policy a data set of NAS-Bench-201: what of it all architectures have at the end of training. */
export const datasetPolicies = [
  'cifar10-valid/x-valid/last/mean',
  'cifar10/ori-test/last/mean',
  'cifar100/x-test/last/mean',
  'ImageNet16-120/x-test/last/mean',
] as const;

/** Accuracy by index, of each of these data sets that the table has. */
export function datasetAccuracies(
  bench: BenchTable,
): { readonly dataset: string; readonly policy: string; readonly accuracy: ReadonlyMap<number, number> }[] {
  return datasetPolicies.flatMap((policy) => {
    const dataset = policy.split('/')[0]!;
    if (!bench.dataset.includes(dataset)) return [];
    const { rows } = applyPolicy(bench, policy);
    return [{ dataset, policy, accuracy: new Map(rows.map(({ index, accuracy }) => [index, accuracy])) }];
  });
}

/** τ-b of the target's accuracies and those of each other data set, over the architectures that both have. */
export function datasetAgreements(
  bench: BenchTable,
  target: readonly { readonly index: number; readonly accuracy: number }[],
): ReadonlyMap<string, number> {
  return new Map(
    datasetAccuracies(bench).flatMap(({ dataset, accuracy }) => {
      const both = target.filter(({ index }) => accuracy.has(index));
      const { b } = kendall(
        both.map((one) => one.accuracy),
        both.map(({ index }) => accuracy.get(index)!),
      );
      return b === null ? [] : [[dataset, b] as const];
    }),
  );
}

/**
 * A row a variant: τ-b over the random sample and within the target's top-500 (or the largest there is) against each data
 * set. The architectures stay those that the target chose.
 */
export function datasetsTable(
  networks: readonly NetworkPredictions[],
  bench: BenchTable,
  planned: number,
): ResultTable {
  const sets = datasetAccuracies(bench);
  const byVariant = new Map<string, { name: VariantName; members: NetworkPredictions[] }>();
  for (const network of networks) {
    const name = variantOf(network.axes);
    const known = byVariant.get(variantText(name)) ?? { name, members: [] };
    known.members.push(network);
    byVariant.set(variantText(name), known);
  }
  const rows = [...byVariant.values()].map(({ name, members }) => ({
    ...axisCells(name),
    ...Object.fromEntries(
      sets.flatMap(({ dataset, accuracy }) => {
        const measures = members.map(({ rows }) =>
          measure(
            rows.flatMap((row) => {
              const benchmark = accuracy.get(row.index);
              return benchmark === undefined ? [] : [{ ...row, benchmark }];
            }),
          ),
        );
        const random = measures.map((groups) => groups.find(({ group }) => group === 'random')?.tauB ?? null);
        const top = measures.map(
          (groups) => groups.findLast(({ group }) => group !== 'random')?.tauB ?? null,
        );
        return [
          [`${dataset}.random`, { ...spreadOf(random), planned }],
          [`${dataset}.top`, { ...spreadOf(top), planned }],
        ];
      }),
    ),
  }));
  const tau = { kind: 'spread', digits: 3, better: 'higher' } as const;
  return {
    title: 'The same predictions against each data set',
    caption:
      'Kendall’s τ-b of the predictions and the accuracy that the benchmark measured on each data set, over the random sample and ' +
      'within the largest top-N; the architectures are those of the target.',
    columns: [
      ...axisColumns,
      ...sets.map(({ dataset }) => ({ name: `${dataset}.random`, label: `${dataset}, random`, ...tau })),
      ...sets.map(({ dataset }) => ({ name: `${dataset}.top`, label: `${dataset}, top`, ...tau })),
    ],
    // Of no data set there is nothing to say of any variant.
    rows: sets.length === 0 ? [] : rows,
    notes:
      sets.length < 2
        ? ['The benchmark has none of the data sets of NAS-Bench-201 beside the target.']
        : [`Accuracy: ${sets.map(({ policy }) => policy).join(', ')}.`],
  };
}
