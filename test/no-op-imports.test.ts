/** What the path of a run with nothing to do must not load. Which room may import which: `npm run rooms`. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

describe('what a run with nothing to do loads', () => {
  test.each([
    'cli/main.ts',
    'cli/run.ts',
    'cli/status.ts',
    'project/open-plan.ts',
    'cell/workspace.ts',
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
  const named = Object.values(manifest.scripts).flatMap(
    (script) => script.match(/[\w./-]+\.(?:m?[jt]s|json)\b/g) ?? [],
  );
  expect(named).toContain('perf/ops.ts');
  expect(named.filter((path) => statSync(join(root, path), { throwIfNoEntry: false }) === undefined)).toEqual(
    [],
  );
});
