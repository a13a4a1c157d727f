/** dvc.yaml becomes a pipeline file with the same graph, which plans without a diagnostic and runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importDvc } from '../../../src/pipe/import/dvc-import.ts';
import { openPlan } from '../../../src/pipe/project/open-plan.ts';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import type { Folder } from '../../kit/folder.ts';
import { Pipeline } from '../../kit/pipeline.ts';
import { realDvcProject } from '../../kit/real-data.ts';
import { dvcCases } from './dvc-cases.ts';

let project: Pipeline;
beforeEach(() => {
  project = new Pipeline();
});
afterEach(() => project.remove());

/** The imported pipeline's graph, by the engine's own plan. */
async function imported(from: Folder) {
  const made = importDvc({ text: from.read('dvc.yaml'), file: 'dvc.yaml', project: from.dir });
  from.write('pipeline.yaml', made.text);
  const { graph, warnings } = await openPlan(from.dir);
  const cells = [...graph.cells.values()];
  return {
    notes: made.notes.join('\n'),
    warnings: warnings.map(({ message }) => message),
    cells: cells.map(({ id }) => id as string),
    edges: cells.flatMap(({ id, upstream }) => upstream.map((above) => `${id} <- ${above}`)),
    params: Object.fromEntries(
      cells.filter(({ params }) => Object.keys(params).length > 0).map(({ id, params }) => [id, params]),
    ),
  };
}

describe.each(Object.entries(dvcCases))('%s', (_, one) => {
  test('has the graph of the original and plans without a diagnostic', async () => {
    for (const [path, text] of Object.entries(one.files)) project.write(path, text);
    const found = await imported(project);
    expect(found.warnings).toEqual([]);
    expect([...found.cells].sort()).toEqual([...one.cells].sort());
    expect([...found.edges].sort()).toEqual([...one.edges].sort());
    expect(found.params).toEqual(one.params ?? {});
    for (const note of one.notes ?? []) expect(found.notes).toMatch(note);
    for (const text of one.says ?? []) expect(project.read('pipeline.yaml')).toMatch(text);
  });

  const { made } = one;
  if (made !== undefined)
    test('runs, and makes what the original makes, where it makes it', async () => {
      for (const [path, text] of Object.entries(one.files)) project.write(path, text);
      await imported(project);
      const { failed } = await project.run();
      expect(failed.map(({ cell, error }) => `${cell}: ${error.message}`)).toEqual([]);
      for (const [path, text] of Object.entries(made)) expect(project.read(path), path).toBe(text);
    });
});

test.skipIf(!existsSync(join(realDvcProject, 'dvc.yaml')))(
  'the public example-get-started has the graph of the original',
  async () => {
    for (const file of ['dvc.yaml', 'params.yaml'])
      project.write(file, readFileSync(join(realDvcProject, file), 'utf8'));
    for (const file of ['data/data.xml', 'src/prepare.py', 'src/featurization.py', 'src/train.py'])
      project.write(file, '');
    const found = await imported(project);
    expect(found.warnings).toEqual([]);
    expect(found.cells).toEqual(['prepare', 'featurize', 'train']);
    expect(found.edges).toEqual(['featurize <- prepare', 'train <- featurize']);
    expect(found.params).toEqual({
      prepare: { prepare: { seed: 20170428, split: 0.2 } },
      featurize: { featurize: { max_features: 400, ngrams: 2 } },
      train: { train: { min_split: 0.01, n_est: 50, seed: 20170428 } },
    });
    expect(found.notes).toMatch(/dvc\.yaml:1: artifacts: there is no registry/);
    expect(project.read('pipeline.yaml')).toContain(
      'cmd: python src/train.py ${deps.features} ${outs.model}\n',
    );
  },
);

test('what is wrong in a dvc.yaml is reported with its place', () => {
  const text = 'stages:\n  a:\n    cmd: 3\n    outs: [x]\n';
  expect(() => importDvc({ text, file: 'dvc.yaml', project: project.dir })).toThrow(/cannot be imported/);
  const unknown = 'stages:\n  a:\n    cmd: echo ${nothing}\n';
  expect(() => importDvc({ text: unknown, file: 'dvc.yaml', project: project.dir })).toThrow(/\$\{nothing\}/);
});

describe('pipe import', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe.remove());

  test('writes pipeline.yaml with the list, and overwrites nothing', () => {
    const cli = new CliProject(pipe.file);
    try {
      cli.write(
        'dvc.yaml',
        'stages:\n  a:\n    cmd: echo 1 > a.txt\n    outs:\n      - a.txt:\n          cache: false\n',
      );
      const first = cli.pipe('import', 'dvc.yaml');
      expect(first.code).toBe(0);
      expect(first.stdout).toMatch(
        /wrote pipeline\.yaml: 1 stage\n.*\n {2}dvc\.yaml:4: stages\.a\.outs: a\.txt, cache: false/,
      );
      expect(cli.read('pipeline.yaml')).toMatch(
        /^# Made from dvc\.yaml by `pipe import`\.\n(#.*\n)+version: 1\n/,
      );
      expect(cli.pipe('run').stderr).toMatch(/1 done/);
      cli.write('pipeline.yaml', 'mine');
      const second = cli.pipe('import');
      expect(second.code).toBe(2);
      expect(second.stderr).toMatch(/pipeline\.yaml is there already: nothing was written\n.*--out/);
      expect(cli.read('pipeline.yaml')).toBe('mine');
      expect(JSON.parse(cli.pipe('import', 'dvc.yaml', '--out', 'b.yaml', '--json').stdout)).toMatchObject({
        wrote: 'b.yaml',
        stages: 1,
      });
    } finally {
      cli.remove();
    }
  });
});
