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

function trainingProject(pipe: string): CliProject {
  const project = new CliProject(pipe);
  project.write('pipeline.yaml', pipeline(5));
  project.write('train.mjs', train);
  return project;
}

function twinOf(project: CliProject): Twin {
  return JSON.parse(project.read('reports/report.json'));
}

function madeWith(project: CliProject, result: Result | undefined): Twin['made'][number] | undefined {
  return twinOf(project).made[result?.made.with ?? -1];
}

describe('results that are out of date', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe.remove());
  beforeEach(() => {
    project = trainingProject(pipe.file);
  });
  afterEach(() => project.remove());

  const read = (name: string): string => readFileSync(join(project.dir, 'reports', name), 'utf8');
  const twin = (): Twin => twinOf(project);

  test('after an edit without a run the report is not complete, and says with which params the numbers were made', () => {
    expect(project.pipe('run').code).toBe(0);
    project.write('pipeline.yaml', pipeline(50));
    expect(project.pipe('report').code).toBe(0);
    expect(read('index.html')).not.toContain('Complete');
    expect(read('index.html')).toContain('with epochs = 5 (now 50)');
    expect(twin().metrics[0]?.stale).toBe(true);
    expect(madeWith(project, twin().metrics[0])).toMatchObject({ profile: null, params: { epochs: 5 } });
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

  test('what a gather makes without a failed item is not out of date, until that item may succeed', () => {
    const gathering = (good: string) => `version: 1
axes: { seed: [0, 1, 2] }
stages:
  one: { cmd: "test \${seed} ${good} 2 && echo \${seed} > \${outs.o}", matrix: [seed], outs: { o: o.txt } }
  sum:
    cmd: "echo '{\\"n\\": 2}' > \${outs.m}; cat \${deps.o}"
    deps: { o: one.o }
    gather: { o: { min: { seed: 2 } } }
    outs: { m: { path: m.json, report: metrics } }
`;
    project.write('pipeline.yaml', gathering('!='));
    expect(project.pipe('run', '-k').code).toBe(1);
    expect(twin()).toMatchObject({ stale: [], metrics: [{ cell: 'sum' }] });
    expect(twin().cells.at(-1)).toMatchObject({ id: 'sum', state: 'done' });
    project.write('pipeline.yaml', gathering('-le'));
    expect(project.pipe('report').code).toBe(0);
    expect(twin().stale).toEqual(['sum']);
  });

  test('`pipe status --check` in a CI reports what is out of date', () => {
    expect(project.pipe('run').code).toBe(0);
    project.write('pipeline.yaml', pipeline(50));
    project.env = { CI: 'true' };
    expect(project.pipe('status', '--check').code).toBe(3);
    expect(twin().stale).toEqual(['train']);
  });
});

/** What a profile made, in a report that is written without the profile. */
describe('results of a profile, reported without it,', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  beforeAll(async () => {
    pipe = await buildPipe();
    project = trainingProject(pipe.file);
    expect(project.pipe('run', '--profile', 'paper').code).toBe(0);
    expect(twinOf(project)).toMatchObject({ profile: 'paper', stale: [] });
    expect(project.read('reports/index.html')).toContain('Complete: 1 cell');
    expect(project.pipe('report', '--markdown', 'kept.md').code).toBe(0);
  });
  afterAll(() => {
    project?.remove();
    pipe?.remove();
  });

  test('are out of date in report.json, with the cause', () => {
    expect(twinOf(project)).toMatchObject({
      profile: null,
      stale: ['train'],
      causes: ['param epochs: 500 → 5'],
      cells: [{ id: 'train', state: 'outdated' }],
    });
  });

  test.each(['metrics', 'claims', 'tables'] as const)(
    'are %s in report.json that say what made them',
    (mark) => {
      const [result] = twinOf(project)[mark];
      expect(result?.stale).toBe(true);
      expect(madeWith(project, result)).toMatchObject({ profile: 'paper', params: { epochs: 500 } });
    },
  );

  test('do not make the page complete, which says what made them and how to see them', () => {
    const page = project.read('reports/index.html');
    expect(page).not.toContain('Complete');
    expect(page).toContain('made by profile paper, with epochs = 500 (now 5)');
    expect(page).toContain('npx pipe report --profile paper');
  });

  test('are out of date in Markdown', () => {
    const markdown = project.read('kept.md');
    expect(markdown).toContain('Out of date');
    expect(markdown).toMatch(/trained .*out of date: made by profile paper, with epochs = 500 \(now 5\)/);
  });

  test('are skipped test cases in JUnit', () => {
    const junit = project.read('reports/junit.xml');
    expect(junit).toMatch(/name="train"[^>]*><skipped message="out of date/);
    expect(junit).toMatch(/Longer is better\.[^>]*><skipped message="out of date, it was contradicted/);
  });

  test('are up to date again in a report with the profile', () => {
    expect(project.pipe('report', '--profile', 'paper').code).toBe(0);
    expect(twinOf(project)).toMatchObject({ profile: 'paper', stale: [] });
  });
});
