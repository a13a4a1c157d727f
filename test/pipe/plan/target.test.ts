/** Targets: how a part of a matrix is named. */
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/lib/diagnostics/diagnostic.ts';
import { loadPipeline } from '../../../src/pipe/config/load.ts';
import { plan } from '../../../src/pipe/plan/plan.ts';
import { selectCells, withUpstream } from '../../../src/pipe/plan/target.ts';

const text = `version: 1
axes: {variant: [base, no-zero], seed: [0, 1]}
stages:
  prepare: {cmd: "true", outs: {o: o}}
  train: {cmd: "true", matrix: [variant, seed], deps: {x: prepare.o}, outs: {o: o}}
  evaluate: {cmd: "true", matrix: [variant, seed], deps: {x: train.o}, outs: {o: o}}
  report: {cmd: "true", deps: {x: evaluate.o}, outs: {o: o}}
`;
const { document } = loadPipeline(text, 'pipeline.yaml', { profile: null, set: [] });
if (!document) throw new Error('no document');
const { graph } = plan(document);
const select = (...targets: string[]) => [...selectCells(graph, targets)].join(' ');

test.each([
  ['a stage', ['train'], 'train[base,0] train[base,1] train[no-zero,0] train[no-zero,1]'],
  ['a cell', ['train[no-zero,1]'], 'train[no-zero,1]'],
  ['a cell with spaces', ['train[no-zero, 1]'], 'train[no-zero,1]'],
  ['any value of an axis', ['train[*,1]'], 'train[base,1] train[no-zero,1]'],
  ['a value', ['seed=1'], 'train[base,1] train[no-zero,1] evaluate[base,1] evaluate[no-zero,1]'],
  ['with upstream', ['+evaluate[base,0]'], 'prepare train[base,0] evaluate[base,0]'],
  ['with downstream', ['train[base,0]+'], 'train[base,0] evaluate[base,0] report'],
  ['with both', ['+train[base,0]+'], 'prepare train[base,0] evaluate[base,0] report'],
  ['a union, in the graph’s order', ['report', 'prepare'], 'prepare report'],
])('%s', (_, targets, cells) => {
  expect(select(...targets)).toBe(cells);
});

test('running a cell means running all it needs', () => {
  const cells = withUpstream(graph, selectCells(graph, ['report']));
  expect(cells.size).toBe(10);
  expect([...withUpstream(graph, selectCells(graph, ['train[base,1]']))]).toEqual([
    'prepare',
    'train[base,1]',
  ]);
});

describe('what names nothing is refused, with the nearest that does', () => {
  test.each([
    ['trian', /`train`/],
    ['train[no-zeor,1]', /train\[no-zero,1\]/],
    ['train[1]', /train\[variant,seed\]/],
    ['seed=7', /`0`, `1`/],
    ['sede=1', /`seed`/],
    ['', /prepare/],
    ['+', /prepare/],
    ['prepare[0]', /written prepare,/],
  ])('%s', (target, hint) => {
    let error: unknown;
    try {
      select(target);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 2, hint: expect.stringMatching(hint) });
  });
});
