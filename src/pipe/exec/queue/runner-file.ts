/** Where the program that jobs run is: beside this one in the package; run from source, the one that was built last. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path. @throws Error in a checkout that was never built */
export async function jobRunnerFile(): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  // In dist/ or dist/chunks/; from source, three folders below the checkout.
  for (const folder of [here, dirname(here), join(here, '../../../../dist')]) {
    const file = join(folder, 'job-runner.js');
    if (existsSync(file)) return file;
  }
  throw new Error('dist/job-runner.js is not there: `npm run build` makes it');
}
