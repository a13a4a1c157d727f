/** The pages for people who come from another tool: what stands on both sides runs, and gives the same numbers. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { filesOf } from '../kit/page-files.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const fromSnakemake = filesOf(readFileSync(join(root, 'docs/how-to/from-snakemake.md'), 'utf8'));
const fromDvc = filesOf(readFileSync(join(root, 'docs/how-to/from-dvc.md'), 'utf8'));
const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
const hasSnakemake = spawnSync('snakemake', ['--version']).status === 0;

/** Milliseconds: forty interpreters that import numpy, on a busy machine. */
const slowly = 600_000;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
});
afterEach(() => project.remove());

function write(files: ReadonlyMap<string, string>, besides: readonly string[] = []): void {
  for (const [path, text] of files) if (!besides.includes(path)) project.write(path, text);
}

/** What the three strengths come to, with pipe. */
function withPipe(): unknown {
  const { code, stderr } = project.pipe('run');
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/13 done, 0 cached, 0 failed/);
  return JSON.parse(project.read('summary.json'));
}

test.skipIf(!hasNumpy)(
  'from Snakemake: a comment reruns nothing, the helper only what reaches it',
  () => {
    write(fromSnakemake, ['Snakefile']);
    const found = withPipe();
    expect(Object.keys(found as object).sort()).toEqual(['0.1', '1', '10']);
    project.edit('lib/ridge.py', (text) => `# A comment.\n${text}`);
    expect(project.pipe('run').stderr).toMatch(/up to date: 13 cells/);
    project.edit('lib/ridge.py', (text) =>
      text.replace('return np.linalg', 'strength = 2 * strength\n    return np.linalg'),
    );
    const { stderr } = project.pipe('run');
    expect(stderr).toContain('fit[10,2] done');
    expect(stderr).not.toContain('data[');
  },
  slowly,
);

test.skipIf(!hasNumpy || !hasSnakemake)(
  'from Snakemake: Snakemake itself gives the same numbers (needs snakemake and numpy)',
  () => {
    write(fromSnakemake);
    const found = withPipe();
    project.write('summary.json', '');
    const { status, stderr } = spawnSync('snakemake', ['-j1', '-F', '--quiet'], {
      cwd: project.dir,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(project.read('summary.json'))).toEqual(found);
  },
  slowly,
);

test('from DVC: the import of its dvc.yaml is what stands on the page', () => {
  project.write('dvc.yaml', fromDvc.get('dvc.yaml') ?? '');
  expect(project.pipe('import').code).toBe(0);
  const made = project.read('pipeline.yaml').replace(/^(?:#.*\n)+/, '');
  expect(made).toBe(fromDvc.get('pipeline.yaml'));
});

test.skipIf(!hasNumpy)(
  'from DVC: the imported pipeline runs at once and gives the same numbers as the port',
  () => {
    write(fromSnakemake, ['Snakefile', 'pipeline.yaml']);
    project.write('dvc.yaml', fromDvc.get('dvc.yaml') ?? '');
    expect(project.pipe('import').code).toBe(0);
    const found = withPipe();
    project.write('pipeline.yaml', fromSnakemake.get('pipeline.yaml') ?? '');
    expect(withPipe()).toEqual(found);
  },
  slowly,
);
