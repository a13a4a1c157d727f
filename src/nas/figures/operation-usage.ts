import { operations } from '../space/architecture.ts';
import { type BenchmarkRows, operationUsage } from '../study/operation-usage.ts';
import { topNs } from '../tables.ts';
import type { Figure } from './figure.ts';
import { operationColour } from './palette.ts';

export function usageFigure(rows: BenchmarkRows, target: string): Figure {
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
    // Behind what the run found: this is what was there before it.
    order: 103,
    statement:
      'Every top-500 architecture uses conv3x3 unless it is masked; it takes about half of all positions. Without skip, pool takes its place.',
    spec: {
      data: { values: data },
      vconcat: [row(['none', 'zero', 'skip']), row(['conv1x1', 'conv3x3', 'pool'])],
    },
    data,
  };
}
