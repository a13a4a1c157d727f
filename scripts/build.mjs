// Builds the package: one bundle per entry with shared chunks, packages left external, types beside it.
// With --watch (`npm run dev`) the bundles follow every change until Ctrl-C.
// Also links the checkout's own commands into node_modules/.bin, so that `npx pipe` in a checkout starts at once.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';
import { buildVegaRuntime } from './vega-runtime.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The engine: what the package holds. */
const engine = {
  pipe: 'src/pipe/cli/main.ts',
  stage: 'src/pipe/stage.ts',
  'stage-host': 'src/pipe/job/stage-host.ts',
  'figure-host': 'src/pipe/report/figure/figure-host.ts',
};

/** The study's programs: for a checkout only. They stand apart, so that no chunk of the package is the study's. */
const study = {
  'nas-bench': 'src/nas/convert/cli.ts',
  'backend-version': 'src/nas/backend/version-cli.ts',
  'convert.worker': 'src/nas/convert/convert.worker.ts',
};

const watches = process.argv.includes('--watch');

/**
 * Bundles `entries` into `outdir`, and with --watch again after every change.
 * @param {Readonly<Record<string, string>>} entries
 * @param {string} outdir
 */
async function bundle(entries, outdir) {
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    chunkNames: 'chunks/[name]-[hash]',
    define: { PIPE_VERSION: JSON.stringify(manifest.version) },
    logLevel: watches ? 'info' : 'warning',
  };
  if (!watches) {
    await build(options);
    return;
  }
  const watching = await context(options);
  await watching.rebuild(); // whole before the commands are linked
  await watching.watch();
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
await bundle(engine, 'dist');
if (existsSync(join(root, 'src/nas'))) await bundle(study, 'dist/nas');
await buildVegaRuntime(root, 'dist/vega-runtime.js');

if (existsSync(join(root, 'node_modules/typescript'))) {
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.types.json'],
    { cwd: root, stdio: 'inherit' },
  );
}

const bin = join(root, 'node_modules/.bin');
for (const [name, target] of Object.entries({ ...manifest.bin, 'nas-bench': 'dist/nas/nas-bench.js' })) {
  const file = join(root, target);
  if (!existsSync(file)) continue;
  chmodSync(file, 0o755);
  if (!existsSync(join(root, 'node_modules'))) continue;
  mkdirSync(bin, { recursive: true });
  const link = join(bin, name);
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync(relative(bin, file), link);
}
