// Runs a TypeScript program of this repository: `node scripts/run-ts.mjs perf/noop.ts [ARGUMENT…]`.
// Packages stay outside the bundle, so it must lie below node_modules' parent; it is removed at the end.

import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) throw new Error('which program? node scripts/run-ts.mjs FILE [ARGUMENT…]');
const folder = join(root, 'node_modules/.cache/run-ts');
const outfile = join(folder, `${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.on('exit', () => rmSync(outfile, { force: true }));
process.argv.splice(1, 2, join(root, entry));
process.argv.splice(2, process.argv.length, ...rest);
process.setSourceMapsEnabled(true);
await import(pathToFileURL(outfile).href);
