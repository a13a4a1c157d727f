// The proof at the end: the backend itself, bundled on the fly, takes training steps in a process of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { run } from './process.mjs';

/** Trains a step with `src/nas/backend/check.ts` and returns the line it prints. */
export function trainOneStep(root) {
  // Inside the checkout, so that the bundle finds the packages of this checkout.
  const folder = mkdtempSync(join(root, 'node_modules/.setup-tensorflow-'));
  try {
    const file = join(folder, 'check.mjs');
    buildSync({
      entryPoints: [join(root, 'src/nas/backend/check.ts')],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    });
    const nextStep = 'Run `npm run setup:tensorflow -- --fresh` to fetch and compile everything again.';
    return run(process.execPath, [file], { cwd: root }, nextStep).trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
