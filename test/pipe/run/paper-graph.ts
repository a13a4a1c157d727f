/**
 * A study of any size with the paper's durations, as the profile `paper` estimates them: networks that are trained and
 * then evaluated, each on one GPU, and a table of all of them. Hours of training and of evaluation by size and space.
 */
import type { Cell, CellId, Graph } from '../../../src/pipe/plan/graph.ts';
import { cellOf, gathering, graphOf, id, reading } from '../../kit/planned-cells.ts';

const hourMs = 3_600_000;
const hours: readonly (readonly [train: number, evaluate: number])[] = [
  [4.5, 5.8],
  [4.5, 2],
  [4.5, 1],
  [5.9, 7.6],
  [5.9, 2.7],
  [5.9, 1.3],
  [25 / 60, 51 / 60],
  [1.2, 18 / 60],
  [1.2, 9 / 60],
  [45 / 60, 51 / 60],
  [45 / 60, 18 / 60],
  [45 / 60, 9 / 60],
];

export interface PaperGraph {
  readonly graph: Graph;
  readonly ms: ReadonlyMap<CellId, number>;
  /** Milliseconds of all cells that want a GPU. */
  readonly gpuMs: number;
  /** Milliseconds of the longest chain. */
  readonly chainMs: number;
}

/** `count` cells: an even number of networks' and one table. */
export function paperGraph(count: number): PaperGraph {
  const gpu = { cpu: 1, gpu: 1, memory: 0, named: {} };
  const cells: Cell[] = [];
  const ms = new Map<CellId, number>();
  const add = (cell: Cell, took: number) => {
    cells.push(cell);
    ms.set(cell.id, took * hourMs);
  };
  const networks = Math.floor((count - 1) / 2);
  for (let n = 0; n < networks; n++) {
    const [train, evaluate] = hours[n % hours.length] as (typeof hours)[number];
    // A few per cent apart, as real ones are.
    const spread = 0.97 + ((n * 7919) % 61) / 1000;
    add(cellOf(`train[${n}]`, { resources: gpu }), train * spread);
    add(cellOf(`evaluate[${n}]`, { resources: gpu, ...reading(`train[${n}]`) }), evaluate * spread);
  }
  const items = Array.from({ length: networks }, (_, n) => [`evaluate[${n}]`, { n: String(n) }] as const);
  add(cellOf('table', gathering({}, items)), 0.01);
  const took = (cell: string) => ms.get(id(cell)) ?? 0;
  const chains = items.map((_, n) => took(`train[${n}]`) + took(`evaluate[${n}]`));
  return {
    graph: graphOf(cells),
    ms,
    gpuMs: chains.reduce((sum, chain) => sum + chain, 0),
    chainMs: chains.reduce((most, chain) => Math.max(most, chain), 0) + took('table'),
  };
}
