/** Figure 3: how often the best architectures use each operation, in the whole space and with each operation masked. */

import { rankUnder } from '../bench/target.ts';
import { type Operation, operations } from '../space/architecture.ts';
import { topNs } from '../tables.ts';
import type { Datum, Figure } from './figure.ts';
import { operationColour } from './palette.ts';

type Rows = Parameters<typeof rankUnder>[0];

/**
 * Usage: the share of the top-N that use an operation at all. Share: the part of all 6·N positions that it takes. For
 * every N of the paper that the masked space still holds, and for all of it.
 */
export function operationUsage(rows: Rows): Datum[] {
  const masks: readonly (Operation | null)[] = [null, ...operations];
  return masks.flatMap((masked) => {
    const ranked = rankUnder(rows, masked === null ? [] : [masked]);
    const sizes = [...topNs.filter((n) => n < ranked.length), ranked.length];
    return sizes.flatMap((n) => {
      const chosen = ranked.slice(0, n);
      return operations
        .filter((operation) => operation !== masked)
        .map((operation): Datum => {
          const id = operations.indexOf(operation);
          const using = chosen.filter(({ architecture }) => architecture.some((one) => one === id)).length;
          const positions = chosen.reduce(
            (sum, { architecture }) => sum + architecture.filter((one) => one === id).length,
            0,
          );
          return {
            masked: masked ?? 'none',
            top: n === ranked.length ? 'all' : String(n),
            architectures: n,
            operation,
            usage: n === 0 ? null : using / n,
            share: n === 0 ? null : positions / (6 * n),
          };
        });
    });
  });
}

export function usageFigure(rows: Rows, target: string): Figure {
  const data = operationUsage(rows);
  const tops = [...topNs.map(String), 'all'];
  const panel = (masked: string, measure: 'usage' | 'share', first: boolean) => ({
    width: 190,
    height: measure === 'usage' ? 90 : 70,
    ...(measure === 'usage' ? { title: masked === 'none' ? 'all operations' : `no ${masked}` } : {}),
    transform: [{ filter: { field: 'masked', equal: masked } }],
    mark: { type: 'line', point: { size: 18 }, strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'top',
        type: 'ordinal',
        sort: tops,
        title: measure === 'share' ? 'top-N' : null,
        axis: { labelAngle: 0, labels: measure === 'share' },
      },
      y: {
        field: measure,
        type: 'quantitative',
        scale: { domain: measure === 'usage' ? [0, 1] : [0, 0.8] },
        axis: { tickCount: 3, format: '.1f' },
        title: first ? measure : null,
      },
      color: {
        field: 'operation',
        type: 'nominal',
        scale: { domain: [...operations], range: operations.map((name) => operationColour[name]) },
        legend: { orient: 'bottom', title: null },
      },
    },
  });
  const row = (masks: readonly string[]) => ({
    hconcat: masks.map((masked, i) => ({
      vconcat: [panel(masked, 'usage', i === 0), panel(masked, 'share', i === 0)],
      spacing: 6,
    })),
  });
  return {
    name: 'figure-03',
    title: 'Figure 3: operations of the best architectures',
    caption:
      `Usage: part of the top-N architectures that use an operation anywhere; share: part of all positions. Ranked by ${target}, ` +
      `over all operations and with each operation masked once; ${rows.length} architectures. Counted from the benchmark alone.`,
    section: 'The benchmark',
    order: 3,
    statement:
      'Every top-500 architecture uses conv3x3 unless it is masked; it takes about half of all positions. Without skip, pool takes its place.',
    spec: {
      data: { values: data },
      vconcat: [row(['none', 'zero', 'skip']), row(['conv1x1', 'conv3x3', 'pool'])],
    },
    data,
  };
}
