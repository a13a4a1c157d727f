/** The rooms of ARCHITECTURE.md: who may import whom, and what the path of a run with nothing to do must not load. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).split(sep).join('/'))
    .filter((name) => statSync(join(root, name)).isFile())
    .sort();
}

/** Specifiers of every static, dynamic and re-exporting import. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return Array.from(text.matchAll(pattern), (match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** The file of the project that a relative specifier means. */
function target(file: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return relative(root, resolve(root, dirname(file), specifier))
    .split(sep)
    .join('/');
}

function crossings(from: string, allowed: (to: string) => boolean): string[] {
  return filesIn(from).flatMap((file) =>
    importsOf(file)
      .map((specifier) => target(file, specifier))
      .filter((to) => to !== null && !allowed(to))
      .map((to) => `${file} → ${to}`),
  );
}

test('the engine imports neither the study nor its stages', () => {
  expect(crossings('src/pipe', (to) => to.startsWith('src/pipe/'))).toEqual([]);
});

test('the study never imports the engine', () => {
  expect(crossings('src/nas', (to) => to.startsWith('src/nas/'))).toEqual([]);
});

test('a stage imports the study, and of the engine only its SDK', () => {
  const allowed = (to: string): boolean =>
    to.startsWith('src/nas/') || to.startsWith('stages/') || to === 'src/pipe/stage.ts';
  expect(crossings('stages', allowed)).toEqual([]);
});

test('the SDK of stages imports nothing, so that no key changes with the engine', () => {
  expect(importsOf('src/pipe/stage.ts')).toEqual([]);
});

test('config and plan import no room that comes after them', () => {
  const allowed = (to: string): boolean =>
    /^src\/pipe\/(config|plan)\/|^src\/pipe\/(json|version)\.ts$/.test(to);
  expect(crossings('src/pipe/config', allowed)).toEqual([]);
  expect(crossings('src/pipe/plan', allowed)).toEqual([]);
});

test('relative imports name the file with its ending', () => {
  const bare = [...filesIn('src'), ...filesIn('stages')].flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.') && !/\.(ts|js|json)$/.test(specifier))
      .map((specifier) => `${file} → ${specifier}`),
  );
  expect(bare).toEqual([]);
});

describe('what a run with nothing to do loads', () => {
  test.each([
    'cli/main.ts',
    'cli/run.ts',
    'cli/status.ts',
    'plan/open-plan.ts',
    'cache/workspace.ts',
    'run/run.ts',
  ])('%s reaches no package before it is needed', async (entry) => {
    const { metafile } = await build({
      entryPoints: [join(root, 'src/pipe', entry)],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      outdir: 'out',
      write: false,
      metafile: true,
      absWorkingDir: root,
    });
    const start = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));
    const loaded = new Set<string>();
    const packages = new Set<string>();
    const visit = (output: string): void => {
      if (loaded.has(output)) return;
      loaded.add(output);
      for (const { path, kind, external } of metafile.outputs[output]?.imports ?? []) {
        if (kind === 'dynamic-import') continue;
        if (external && !path.startsWith('node:')) packages.add(path);
        if (!external) visit(path);
      }
    };
    if (start) visit(start[0]);
    expect(loaded.size).toBeGreaterThan(0);
    expect([...packages]).toEqual([]);
  });
});

test('the scripts of package.json name files that are there', () => {
  const manifest: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const named = Object.values(manifest.scripts).flatMap((script) => script.match(/[\w./-]+\.m?[jt]s/g) ?? []);
  expect(named).toContain('bench/ops.ts');
  expect(named.filter((path) => statSync(join(root, path), { throwIfNoEntry: false }) === undefined)).toEqual(
    [],
  );
});
