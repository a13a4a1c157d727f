import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { StageContext } from 'pipe-experiments/stage';
import { estimates, halton, sample } from '../lib/sampling.ts';

export default (stage: StageContext) => {
  assert.deepEqual([1, 2, 3, 4].map((i) => halton(i, 2)), [1 / 2, 1 / 4, 3 / 4, 1 / 8]);
  assert.deepEqual([...estimates([[0, 0], [1, 1], [0.5, 0.5], [0.9, 0.9]])], [4, 2, 8 / 3, 2]);
  assert.deepEqual([...sample('random', 7, 3)], [...sample('random', 7, 3)]);
  assert.notDeepEqual([...sample('random', 7, 3)], [...sample('random', 8, 3)]);
  writeFileSync(stage.out('passed'), 'passed\n');
};
