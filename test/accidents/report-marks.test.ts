/** An out marked for the report that is not what its mark says is reported with file and place, and fails under --strict. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());

function projectWith(table: string): CliProject {
  const project = new CliProject(pipe.file);
  project.write('made.json', table);
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  make:
    cmd: cp \${deps.made} \${outs.table}
    deps: { made: ./made.json }
    outs: { table: { path: table.json, report: table } }
`,
  );
  return project;
}

const good = {
  title: 'T',
  caption: '',
  columns: [{ name: 'a', label: 'A', kind: 'text' }],
  rows: [],
  notes: [],
};

test('what is wrong with a mark is said at the end of the run, with file, line and column', () => {
  const wrong = JSON.stringify({ ...good, columns: [{ name: 'a', label: 'A', kind: 'txt' }] }, null, 1);
  const project = projectWith(wrong);
  const { code, stderr } = project.pipe('run');
  expect(stderr).toMatch(/cache\/cells\/make\/table\.json:8:12: columns\.0\.kind: .*\(out table of make\)/);
  expect(code).toBe(0);
  project.remove();
});

test('a mark that is not JSON is said with the place where it stops being it', () => {
  const project = projectWith('{"title": "T",\n  "rows": [1, 2}');
  expect(project.pipe('run').stderr).toMatch(/table\.json:2:16: not JSON/);
  project.remove();
});

test.each([
  ['run', 'a run, also one that has nothing to do'],
  ['report', 'a report'],
])('under --strict a wrong mark makes `pipe %s` exit with 1', (verb) => {
  const project = projectWith('{}');
  expect(project.pipe('run').code).toBe(0);
  expect(project.pipe(verb, '--strict').code).toBe(1);
  project.write('made.json', JSON.stringify(good));
  expect(project.pipe('run', '--strict').code).toBe(0);
  project.remove();
});

test('--strict without a report to look at is a contradiction, and a report that cannot be written fails under it', () => {
  const project = projectWith('{}');
  const { code, stderr } = project.pipe('run', '--strict', '--no-report');
  expect(stderr).toContain('--strict and --no-report contradict each other');
  expect(code).toBe(2);
  project.write('reports', 'mine');
  project.write('made.json', JSON.stringify(good));
  expect(project.pipe('run').code).toBe(0);
  expect(project.pipe('run', '--strict').code).toBe(1);
  project.remove();
});
