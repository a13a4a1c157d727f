import { expect, test } from 'vitest';
import { loadPipeline } from '../../../src/pipe/config/load.ts';
import { executorChoice, executorOf } from '../../../src/pipe/plan/executor-choice.ts';
import { plan } from '../../../src/pipe/plan/plan.ts';

const text = `version: 1
profiles: {base: {executor: lab}, big: {extends: base}}
executors:
  lab: {kind: slurm}
  other: {kind: command, submit: "s {script}", status: q, cancel: "d {id}"}
stages:
  free: {cmd: "true", outs: {o: o}}
  bound: {cmd: "true", outs: {o: o}, executor: other}
`;

function chosen(profile: string | null, ...words: readonly string[]): Readonly<Record<string, string>> {
  const { document } = loadPipeline(text, 'pipeline.yaml', { profile, set: [] });
  if (!document) throw new Error('no document');
  const { graph } = plan(document);
  const choice = executorChoice(graph, words);
  return Object.fromEntries(
    Array.from(graph.cells.values(), (cell) => [cell.stage, executorOf(cell, graph, choice)]),
  );
}

test('where a cell goes: --executor STAGE=NAME, the stage, --executor NAME, the profile, this machine', () => {
  expect(chosen(null)).toEqual({ free: 'local', bound: 'other' });
  expect(chosen('big')).toEqual({ free: 'lab', bound: 'other' });
  expect(chosen('big', 'other')).toEqual({ free: 'other', bound: 'other' });
  expect(chosen(null, 'lab')).toEqual({ free: 'lab', bound: 'other' });
  expect(chosen(null, 'lab', 'bound=local')).toEqual({ free: 'lab', bound: 'local' });
  expect(() => chosen(null, 'lap')).toThrow(/no executor is called `lap`/);
  expect(() => chosen(null, 'fre=lab')).toThrow(/no stage is called `fre`/);
});
