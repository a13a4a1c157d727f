/** Figure 10: accuracy of every architecture on one data set against its accuracy on the others. */
import type { Datum, Figure } from './figure.ts';
import { blue, green, orange, red } from './palette.ts';

/** Accuracy by index of one data set, under the policy that stands beside it. */
export interface DatasetAccuracy {
  readonly dataset: string;
  readonly policy: string;
  readonly accuracy: ReadonlyMap<number, number>;
}

const colours = [red, blue, green, orange];
/** A page draws some 2,000 marks well; above that the cells are made coarser. */
const markBudget = 2000;
/** Points of accuracy. */
const cellWidths = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 10] as const;

/**
 * How many architectures fall into each cell of `width` points, for each ordered pair of data sets. Cells are named by
 * their centre. Every architecture that both have is counted once a pair.
 */
export function datasetCells(sets: readonly DatasetAccuracy[], width: number): Datum[] {
  return sets.flatMap((one) =>
    sets
      .filter((other) => other !== one)
      .flatMap((other) => {
        const counts = new Map<string, { x: number; y: number; architectures: number }>();
        for (const [index, x] of one.accuracy) {
          const y = other.accuracy.get(index);
          if (y === undefined) continue;
          const cell = { x: centre(x, width), y: centre(y, width) };
          const key = `${cell.x}/${cell.y}`;
          const known = counts.get(key);
          if (known) known.architectures++;
          else counts.set(key, { ...cell, architectures: 1 });
        }
        return [...counts.values()]
          .sort((a, b) => a.x - b.x || a.y - b.y)
          .map((cell): Datum => ({ dataset: one.dataset, other: other.dataset, ...cell }));
      }),
  );
}

function centre(value: number, width: number): number {
  return (Math.floor(value / width) + 0.5) * width;
}

/** null when fewer than two data sets are there. */
export function datasetFigure(sets: readonly DatasetAccuracy[]): Figure | null {
  if (sets.length < 2) return null;
  const width = cellWidths.find((one) => datasetCells(sets, one).length <= markBudget) ?? cellWidths.at(-1)!;
  const data = datasetCells(sets, width);
  const names = sets.map(({ dataset }) => dataset);
  const total = sets[0]!.accuracy.size;
  const panels = names.map((dataset) => ({
    width: 250,
    height: 200,
    title: dataset,
    transform: [{ filter: { field: 'dataset', equal: dataset } }],
    mark: { type: 'circle', opacity: 0.75 },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: `accuracy on ${dataset}, %`, scale: { zero: false } },
      y: { field: 'y', type: 'quantitative', title: 'accuracy on the others, %' },
      size: {
        field: 'architectures',
        type: 'quantitative',
        scale: { type: 'log', range: [6, 70] },
        legend: null,
      },
      color: {
        field: 'other',
        type: 'nominal',
        scale: { domain: names, range: colours.slice(0, names.length) },
        legend: { orient: 'bottom', title: null },
      },
    },
  }));
  const rows = [panels.slice(0, 2), panels.slice(2)].filter((row) => row.length > 0);
  return {
    name: 'figure-10',
    title: 'Figure 10: the data sets against each other',
    caption:
      `Each of ${total} architectures by its accuracy on one data set (x) and on each of the others (y, colour); drawn as cells of ` +
      `${width} points, larger for more architectures. ${sets.map(({ policy }) => policy).join(', ')}.`,
    section: 'The benchmark',
    // Behind what the run found: this is what was there before it.
    order: 110,
    statement: 'The models’ rankings are quite consistent across all data sets (section 3.2).',
    spec: {
      data: { values: data },
      vconcat: rows.map((row) => ({ hconcat: row })),
    },
    data,
  };
}
