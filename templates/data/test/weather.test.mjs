// `node --test test/*.test.mjs`
import assert from 'node:assert/strict';
import test from 'node:test';
import { Mean, slope } from '../lib/trend.mjs';
import { generator, hoursOf } from '../lib/weather.mjs';

test('a line gives its slope', () => {
  assert.equal(slope([[0, 1], [1, 3], [2, 5]]), 2);
});

test('a year has 8,760 hours around its mean, and the next is warmer by the trend', () => {
  const meanOf = (year) => {
    const mean = new Mean();
    for (const [, degrees] of hoursOf({ mean: 10, swing: 20 }, year, 0.5, generator(1))) mean.add(degrees);
    assert.equal(mean.count, 8760);
    return mean.value;
  };
  assert.ok(Math.abs(meanOf(0) - 10) < 0.1);
  assert.ok(Math.abs(meanOf(4) - meanOf(0) - 2) < 1e-9);
});
