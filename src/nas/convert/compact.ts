/**
 * The compact table of NAS-Bench-201 (`data/nb201_compact.csv`): one row per architecture in the benchmark's order, each
 * accuracy the mean over seeds after the last epoch. CIFAR-10's validation accuracy is that of training on half of the
 * training set, its test accuracy that of training on all of it.
 */
import { BenchInputError } from '../../lib/format-error.ts';
import type { BenchColumns } from '../benchmark/columns.ts';
import { spaceSize } from '../space/architecture.ts';
import { accuracies } from './summary.ts';

const series = [
  ['c10_valid', 'cifar10-valid', 'x-valid'],
  ['c10_test', 'cifar10', 'ori-test'],
  ['c100_valid', 'cifar100', 'x-valid'],
  ['c100_test', 'cifar100', 'x-test'],
  ['im16_valid', 'ImageNet16-120', 'x-valid'],
  ['im16_test', 'ImageNet16-120', 'x-test'],
] as const;

/** The whole file. Throws BenchInputError where an architecture is missing, for a row's number is its index. */
export function compactCsv(table: BenchColumns): string {
  if (table.archs.length !== spaceSize)
    throw new BenchInputError(
      `the compact table needs all ${spaceSize} architectures, and here are ${table.archs.length}`,
      'Give the whole benchmark, or take --format csv, which holds what there is.',
    );
  return `${compactLines(table).join('\n')}\n`;
}

/** The header, then one line per architecture that the table has. */
export function compactLines(table: BenchColumns): readonly string[] {
  const columns = [200, 12].flatMap((epochs) =>
    series.map(([name, dataset, split]) => ({
      name: `${name}_${epochs}`,
      values: accuracies(table, `${dataset}@${epochs}/${split}/last/mean`),
    })),
  );
  const lines = [...table.archs]
    .sort((a, b) => a.index - b.index)
    .map(({ index, ops, params }) =>
      [ops, ...columns.map(({ values }) => shortened(values.get(index))), params ?? ''].join(','),
    );
  return [['ops', ...columns.map(({ name }) => name), 'params_c10'].join(','), ...lines];
}

/** Four decimals, as far as a mean of three seeds tells apart. */
function shortened(accuracy: number | undefined): number | '' {
  return accuracy === undefined ? '' : Number(accuracy.toFixed(4));
}
