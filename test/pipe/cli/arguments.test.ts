/** What --set, --file and missing files mean to the verbs. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

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

const typed = `version: 1
params: {train: {epochs: 10, name: wide, deep: true, sizes: [1, 2]}, extra: {}}
stages: {a: {cmd: "echo > \${outs.o}", params: "\${params.train}", outs: {o: o}}}
`.replace('params: "${params.train}"', 'params: {train: "${params.train}"}');

test('params --json keeps the types of values', () => {
  project.write('pipeline.yaml', typed);
  const rows = JSON.parse(project.pipe('params', '--json').stdout);
  expect(rows).toContainEqual({ name: 'train.epochs', value: 10 });
  expect(rows).toContainEqual({ name: 'train.name', value: 'wide' });
  expect(rows).toContainEqual({ name: 'train.deep', value: true });
  expect(rows).toContainEqual({ name: 'train.sizes', value: [1, 2] });
  const diff = JSON.parse(project.pipe('params', 'diff', '--set', 'train.epochs=20', '--json').stdout);
  expect(diff).toEqual([{ name: 'train.epochs', from: 10, value: 20 }]);
});

test.each([
  ['train.epochs=six', /param `train\.epochs` is a number, not text/],
  ['train.deep=1', /param `train\.deep` is true or false, not a number/],
  ['train.sizes=3', /param `train\.sizes` is a list, not a number/],
])('--set %s is an error: a param keeps the type of its default', (set, message) => {
  project.write('pipeline.yaml', typed);
  const { code, stderr } = project.pipe('params', '--set', set);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('paramsSchema holds defaults, profiles and --set to a JSON Schema, each mistake at the value that makes it', () => {
  const text = (epochs: unknown, paper: unknown) =>
    `version: 1
params: {train: {epochs: ${epochs}, mode: fast, name: a, rate: 1}}
paramsSchema: {properties: {train: {properties: {epochs: {type: integer, minimum: 1}, mode: {enum: [fast, slow]}, name: {type: string}, rate: {type: [number, string]}}}}}
profiles: {paper: {params: {train: {epochs: ${paper}}}}, more: {extends: paper, params: {train: {mode: slow}}}}
stages: {a: {cmd: "echo > \${outs.o}", params: {train: "\${params.train}"}, outs: {o: o}}}
`;
  const said = (...set: readonly string[]) => {
    const { code, stderr } = project.pipe('params', ...set.flatMap((one) => ['--set', one]));
    return [code, ...(stderr.match(/^\S+:\d+:\d+: error: .*/gm) ?? [])];
  };
  project.write('pipeline.yaml', text(10, 250));
  expect(said()).toEqual([0]);
  expect(said('train.epochs=1.5')).toEqual([
    2,
    '--set:1:14: error: param `train.epochs` must be a whole number [wrong-type]',
  ]);
  expect(said('train.rate=2', 'train.mode=fas')).toEqual([
    2,
    '--set:2:12: error: param `train.mode` must be "fast" or "slow" [wrong-value]',
  ]);
  expect(said('train.rate=high')).toEqual([0]);
  expect(said('train.name=2024')).toEqual([0]);
  project.write('pipeline.yaml', text(10, '"many"'));
  expect(said()).toEqual([
    2,
    expect.stringMatching(/^pipeline.yaml:4:4\d: error: param `train.epochs` must be a number/),
  ]);
  project.write('pipeline.yaml', text(0, 250));
  expect(said()).toEqual([
    2,
    expect.stringContaining('pipeline.yaml:2:26: error: param `train.epochs`: Too small'),
  ]);
});

test('text given to --set stays text where the default is text, however it reads', () => {
  project.write('pipeline.yaml', typed);
  const { stdout } = project.pipe('params', '--set', 'train.name=2024', '--json');
  expect(JSON.parse(stdout)).toContainEqual({ name: 'train.name', value: '2024' });
});

test('a typo in --set is reported as one of the command line, with its argument and place', () => {
  project.write('pipeline.yaml', typed);
  const { code, stderr } = project.pipe('params', '--set', 'train.epochs=1', '--set', 'train.epocs=2');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^--set:2:1: error: no param is called `train\.epocs`/);
  expect(stderr).toMatch(/did you mean `train\.epochs`/);
  expect(stderr).toContain('error: --set has a mistake');
  expect(stderr).not.toContain('pipeline.yaml has');
});

test('--set with __proto__ in its path is an error, not silence', () => {
  project.write('pipeline.yaml', typed);
  const { code, stderr } = project.pipe('params', '--set', 'extra.__proto__=1');
  expect(code).toBe(2);
  expect(stderr).toMatch(/`__proto__` cannot be a name/);
});

test('one missing dep file blocks only what needs it', () => {
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  needs: {cmd: "cat \${deps.x} > \${outs.o}", deps: {x: data/x.csv}, outs: {o: o}}
  below: {cmd: "cat \${deps.x} > \${outs.o}", deps: {x: needs.o}, outs: {o: o}}
  other: {cmd: "echo 1 > \${outs.o}", outs: {o: {path: o, place: other.txt}}}
`,
  );
  const status = project.pipe('status');
  expect(status.code).toBe(0);
  expect(status.stderr).toMatch(/pipeline\.yaml:3:\d+: warning: `data\/x\.csv` does not exist/);
  expect(status.stdout).toMatch(/needs.*blocked/);
  const run = project.pipe('run');
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/1 done, 0 cached, 1 failed, 1 not run/);
  expect(project.read('other.txt')).toBe('1\n');
  expect(project.pipe('run', 'other').code).toBe(0);
});

test('two pipeline files of one project keep their outs and reports apart by their names', () => {
  const text = (word: string) =>
    `version: 1\nstages: {a: {cmd: "echo ${word}; echo ${word} > \${outs.o}", outs: {o: o.txt}}}\n`;
  project.write('pipeline.yaml', text('one'));
  project.write('other.yaml', text('two'));
  expect(project.pipe('run').code).toBe(0);
  expect(project.pipe('run', '--file', 'other.yaml').code).toBe(0);
  expect(project.pipe('status', '--check').code).toBe(0);
  expect(project.pipe('status', '--check', '--file', 'other.yaml').code).toBe(0);
  expect(project.read('cache/cells/a/o.txt')).toBe('one\n');
  expect(project.read('cache/pipelines/other.yaml/cells/a/o.txt')).toBe('two\n');
  expect(project.has('reports/index.html') && project.has('reports/other/index.html')).toBe(true);
  expect(project.pipe('logs', 'a').stdout).toBe('one\n');
  // What the one needs is not garbage to the other.
  expect(project.pipe('cache', 'gc', '--yes').code).toBe(0);
  expect(project.pipe('status', '--check', '--file', 'other.yaml').code).toBe(0);
});

test('--file is relative to where one stands', () => {
  project.write('pipeline.yaml', typed);
  project.write('deep/other.yaml', typed.replace('10', '11'));
  const { stdout, code } = project.pipeIn('deep', 'params', '--file', 'other.yaml', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual({ name: 'train.epochs', value: 11 });
  const outside = project.pipeIn('deep', 'params', '--file', '../../other.yaml');
  expect(outside.code).toBe(2);
  expect(outside.stderr).toMatch(/outside the project/);
});
