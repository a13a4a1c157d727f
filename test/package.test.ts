/** What `npm pack` gives, installed in an empty folder: a small package whose `pipe` starts and runs a pipeline. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linksOf } from './kit/links.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const copied = [
  'src',
  'python',
  'stages',
  'scripts',
  'templates',
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
  npm(app, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(cwd: string, ...args: readonly string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function npx(...args: readonly string[]) {
  return spawnSync('npx', ['--no-install', ...args], { cwd: app, encoding: 'utf8' });
}

/** All files below `app`/node_modules that end so, as paths. */
function installed(...ends: readonly string[]): string[] {
  return readdirSync(join(app, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    ends.some((end) => path.endsWith(end)),
  );
}

test('the package holds the command, the SDK with its types, the schema and the documentation, and no source', () => {
  for (const path of [
    'dist/pipe.cjs',
    'dist/stage.js',
    'dist/stage-host.js',
    'dist/report-page.js',
    'dist/report-page.css',
    'dist/vega-runtime.js',
    'dist/types/pipe/stage.d.ts',
    'dist/python/python_host.py',
    ...[
      'analyse',
      'pipe_bindings',
      'pipe_calls',
      'pipe_digest',
      'pipe_interpreter',
      'pipe_item',
      'pipe_rules',
    ].map((name) => `dist/python/${name}.py`),
    'dist/python/sdk/pipe_stage/__init__.py',
  ]) {
    expect(files).toContain(path);
  }
  expect(files).toContain('schema/pipeline.schema.json');
  expect(files).toContain('docs/reference/pipeline-yaml.md');
  expect(
    files.filter((path) => /^(src|test|stages|cache|reports|perf|dist\/nas|docs\/results)\//.test(path)),
  ).toEqual([]);
});

test('every link of the package’s documentation leads to a file of the package', () => {
  const has = (path: string) => files.some((file) => file === path || file.startsWith(`${path}/`));
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      linksOf(file, readFileSync(join(app, 'node_modules/pipe-experiments', file), 'utf8'))
        .filter(({ isAddress, path }) => !isAddress && !has(path))
        .map(({ text }) => `${file}: ${text}`),
    );
  expect(broken).toEqual([]);
});

test('an installation takes at most 55 MB and 115 packages', () => {
  const blocks = new Map<number, number>(); // by inode: a hard link takes no room
  for (const path of installed('')) {
    const stat = lstatSync(join(app, 'node_modules', path));
    blocks.set(stat.ino, stat.blocks);
  }
  const bytes = 512 * [...blocks.values()].reduce((sum, count) => sum + count, 0);
  expect(bytes / 2 ** 20).toBeLessThanOrEqual(55);
  const packages = installed('package.json').filter((path) =>
    /(^|\/node_modules\/)(@[^/]+\/)?[^@/]+\/package\.json$/.test(path),
  );
  expect(packages).toContain('vega-lite/package.json');
  expect(packages.length).toBeLessThanOrEqual(115);
});

test('installing the package runs no script of ours', () => {
  const lock: { packages: Record<string, { hasInstallScript?: boolean }> } = JSON.parse(
    readFileSync(join(app, 'package-lock.json'), 'utf8'),
  );
  expect(lock.packages['node_modules/pipe-experiments']).toBeDefined();
  expect(lock.packages['node_modules/pipe-experiments']?.hasInstallScript).toBeUndefined();
});

test('the package imports only what it declares, and declares only what it imports', () => {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(app, 'node_modules/pipe-experiments/package.json'), 'utf8'),
  );
  const imported = new Set<string>();
  for (const path of files.filter((file) => /^dist\/(chunks\/)?[^/]+\.js$/.test(file))) {
    if (['dist/vega-runtime.js', 'dist/report-page.js'].includes(path)) continue; // for browsers, whole
    const text = readFileSync(join(app, 'node_modules/pipe-experiments', path), 'utf8');
    for (const [, name] of text.matchAll(
      /(?:^import |^\} from |\bfrom |\bimport\()"((?:@[\w.-]+\/)?[\w.-]+)(?:\/[^"]*)?"/gm,
    ))
      if (name && !isBuiltin(name) && !name.startsWith('.')) imported.add(name);
  }
  expect([...imported].sort()).toEqual(Object.keys(dependencies).sort());
});

test('pipe-experiments is the same command, for use outside a project', () => {
  expect(npx('pipe-experiments', '--version').stdout).toBe(npx('pipe', '--version').stdout);
  expect(npx('pipe-experiments', '--version').status).toBe(0);
});

test('pipe init && pipe run cost less than 5 s of processor time in an empty project', () => {
  const fresh = join(app, 'fresh');
  mkdirSync(fresh);
  // The shell's own time, then that of all its children: a busy machine does not change it.
  const script = 'npx --no-install pipe init >&2 && npx --no-install pipe run >&2 || exit 1; times';
  const { status, stdout } = spawnSync('bash', ['-c', script], { cwd: fresh, encoding: 'utf8' });
  expect(status).toBe(0);
  const spent = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds),
  );
  expect(spent).toHaveLength(4);
  expect(spent.reduce((sum, time) => sum + time, 0)).toBeLessThan(5);
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
