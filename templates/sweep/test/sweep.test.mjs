// `node --test test/*.test.mjs`
import assert from 'node:assert/strict';
import test from 'node:test';
import { best, combinations } from '../lib/choose.mjs';
import { accuracy, descend, generator, points } from '../lib/regression.mjs';

test('descent separates the classes better than no weights do', () => {
  const next = generator(1);
  const data = points(next, 200);
  const weights = [...descend(data, { rate: 0.1, batch: 8, steps: 200, next })].at(-1);
  assert.ok(accuracy(weights, data) > 0.85);
});

test('the combination with the best mean is chosen', () => {
  const runs = [
    { rate: '1', batch: '1', accuracy: 0.9 },
    { rate: '1', batch: '1', accuracy: 0.5 },
    { rate: '2', batch: '1', accuracy: 0.8 },
  ];
  const all = combinations(runs);
  assert.deepEqual(all.map(({ n }) => n), [2, 1]);
  assert.equal(best(all).rate, '2');
});
