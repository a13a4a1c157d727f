import { expect, test } from 'vitest';
import { ResourcePool } from '../../../src/pipe/exec/capacity.ts';
import { PlacePool, type Pool, Pools } from '../../../src/pipe/exec/pools.ts';

const wants = (executor: string, more = {}) => ({ executor, cpu: 1, gpu: 0, memory: 0, named: {}, ...more });

test('each executor has its own capacity, and a named resource is one wherever a cell runs', () => {
  const local = new ResourcePool({ cpu: 1, memory: 0, gpus: [], named: {} });
  const pools = new Pools(
    new Map<string, Pool>([
      ['local', local],
      ['lab', new PlacePool(2)],
    ]),
    new Map([['licence', 1]]),
  );
  const first = pools.take(wants('local', { named: { licence: 1 } }));
  expect(first).not.toBeNull();
  expect(pools.take(wants('local'))).toBeNull();
  // A queue asks its own hosts for processors and memory; what this machine has is no bound.
  expect(pools.take(wants('lab', { cpu: 64, gpu: 8, memory: 2 ** 40 }))).not.toBeNull();
  expect(pools.take(wants('lab', { named: { licence: 1 } }))).toBeNull();
  first?.release();
  first?.release();
  expect(pools.take(wants('lab', { named: { licence: 1 } }))).not.toBeNull();
  expect(pools.take(wants('lab'))).toBeNull();
});
