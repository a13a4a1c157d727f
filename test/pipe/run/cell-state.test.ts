import { expect, test } from 'vitest';
import { cachedOf, failedOf, noCells, notRunOf } from '../../../src/pipe/run/cell-state.ts';
import type { CellState } from '../../../src/pipe/run/event.ts';

test('every state counts once on the last line: done, cached, failed or not run', () => {
  for (const state of Object.keys(noCells()) as CellState[]) {
    const counts = { ...noCells(), [state]: 1 };
    expect([state, counts.done + cachedOf(counts) + failedOf(counts) + notRunOf(counts)]).toEqual([state, 1]);
  }
});

test('a cell whose inputs changed while it ran has failed', () => {
  expect(failedOf({ ...noCells(), failed: 2, 'dirty-inputs': 3, blocked: 4 })).toBe(5);
});
