import { expect, test } from 'vitest';
import { Tries } from '../../../src/pipe/run/tries.ts';
import { cellOf } from '../../kit/planned-cells.ts';

const backOff = (attempt: number) => attempt * 1000;
const tries = (retries: number, memorySteps: readonly number[] = []) =>
  new Tries(cellOf('a', { retries, resources: { cpu: 1, gpu: 0, memory: 4, named: {}, memorySteps } }), 0);

test('a host that failed, and a job that was taken back, spend no retry', () => {
  const of = tries(0);
  expect(of.next({ kind: 'taken', message: 'NODE_FAIL' }, backOff)).toEqual({ inMs: 0 });
  expect(of.next({ kind: 'exit', code: 1 }, backOff)).toBeNull();
});

test('a job that is taken back without end is a failure at last', () => {
  const of = tries(0);
  let count = 0;
  while (of.next({ kind: 'taken', message: 'gone' }, backOff) !== null) count++;
  expect(count).toBe(20);
});

test('time that was up after a checkpoint is no failure, without one it is', () => {
  const of = tries(0);
  expect(of.next({ kind: 'time', afterMs: 1, checkpointed: true }, backOff)).toEqual({ inMs: 0 });
  expect(of.next({ kind: 'time', afterMs: 1, checkpointed: false }, backOff)).toBeNull();
});

test('out of memory moves on to the next size, and only that does', () => {
  const of = tries(1, [8, 16]);
  expect(of.next({ kind: 'exit', code: 1 }, backOff)).toEqual({ inMs: 1000 });
  expect(of.memoryStep).toBe(0);
  expect(of.next({ kind: 'memory', asked: 4, peak: 4 }, backOff)).toEqual({ inMs: 0 });
  expect(of.next({ kind: 'memory', asked: 8, peak: 8 }, backOff)).toEqual({ inMs: 0 });
  expect(of.memoryStep).toBe(2);
  expect(of.next({ kind: 'memory', asked: 16, peak: 16 }, backOff)).toBeNull();
});
