import { expect, test } from 'vitest';
import type { ExecutorDoc } from '../../../src/pipe/config/executor-doc.ts';
import type { Capacity } from '../../../src/pipe/exec/capacity.ts';
import type { Cell, Graph } from '../../../src/pipe/plan/graph.ts';
import { forecast } from '../../../src/pipe/run/forecast.ts';
import { cellOf, graphOf, id, reading } from '../../kit/planned-cells.ts';
import { paperGraph } from './paper-graph.ts';

const machine: Capacity = { cpu: 2, memory: 1e12, gpus: [], named: {}, places: 2 };

function of(graph: Graph, ms: number | ((cell: Cell) => number | null), executor = 'local', local = machine) {
  return forecast({
    graph,
    wanted: new Set(graph.cells.keys()),
    inPlace: new Set(),
    local,
    executorOf: () => executor,
    expectedMs: (cell) => (typeof ms === 'number' ? ms : ms(graph.cells.get(cell) as Cell)),
  });
}

function alike(count: number, more: Partial<Cell> = {}): Cell[] {
  return Array.from({ length: count }, (_, n) => cellOf(`one[${n}]`, more));
}

function queue(more: Partial<ExecutorDoc>): Pick<Graph, 'executors'> {
  const doc = {
    name: 'lab',
    kind: 'slurm',
    cells: 1000,
    array: 200,
    pack: 1,
    parallel: 1,
    timeMs: null,
    partition: null,
    extra: [],
    most: { cpu: null, gpu: null, memory: null },
    has: { cpu: null, gpu: null, memory: null },
    stages: new Map(),
    ...more,
  } as unknown as ExecutorDoc;
  return { executors: new Map([['lab', doc]]) };
}
const has = (gpu: number) => ({ has: { cpu: null, gpu, memory: null } });
const onGpu = { resources: { cpu: 1, gpu: 1, memory: 0, named: {} } };

test('a forecast of this machine counts its processors and what waits for what', async () => {
  expect((await of(graphOf(alike(5)), 100)).ms).toBe(300);
  const chain = [cellOf('a'), cellOf('b', reading('a')), cellOf('c', reading('b')), cellOf('d')];
  expect(await of(graphOf(chain), 100)).toMatchObject({ ms: 300, cells: 4 });
});

test('a cell of unknown length counts as the mean of the others', async () => {
  const cells = [cellOf('a'), cellOf('b', reading('a')), cellOf('c', reading('b'))];
  const known: Readonly<Record<string, number>> = { a: 100, b: 300 };
  expect((await of(graphOf(cells), (cell) => known[cell.id] ?? null)).ms).toBe(600);
});

test('a forecast of a queue counts what the queue has, how many cells it takes, and packs', async () => {
  const graph = (more: Partial<ExecutorDoc>) => ({ ...graphOf(alike(40, onGpu)), ...queue(more) });
  expect((await of(graph({}), 100, 'lab')).ms).toBe(100);
  expect((await of(graph(has(4)), 100, 'lab')).ms).toBe(1000);
  expect((await of(graph({ cells: 10 }), 100, 'lab')).ms).toBe(400);
  expect((await of(graph({ pack: 8 }), 100, 'lab')).ms).toBe(800);
  // Four jobs of ten cells, of which each runs two at once on two GPUs; five GPUs hold two of them.
  expect((await of(graph({ pack: 10, parallel: 2, ...has(5) }), 100, 'lab')).ms).toBe(1000);
});

test('what is in place takes no time', async () => {
  const cells = [cellOf('a'), cellOf('b', reading('a'))];
  const graph = graphOf(cells);
  const options = { graph, wanted: new Set(graph.cells.keys()), local: machine, executorOf: () => 'local' };
  const inPlace = new Set([id('a')]);
  expect(await forecast({ ...options, inPlace, expectedMs: () => 70 })).toMatchObject({ ms: 70, cells: 1 });
});

test.each([
  { where: 'this machine', executor: 'local' },
  { where: 'a queue', executor: 'lab' },
])(
  '4,000 cells with the paper’s durations on 100 GPUs of $where end within 5 % of the shortest possible',
  async ({ executor }) => {
    const { graph, ms, gpuMs, chainMs } = paperGraph(4_001);
    const gpus = Array.from({ length: 100 }, (_, n) => n);
    const local = { ...machine, cpu: 1e6, places: 1e6, gpus };
    const all = { ...graph, ...queue({ cells: 200, ...has(100) }) };
    const result = await of(all, (cell) => ms.get(cell.id) ?? null, executor, local);
    const least = Math.max(chainMs, gpuMs / 100);
    expect(result.ms).toBeGreaterThanOrEqual(least);
    expect(result.ms / least).toBeLessThan(1.05);
  },
);
