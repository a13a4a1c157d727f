/** Results that the pipeline as it stands did not make are never passed off as its own: not in any form of the report. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

const pipeline = (epochs: number): string => `version: 1
title: Training
params: { epochs: ${epochs} }
profiles:
  paper: { params: { epochs: 500 } }
stages:
  train:
    cmd: node train.mjs \${params.epochs} \${outs.metrics} \${outs.claims} \${outs.table}
    deps: { script: ./train.mjs }
    outs:
      metrics: { path: metrics.json, report: metrics }
      claims: { path: claims.json, report: claims }
      table: { path: table.json, report: table }
`;

const train = `import { writeFileSync } from 'node:fs';
const [epochs, metrics, claims, table] = process.argv.slice(2);
writeFileSync(metrics, JSON.stringify({ trained: Number(epochs) }));
writeFileSync(claims, JSON.stringify({ claims: [{
  id: '1', statement: 'Longer is better.', source: 'section 1', verdict: 'contradicted', detail: 'It is not.',
  effect: -1, interval: [-2, -0.5], n: 3, planned: 3, scale: epochs, paper: 'better' }] }));
writeFileSync(table, JSON.stringify({ title: 'Runs', caption: '', notes: [],
  columns: [{ name: 'run', label: 'Run', kind: 'text' }, { name: 'acc', label: 'Accuracy', kind: 'number' }],
  rows: [{ run: 'one', acc: 0.5 }] }));
`;

interface Twin {
  readonly profile: string | null;
  readonly stale: readonly string[];
  readonly causes: readonly string[];
  readonly made: readonly {
    readonly profile: string | null;
    readonly params: Readonly<Record<string, number>>;
  }[];
  readonly metrics: readonly Result[];
  readonly claims: readonly Result[];
  readonly tables: readonly Result[];
  readonly cells: readonly { readonly id: string; readonly state: string }[];
}
interface Result {
  readonly stale?: boolean;
  readonly made: { readonly with: number; readonly run: string };
}

describe('results that are out of date', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe.remove());
  beforeEach(() => {
    project = new CliProject(pipe.file);
    project.write('pipeline.yaml', pipeline(5));
    project.write('train.mjs', train);
  });
  afterEach(() => project.remove());

  const read = (name: string): string => readFileSync(join(project.dir, 'reports', name), 'utf8');
  const twin = (): Twin => JSON.parse(read('report.json'));
  const madeWith = (result: Result | undefined) => twin().made[result?.made.with ?? -1];

  test("a report without the profile says that a profile's results are the profile's, in every form", () => {
    expect(project.pipe('run', '--profile', 'paper').code).toBe(0);
    expect(twin()).toMatchObject({ profile: 'paper', stale: [] });
    expect(read('index.html')).toContain('Complete: 1 cell');

    expect(project.pipe('report', '--markdown', 'kept.md').code).toBe(0);
    const { profile, stale, causes, metrics, claims, tables, cells } = twin();
    expect({ profile, stale, causes, cells }).toMatchObject({
      profile: null,
      stale: ['train'],
      causes: ['param epochs: 500 → 5'],
      cells: [{ id: 'train', state: 'outdated' }],
    });
    for (const result of [metrics[0], claims[0], tables[0]]) {
      expect(result?.stale).toBe(true);
      expect(madeWith(result)).toMatchObject({ profile: 'paper', params: { epochs: 500 } });
    }
    const page = read('index.html');
    expect(page).not.toContain('Complete');
    expect(page).toContain('made by profile paper, with epochs = 500 (now 5)');
    expect(page).toContain('npx pipe report --profile paper');
    const markdown = readFileSync(join(project.dir, 'kept.md'), 'utf8');
    expect(markdown).toContain('Out of date');
    expect(markdown).toMatch(/trained .*out of date: made by profile paper, with epochs = 500 \(now 5\)/);
    expect(read('junit.xml')).toMatch(/name="train"[^>]*><skipped message="out of date/);
    expect(read('junit.xml')).toMatch(
      /Longer is better\.[^>]*><skipped message="out of date, it was contradicted/,
    );

    expect(project.pipe('report', '--profile', 'paper').code).toBe(0);
    expect(twin()).toMatchObject({ profile: 'paper', stale: [] });
  });

  test('after an edit without a run the report is not complete, and says with which params the numbers were made', () => {
    expect(project.pipe('run').code).toBe(0);
    project.write('pipeline.yaml', pipeline(50));
    expect(project.pipe('report').code).toBe(0);
    expect(read('index.html')).not.toContain('Complete');
    expect(read('index.html')).toContain('with epochs = 5 (now 50)');
    expect(twin().metrics[0]?.stale).toBe(true);
    expect(madeWith(twin().metrics[0])).toMatchObject({ profile: null, params: { epochs: 5 } });
  });

  test('`pipe metrics` marks numbers of another configuration', () => {
    expect(project.pipe('run', '--profile', 'paper').code).toBe(0);
    expect(project.pipe('metrics').stdout).toContain('out of date: made by profile paper');
    expect(JSON.parse(project.pipe('metrics', '--json').stdout)).toMatchObject([
      { cell: 'train', name: 'trained', value: 500, stale: true, made: { profile: 'paper' } },
    ]);
    expect(project.pipe('metrics', '--profile', 'paper').stdout).not.toContain('out of date');
  });

  test('a run with nothing to do writes the report when it is missing or of another configuration', () => {
    expect(project.pipe('run').code).toBe(0);
    const first = read('report.json');
    expect(project.pipe('run').code).toBe(0);
    expect(read('report.json')).toBe(first);

    rmSync(join(project.dir, 'reports/junit.xml'));
    expect(project.pipe('run').code).toBe(0);
    expect(read('junit.xml')).toContain('name="train"');

    project.write('pipeline.yaml', pipeline(50));
    expect(project.pipe('report').code).toBe(0);
    expect(twin().stale).toEqual(['train']);
    project.write('pipeline.yaml', pipeline(5));
    expect(project.pipe('run').stderr).toContain('up to date');
    expect(twin().stale).toEqual([]);
  });

  test.each([
    ['run', 0],
    ['status --check', 0],
  ])('in a CI with a restored cache `pipe %s` gives the report, JUnit and the step summary', (verb, code) => {
    expect(project.pipe('run').code).toBe(0);
    rmSync(join(project.dir, 'reports'), { recursive: true });
    rmSync(join(project.dir, 'cache/runs'), { recursive: true });
    project.env = { CI: 'true', GITHUB_STEP_SUMMARY: join(project.dir, 'summary.md') };
    expect(project.pipe(...verb.split(' ')).code).toBe(code);
    expect(read('index.html')).toContain('Complete: 1 cell');
    expect(read('junit.xml')).toContain('name="train"');
    expect(readFileSync(join(project.dir, 'summary.md'), 'utf8')).toContain('Complete: 1 cell');
  });

  test('`pipe status --check` in a CI reports what is out of date', () => {
    expect(project.pipe('run').code).toBe(0);
    project.write('pipeline.yaml', pipeline(50));
    project.env = { CI: 'true' };
    expect(project.pipe('status', '--check').code).toBe(3);
    expect(twin().stale).toEqual(['train']);
  });
});
