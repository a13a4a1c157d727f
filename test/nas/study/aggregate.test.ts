/** The aggregate: spread over seeds, τ_a of averages, regret, few-shot, the same architectures, data sets, partial gathers. */
import { tableFromIPC } from '@uwdata/flechette';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/nas/data/random.ts';
import { fromCode, spaceSize, toDigits } from '../../../src/nas/space/architecture.ts';
import {
  type NetworkPredictions,
  summariseVariants,
  summaryTable,
} from '../../../src/nas/study/aggregate.ts';
import { datasetsTable } from '../../../src/nas/study/datasets.ts';
import { fewShot } from '../../../src/nas/study/few-shot.ts';
import { variantIntervals } from '../../../src/nas/study/intervals.ts';
import { keyFigures } from '../../../src/nas/study/key-figures.ts';
import { regret, tauOfAverages } from '../../../src/nas/study/measure.ts';
import { noticeOf, rankingTable } from '../../../src/nas/study/results.ts';
import { compareOnSame } from '../../../src/nas/study/same-architectures.ts';
import type { PredictionRow } from '../../../src/nas/tables.ts';
import { madeUpNetworks } from '../figures/networks.ts';

const noise = Random.stream(1, 'bench');
const bench = Array.from({ length: spaceSize }, (_, index) => ({
  index,
  ops: toDigits(fromCode(index)),
  accuracy: 50 + 40 * noise.uniform(),
}));
const variants = ['all', 'no-zero', 'no-pool'].map((space) => ({ size: 'S', space, method: 'baseline' }));
const networks = madeUpNetworks(bench, variants, 3, { top: 500, random: 300 });

function network(seed: string, predicted: (rank: number) => number): NetworkPredictions {
  const rows = Array.from(
    { length: 500 },
    (_, i): PredictionRow => ({
      index: i,
      ops: toDigits(fromCode(i)),
      group: 'top',
      rank: i + 1,
      sampled: i % 5 === 0,
      predicted: predicted(i + 1),
      benchmark: 95 - i / 100,
    }),
  );
  return { axes: { size: 'S', space: 'all', method: 'baseline', seed }, rows };
}

describe('a variant', () => {
  test('has mean and sample standard deviation over seeds, and says how many of how many', () => {
    const [one] = summariseVariants([network('0', () => 40), network('1', () => 44)], 5);
    expect(one).toMatchObject({ seeds: 2, planned: 5 });
    const ten = one!.groups.find(({ group }) => group === '10');
    expect(ten?.predicted).toEqual({ mean: 42, std: Math.sqrt(8), n: 2 });
    // A network that predicts one value for all has no correlation: it is counted out, not counted as 0.
    expect(ten?.pearson).toEqual({ mean: null, std: null, n: 0 });
    expect(ten?.tauB).toEqual({ mean: null, std: null, n: 0 });
  });

  test('has τ_a of A_N averaged over seeds', () => {
    const mixed = [network('0', (rank) => 60 - rank / 20), network('1', (rank) => 40 + rank / 50)];
    const [one] = summariseVariants(mixed, 2);
    expect(one!.tauOfAverages).toBe(-1);
    expect(one!.tauOfAveragesBySeed).toMatchObject({ mean: 0, n: 2 });
  });

  test('has top-N of what it was asked about: no N beyond', () => {
    const few = {
      ...network('0', (rank) => 60 - rank),
      rows: network('0', (rank) => 60 - rank).rows.slice(0, 60),
    };
    const [one] = summariseVariants([few], 1);
    expect(one!.groups.map(({ group }) => group)).toEqual(['10', '25', '50', 'random']);
    expect(rankingTable([one!], new Map(), 'x').notes.join(' ')).toContain('N = 10, 25, 50 remain');
  });

  test('has intervals that hold its means and grow with the seeds’ differences', () => {
    const close = networks.filter(({ axes }) => axes.space === 'all');
    const interval = variantIntervals(close).get('S · all · baseline')!.groups.random!.tauB!;
    const mean = summariseVariants(close, 3)[0]!.groups.find(({ group }) => group === 'random')!.tauB.mean!;
    expect(interval[0]).toBeLessThan(mean);
    expect(interval[1]).toBeGreaterThan(mean);
    const apart = [network('0', (rank) => 60 - rank / 20), network('1', (rank) => 40 + rank / 20)];
    expect(variantIntervals(apart).get('S · all · baseline')!.groups['500']!.tauA).toEqual([-1, 1]);
  });

  test('goes into summary.arrow and comes back, undefined as null', () => {
    const bytes = summaryTable([network('0', () => 40)]).toArrowIPC({ format: 'file' }) as Uint8Array;
    const table = tableFromIPC(bytes);
    const first = (column: string): unknown => table.getChild(column)?.at(0);
    expect(['size', 'space', 'method', 'seed', 'group', 'predicted'].map(first)).toEqual([
      'S',
      'all',
      'baseline',
      '0',
      '10',
      40,
    ]);
    expect(first('pearson')).toBeNull();
    expect(table.numRows).toBe(7);
  });

  test('has metrics that are finite or null', () => {
    const metrics = keyFigures(summariseVariants([network('0', () => 40)], 1));
    expect(Object.values(metrics).every(({ value }) => value === null || Number.isFinite(value))).toBe(true);
    expect(metrics['S.all.baseline.tau_b_random']?.value).toBeNull();
    // A reader of the report's first screen has nothing else to go by.
    for (const { means } of Object.values(metrics)) expect(means).toMatch(/^[A-Z].{20,120}\.$/);
  });
});

