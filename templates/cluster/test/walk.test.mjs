// `node --test test/*.test.mjs`
import assert from 'node:assert/strict';
import test from 'node:test';
import { distance, generator, power, walk } from '../lib/walk.mjs';

test('a walk of an even number of steps ends at an even place, no farther than its steps', () => {
  const next = generator(1);
  for (let i = 0; i < 100; i++) {
    const place = walk(20, next);
    assert.ok(place % 2 === 0 && Math.abs(place) <= 20);
  }
});

test('a hundred steps lead about ten away', () => {
  const next = generator(1);
  const far = distance(Array.from({ length: 2000 }, () => walk(100, next)));
  assert.ok(far > 9 && far < 11, String(far));
});

test('the power of a square is two', () => {
  assert.ok(Math.abs(power([[1, 1], [2, 4], [3, 9]]) - 2) < 1e-12);
});
