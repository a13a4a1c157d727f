import { expect, test } from 'vitest';
import { ResourcePool } from '../../../src/pipe/exec/capacity.ts';
import type { Cell, CellId } from '../../../src/pipe/plan/graph.ts';
import { longestRemaining } from '../../../src/pipe/run/order.ts';
import { type Fate, Scheduler, type SchedulerOptions } from '../../../src/pipe/run/scheduler.ts';
import { cellOf, gathering, graphOf, reading } from '../../kit/planned-cells.ts';

interface Trace {
  readonly lines: string[];
  readonly atOnce: number;
}

/** Runs a graph whose cells end as `fates` says (default: well), and writes down what happened in which order. */
async function trace(
  cells: readonly Cell[],
  fates: Readonly<Record<string, Fate | (() => Fate)>> = {},
  options: Partial<SchedulerOptions> & { cpu?: number; onTrace?: (line: string) => void } = {},
): Promise<Trace> {
  const lines: string[] = [];
  let running = 0;
  let atOnce = 0;
  const note = (line: string) => {
    lines.push(line);
    options.onTrace?.(line);
  };
  const run = new Scheduler({
    graph: graphOf(cells),
    wanted: new Set(cells.map((cell) => cell.id)),
    pool: new ResourcePool({ cpu: options.cpu ?? 1, memory: 0, gpus: [], named: {} }),
    concurrency: 100,
    mode: 'stop-new',
    expectedMs: () => null,
    look: async () => 'work',
    execute: async (cell, without, _lease, patient) => {
      running++;
      atOnce = Math.max(atOnce, running);
      note(`${cell.id}${without.size > 0 ? ` without ${[...without]}` : ''}${patient ? ' patiently' : ''}`);
      await Promise.resolve();
      running--;
      const fate = fates[cell.id] ?? 'in-place';
      return typeof fate === 'string' ? fate : fate();
    },
    notRun: (cell, cause) => note(`${cell.id} not run${cause === null ? '' : ` because of ${cause}`}`),
    onStop: () => note('stop'),
    ...options,
  });
  await run.ended;
  return { lines, atOnce };
}

test('a cell starts only after everything it reads', async () => {
  const cells = [cellOf('a'), cellOf('b', reading('a')), cellOf('c', reading('a', 'b'))];
  expect((await trace(cells)).lines).toEqual(['a', 'b', 'c']);
});

test('the longest remaining path goes first', async () => {
  const ms: Readonly<Record<string, number>> = { short: 10, long: 10, tail: 1000 };
  const cells = [cellOf('short'), cellOf('long'), cellOf('tail', reading('long'))];
  const expectedMs = (cell: CellId) => ms[cell] ?? null;
  expect((await trace(cells, {}, { expectedMs })).lines).toEqual(['long', 'tail', 'short']);
  const rank = longestRemaining(graphOf(cells), new Set(cells.map((cell) => cell.id)), expectedMs);
  expect(Object.fromEntries(rank)).toEqual({ short: 10, long: 1010, tail: 1000 });
});

test('never more at once than the resources allow', async () => {
  const cells = Array.from({ length: 20 }, (_, index) => cellOf(`c[${index}]`));
  expect((await trace(cells, {}, { cpu: 3 })).atOnce).toBe(3);
});

test('stop-new: after a failure nothing new starts, and what is below it is said to be blocked by it', async () => {
  const cells = [cellOf('a'), cellOf('b'), cellOf('c', reading('a')), cellOf('d', reading('c'))];
  expect((await trace(cells, { a: 'failed' })).lines).toEqual([
    'a',
    'stop',
    'c not run because of a',
    'd not run because of a',
    'b not run',
  ]);
});

test('keep-going: everything that does not need the failed cell still runs', async () => {
  const cells = [cellOf('a'), cellOf('b'), cellOf('c', reading('a')), cellOf('d', reading('b'))];
  expect((await trace(cells, { a: 'failed' }, { mode: 'keep-going' })).lines).toEqual([
    'a',
    'c not run because of a',
    'b',
    'd',
  ]);
});

test('a cell that cannot begin takes no resources and blocks what reads it, nothing else', async () => {
  const cells = [cellOf('a'), cellOf('b', reading('a')), cellOf('c')];
  const look = async (cell: Cell) => (cell.id === 'a' ? 'failed' : 'work');
  expect((await trace(cells, {}, { look })).lines).toEqual(['b not run because of a', 'c']);
});