test('τ_a is −1 when A_N falls, +1 when it rises, null of one point', () => {
  expect(tauOfAverages([10, 25, 50].map((n) => ({ n, predicted: -n })))).toBe(-1);
  expect(tauOfAverages([10, 25, 50].map((n) => ({ n, predicted: n })))).toBe(1);
  expect(tauOfAverages([{ n: 10, predicted: 1 }])).toBeNull();
});

test('regret is what the architecture predicted best lacks to the best; of equals the first in the benchmark counts', () => {
  const { rows } = network('0', (rank) => (rank === 3 || rank === 201 ? 99 : 10));
  expect(regret(rows)).toBeCloseTo(0.02, 12);
  expect(regret(network('0', (rank) => -rank).rows)).toBe(0);
  expect(regret([])).toBeNull();
});

describe('few-shot', () => {
  test('takes each architecture’s prediction from the network of its part of the space', () => {
    const merged = fewShot(networks);
    expect(merged.map(({ axes }) => `${axes.method} ${axes.seed}`)).toEqual(
      ['0', '1', '2'].flatMap((seed) => [`split-zero ${seed}`, `split-pool ${seed}`]),
    );
    const find = (space: string) =>
      networks.find(({ axes }) => axes.space === space && axes.seed === '1')!.rows;
    const of = (rows: readonly PredictionRow[], index: number) =>
      rows.find((row) => row.index === index)!.predicted;
    const pool = merged.find(({ axes }) => axes.method === 'split-pool' && axes.seed === '1')!;
    const [whole, part] = [find('all'), find('no-pool')];
    for (const { index, ops, predicted } of pool.rows) {
      expect(predicted).toBe(of(ops.includes('4') ? whole : part, index));
    }
    expect(pool.rows).toHaveLength(whole.filter(({ group }) => group !== 'shared').length);
  });

  test('is left out where a part lacks a prediction that it should have', () => {
    const [first, ...rest] = networks.find(({ axes }) => axes.space === 'no-pool' && axes.seed === '0')!.rows;
    expect(first).toBeDefined();
    const whole = networks.find(({ axes }) => axes.space === 'all' && axes.seed === '0')!;
    const part = {
      axes: { ...whole.axes, space: 'no-pool' },
      rows: rest.filter(({ group }) => group !== 'top'),
    };
    expect(fewShot([whole, part])).toEqual([]);
  });
});

test('masked and unmasked networks are compared on the same architectures', () => {
  const compared = compareOnSame(networks);
  expect(compared.map(({ space, seeds }) => `${space} ${seeds}`)).toEqual(['no-zero 3', 'no-pool 3']);
  const [masked, unmasked] = ['no-pool', 'all'].map(
    (space) => networks.find(({ axes }) => axes.space === space && axes.seed === '0')!.rows,
  );
  const asked = new Set(unmasked!.map(({ index }) => index));
  expect(masked!.every(({ index }) => asked.has(index))).toBe(true);
});

test('predictions are held against each data set of the benchmark', () => {
  const series = [
    ['cifar10-valid', 'x-valid', 1],
    ['cifar100', 'x-test', -1],
  ] as const;
  const column = <T>(value: (row: (typeof bench)[number], s: (typeof series)[number]) => T) =>
    series.flatMap((s) => bench.map((row) => value(row, s)));
  const table = {
    length: 2 * spaceSize,
    index: column((row) => row.index),
    ops: column((row) => row.ops),
    dataset: column((_, s) => s[0]),
    split: column((_, s) => s[1]),
    hp: column(() => 200),
    epoch: column(() => -1),
    seed: column(() => -1),
    accuracy: column((row, s) => (s[2] === 1 ? row.accuracy : 100 - row.accuracy)),
  };
  const [row] = datasetsTable(networks.slice(0, 3), table, 3).rows;
  const tau = (name: string) => (row![name] as { mean: number }).mean;
  expect(tau('cifar10-valid.random')).toBeGreaterThan(0.3);
  expect(tau('cifar100.random')).toBeCloseTo(-tau('cifar10-valid.random'), 12);
  const other = { ...table, dataset: table.dataset.map(() => 'shapes') };
  expect(datasetsTable(networks.slice(0, 3), other, 3).rows).toEqual([]);
});

test('the notice counts one of a thing in the singular', () => {
  const network = (cellsPerStage: number, epochs: number) =>
    noticeOf({
      origin: 'generated',
      target: 'shapes/test/last/mean',
      side: 16,
      trainImages: 3000,
      validationImages: 500,
      channels: 8,
      cellsPerStage,
      epochs,
      nodeReduce: 'mean',
      countPadding: false,
      batchNorm: 'running',
      architectures: 200,
    }).facts.network;
  expect(network(1, 1)).toBe('8 channels, 1 cell per stage (size S), 1 epoch');
  expect(network(2, 15)).toBe('8 channels, 2 cells per stage (size S), 15 epochs');
});
