// Builds the package: one bundle per entry with shared chunks, its dependencies left outside, types beside it.
// With --watch (`npm run dev`) the bundles follow every change until Ctrl-C.
// Also links the checkout's own commands into node_modules/.bin, so that `npx pipe` in a checkout starts at once.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';
import { buildPage, buildVegaRuntime } from './client.mjs';
import { engineBundles, modules } from './engine-bundle.mjs';
import { copyPython } from './python-files.mjs';
import { copyTemplates } from './template-files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The study's programs: for a checkout only. They stand apart, so that no chunk of the package is the study's. */
const study = {
  'nas-bench': 'src/nas/convert/cli.ts',
  'backend-version': 'src/nas/backend/version-cli.ts',
  'convert.worker': 'src/nas/convert/convert.worker.ts',
};

const watches = process.argv.includes('--watch');

const settings = /** @type {const} */ ({ logLevel: watches ? 'info' : 'warning' });

/**
 * Builds, and with --watch again after every change.
 * @param {import('esbuild').BuildOptions} options
 */
async function bundle(options) {
  if (!watches) return (await build({ ...options, ...settings })).metafile;
  const watching = await context({ ...options, ...settings });
  const { metafile } = await watching.rebuild(); // whole before the commands are linked
  await watching.watch();
  return metafile;
}

/**
 * The licences of the packages that a bundle holds, as they ask for.
 * @param {readonly (import('esbuild').Metafile | undefined)[]} metafiles
 */
function licences(metafiles) {
  const names = metafiles
    .flatMap((metafile) => Object.keys(metafile?.inputs ?? {}))
    .flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${name} has no licence file, so it cannot be bundled`);
    return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
// What package.json does not name under `dependencies` is bundled: small packages in plain JavaScript, which an installation
// need not fetch one by one.
const bundled = [];
for (const options of engineBundles(
  { root, outdir: 'dist', version: manifest.version },
  { external: Object.keys(manifest.dependencies) },
))
  bundled.push(await bundle(options));
writeFileSync(join(root, 'dist/LICENCES.txt'), licences(bundled).join('\n---\n\n'));
if (existsSync(join(root, 'src/nas')))
  await bundle({
    ...modules,
    absWorkingDir: root,
    entryPoints: study,
    outdir: 'dist/nas',
    packages: 'external',
    define: { PIPE_VERSION: JSON.stringify(manifest.version) },
  });
copyPython(root, join(root, 'dist'));
copyTemplates(root, join(root, 'dist'));
await buildPage(root, 'dist');
await buildVegaRuntime(root, 'dist');

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
