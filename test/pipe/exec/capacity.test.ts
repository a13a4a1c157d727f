import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/diagnostics/diagnostic.ts';
import { type Capacity, checkDemand, ResourcePool } from '../../../src/pipe/exec/capacity.ts';
import { usableGpus } from '../../../src/pipe/exec/gpu.ts';
import type { Cell, Resources } from '../../../src/pipe/plan/graph.ts';
import { cellOf } from '../../kit/planned-cells.ts';

const wants = (more: Partial<Resources>): Resources => ({ cpu: 1, gpu: 0, memory: 0, named: {}, ...more });
const machine = (more: Partial<Capacity>): Capacity => ({
  cpu: 2,
  memory: 2 ** 30,
  gpus: [],
  named: {},
  ...more,
});
const needing = (more: Partial<Resources>): Cell => cellOf('train', { resources: wants(more) });
const two = [
  { index: 0, uuid: 'GPU-aaaa1111' },
  { index: 1, uuid: 'GPU-bbbb2222' },
];

test('one GPU is never given to two cells', () => {
  const pool = new ResourcePool(machine({ gpus: [0, 1], cpu: 8 }));
  const first = pool.take(wants({ gpu: 1 }));
  const second = pool.take(wants({ gpu: 1 }));
  expect([first?.gpus, second?.gpus]).toEqual([[0], [1]]);
  expect(pool.take(wants({ gpu: 1 }))).toBeNull();
  first?.release();
  first?.release();
  expect(pool.take(wants({ gpu: 1 }))?.gpus).toEqual([0]);
  expect(pool.take(wants({ gpu: 1 }))).toBeNull();
});

test('on a machine without a GPU the cells that want one take turns and are told that there is none', () => {
  const pool = new ResourcePool(machine({ cpu: 8 }));
  const first = pool.take(wants({ gpu: 2 }));
  expect(first?.gpus).toEqual([]);
  expect(pool.take(wants({ gpu: 1 }))).toBeNull();
  expect(pool.take(wants({ gpu: 0 }))).not.toBeNull();
  first?.release();
  expect(pool.take(wants({ gpu: 1 }))?.gpus).toEqual([]);
});

test('a lease takes all it needs or nothing', () => {
  const pool = new ResourcePool(machine({ named: { licence: 1 } }));
  const first = pool.take(wants({ cpu: 1, memory: 2 ** 29, named: { licence: 1 } }));
  expect(pool.take(wants({ cpu: 1, named: { licence: 1 } }))).toBeNull();
  first?.release();
  expect(pool.take(wants({ cpu: 2, memory: 2 ** 30, named: { licence: 1 } }))).not.toBeNull();
});

test('too many processors are fewer and a warning, everything else is an error before the run', () => {
  const small = machine({ gpus: [0] });
  expect(checkDemand([needing({ cpu: 8 }), needing({ cpu: 8 })], small)).toEqual([
    'train asks for 8 processors, this run has 2: it runs on 2',
  ]);
  expect(new ResourcePool(small).take(wants({ cpu: 8 }))?.cpu).toBe(2);
  const refused = () => checkDemand([needing({ gpu: 2, memory: 2 ** 31, named: { licence: 1 } })], small);
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(
    'train asks for 2 GiB of memory, this machine has 1 GiB; and for 2 GPUs, this run may use 1; and for 1 of licence, the pipeline file gives 0',
  );
  expect(checkDemand([needing({ gpu: 2 })], machine({}))).toEqual([]);
});

test('never a GPU beyond the inherited CUDA_VISIBLE_DEVICES', () => {
  expect(usableGpus(two, undefined, null)).toEqual([0, 1]);
  expect(usableGpus(two, '1', null)).toEqual([1]);
  expect(usableGpus(two, 'GPU-bbbb', null)).toEqual([1]);
  expect(usableGpus(two, '', null)).toEqual([]);
  expect(usableGpus(two, '1,-1,0', null)).toEqual([1]);
  expect(usableGpus(two, '0,1', [1])).toEqual([1]);
  expect(() => usableGpus(two, '1', [0])).toThrow(
    '--gpus asks for GPU 0, but this machine has GPU 1 within CUDA_VISIBLE_DEVICES=1',
  );
  expect(() => usableGpus([], undefined, [0])).toThrow('--gpus asks for GPU 0, but this machine has none');
});