test('cells that are in place take no time in the queue', async () => {
  const cells = [cellOf('a'), cellOf('b', reading('a')), cellOf('c', reading('b'))];
  const look = async (cell: Cell) => (cell.id === 'c' ? 'work' : 'in-place');
  expect((await trace(cells, {}, { look })).lines).toEqual(['c']);
});

const seeds = (least: Readonly<Record<string, number>>) => [
  cellOf('s[x,0]'),
  cellOf('s[x,1]'),
  cellOf('s[y,0]'),
  cellOf('s[y,1]'),
  cellOf(
    'all',
    gathering(least, [
      ['s[x,0]', { variant: 'x', seed: '0' }],
      ['s[x,1]', { variant: 'x', seed: '1' }],
      ['s[y,0]', { variant: 'y', seed: '0' }],
      ['s[y,1]', { variant: 'y', seed: '1' }],
    ]),
  ),
];

test('a gather goes on with its minimum, and is told what is missing', async () => {
  const { lines } = await trace(seeds({ seed: 1 }), { 's[x,1]': 'failed' }, { mode: 'keep-going' });
  expect(lines.at(-1)).toBe('all without s[x,1]');
});

test('the minimum of a gather holds for every combination of the other axes', async () => {
  const { lines } = await trace(
    seeds({ seed: 1 }),
    { 's[x,0]': 'failed', 's[x,1]': 'failed' },
    { mode: 'keep-going' },
  );
  expect(lines.at(-1)).toBe('all not run because of s[x,0]');
});

test('a gather without a minimum needs every item', async () => {
  const { lines } = await trace(seeds({}), { 's[y,1]': 'failed' }, { mode: 'keep-going' });
  expect(lines.at(-1)).toBe('all not run because of s[y,1]');
});

test('a cell that another run holds is left for later, and waited for only when nothing else is left', async () => {
  let tries = 0;
  const cells = [cellOf('held'), cellOf('b'), cellOf('c')];
  const held = () => (++tries === 1 ? 'held' : 'in-place');
  expect((await trace(cells, { held })).lines).toEqual(['held', 'b', 'c', 'held patiently']);
});

test('processors do not idle while a large cell waits for all of them, and its turn comes', async () => {
  const large = cellOf('large', { resources: { cpu: 2, gpu: 0, memory: 0, named: {} } });
  const cells = [cellOf('a'), large, cellOf('b'), cellOf('c')];
  const ms: Readonly<Record<string, number>> = { a: 4, large: 3, b: 2, c: 1 };
  const { lines } = await trace(cells, {}, { cpu: 2, expectedMs: (cell) => ms[cell] ?? null });
  expect(lines.slice(0, 2)).toEqual(['a', 'b']);
  expect(new Set(lines)).toEqual(new Set(['a', 'b', 'c', 'large']));
});

test('a run that is told to stop starts nothing new and says so of each cell', async () => {
  const cells = [cellOf('a'), cellOf('b', reading('a'))];
  const notRun: string[] = [];
  const run = new Scheduler({
    graph: graphOf(cells),
    wanted: new Set(cells.map((cell) => cell.id)),
    pool: new ResourcePool({ cpu: 1, memory: 0, gpus: [], named: {} }),
    concurrency: 1,
    mode: 'stop-new',
    expectedMs: () => null,
    look: async () => 'work',
    execute: async () => {
      run.stop();
      return 'in-place';
    },
    notRun: (cell, cause) => notRun.push(`${cell.id} ${cause}`),
    onStop: () => {},
  });
  await run.ended;
  expect(notRun).toEqual(['b null']);
});

test('an error of the engine itself is not swallowed', async () => {
  const execute = async () => {
    throw new Error('a bug');
  };
  await expect(trace([cellOf('a')], {}, { execute })).rejects.toThrow('a bug');
});

test('ten thousand cells in a chain of failures end without a stack overflow', async () => {
  const cells = Array.from({ length: 10_000 }, (_, index) =>
    cellOf(`c[${index}]`, index === 0 ? {} : reading(`c[${index - 1}]`)),
  );
  const { lines } = await trace(cells, { 'c[0]': 'failed' }, { mode: 'keep-going' });
  expect(lines.at(-1)).toBe('c[9999] not run because of c[0]');
  expect(lines.length).toBe(10_000);
});
