/** `npm pack`, installed in an empty folder, gives a `pipe` that starts and runs a pipeline. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const copied = [
  'src',
  'stages',
  'scripts',
  'schema',
  'docs',
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

let folder: string;
let app: string;
let files: readonly string[];

/** Packs a copy, so that the build does not disturb who uses this checkout meanwhile. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipe-package-'));
  const copy = join(folder, 'copy');
  app = join(folder, 'app');
  mkdirSync(join(copy, 'node_modules'), { recursive: true });
  mkdirSync(app);
  for (const name of [...copied, 'tsconfig.json', 'tsconfig.types.json']) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  }
  const packed: unknown = JSON.parse(npm(copy, 'pack', '--json', '--pack-destination', folder));
  const [{ filename, files: listed }] = packed as [{ filename: string; files: { path: string }[] }];
  files = listed.map(({ path }) => path);
  writeFileSync(join(app, 'package.json'), '{"name": "app", "private": true}');
  npm(
    app,
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    join(folder, filename),
  );
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(cwd: string, ...args: readonly string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function npx(...args: readonly string[]) {
  return spawnSync('npx', ['--no-install', ...args], { cwd: app, encoding: 'utf8' });
}

test('the package holds the command, the SDK with its types, the schema and the documentation, and no source', () => {
  for (const path of ['dist/pipe.js', 'dist/stage.js', 'dist/stage-host.js', 'dist/types/pipe/stage.d.ts']) {
    expect(files).toContain(path);
  }
  expect(files).toContain('schema/pipeline.schema.json');
  expect(files).toContain('docs/reference/pipeline-yaml.md');
  expect(files.filter((path) => /^(src|test|stages|cache|reports|bench)\//.test(path))).toEqual([]);
});

test('pipe init && pipe run work, and the second run has nothing to do', () => {
  expect(npx('pipe', 'init').status).toBe(0);
  const first = npx('pipe', 'run');
  expect(first.stderr).toMatch(/4 done, 0 cached, 0 failed/);
  expect(first.status).toBe(0);
  expect(readFileSync(join(app, 'reports/index.html'), 'utf8')).toContain('</html>');
  expect(npx('pipe', 'run').stderr).toMatch(/up to date: 4 cells/);
  expect(npx('pipe', 'status', '--check').status).toBe(0);
});

test('a stage in TypeScript imports the SDK by the package’s name', () => {
  writeFileSync(
    join(app, 'typed.yaml'),
    'version: 1\nparams: {n: 3}\nstages:\n  typed: {run: typed.ts, params: {n: "${params.n}"}, outs: {o: {path: o.txt, place: typed.txt}}}\n',
  );
  writeFileSync(
    join(app, 'typed.ts'),
    `import { writeFileSync } from 'node:fs';
import { defineStage } from 'pipe-experiments/stage';

export default defineStage(({ params, out }) => {
  const n: number = Number(params.n);
  writeFileSync(out('o'), String(n * 2));
});
`,
  );
  const run = npx('pipe', 'run', '--file', 'typed.yaml');
  expect(run.stderr).toMatch(/1 done/);
  expect(readFileSync(join(app, 'typed.txt'), 'utf8')).toBe('6');
});
