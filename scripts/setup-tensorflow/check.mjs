// The proof at the end: the backend itself takes training steps, in a process of its own.

import { join } from 'node:path';
import { run } from './process.mjs';

/**
 * Trains a few steps with `src/nas/backend/check.ts` and returns the line it prints.
 * @param {string} root
 */
export function trainOneStep(root) {
  const nextStep = 'Run `npm run setup:tensorflow -- --fresh` to fetch and compile everything again.';
  const runner = join(root, 'scripts/run-ts.mjs');
  return run(process.execPath, [runner, 'src/nas/backend/check.ts'], { cwd: root }, nextStep).trim();
}
