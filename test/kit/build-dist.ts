/** Before all tests: builds `dist/` where it is missing, for the tests that run what it holds. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export default function buildDist(): void {
  const needed = ['dist/report-page.js', 'dist/vega-runtime.js', 'dist/nas/backend-version.js'];
  if (needed.every((file) => existsSync(join(root, file)))) return;
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
}
