/** What a person sees of a great many cells, and of words that are nearly right. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const pipeline = (gain: number) => `version: 1
params: {gain: ${gain}, other: 1}
axes: {n: [${Array.from({ length: 500 }, (_, i) => i).join(', ')}]}
profiles: {quick: {axes: {n: [0]}}}
stages:
  first: {cmd: "echo \${params.gain} \${n} > \${outs.o}", matrix: [n], outs: {o: o}}
  second: {cmd: "cat \${deps.x} > \${outs.o}; echo \${params.other}", matrix: [n], deps: {x: first.o}, outs: {o: o}}
`;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
  project = new CliProject(pipe.file);
  project.write('pipeline.yaml', pipeline(1));
});
afterAll(() => {
  project?.remove();
  pipe?.remove();
});

test('why tells the story of a thousand cells in five lines', () => {
  expect(project.pipe('run', '--profile', 'quick', '-q').code).toBe(0);
  project.write('pipeline.yaml', pipeline(2));
  const { code, stdout } = project.pipe('why');
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(5);
  expect(lines[0]).toBe('1000 cells: 500 must run, 500 wait for others');
  expect(lines[1]).toBe('998 cells because: it never ran here');
  expect(lines[2]).toMatch(/^2 cells because: param gain changed: 1 → 2$/);
  expect(lines.at(-1)).toBe("one cell: pipe why 'first[0]'; every group of cells: --all");
  expect(project.pipe('why', 'first[0]').stdout).toMatch(/param gain changed: 1 → 2/);
});

test.each([
  [['rnu'], 'did you mean `run`?'],
  [['run', '--profil', 'quick'], 'did you mean `--profile`?'],
  [['run', '--profile', 'quik'], 'did you mean `quick`?'],
  [['run', '--set', 'gian=3'], 'did you mean `gain'],
  [['run', 'frist'], 'did you mean `first`?'],
  [['help', 'target'], 'did you mean `targets`?'],
  [['completion', 'bsh'], 'did you mean `bash`?'],
])('%j names the nearest word', (args, hint) => {
  const { code, stderr } = project.pipe(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(hint);
});

test('a topic is shown, and help lists them all', () => {
  expect(project.pipe('help', 'targets').stdout).toMatch(/^targets: how cells are named/);
  const { stdout } = project.pipe('help');
  for (const topic of ['targets', 'history', 'exit-codes']) expect(stdout).toContain(`\n  ${topic} `);
});

/** What completion offers after these words. */
function next(...words: readonly string[]): readonly string[] {
  return project
    .pipe('__complete', '--', ...words)
    .stdout.trimEnd()
    .split('\n');
}

test('what may come next is verbs and flags', () => {
  expect(next('comp')).toEqual(['compare', 'completion']);
  expect(next('run', '--prof')).toEqual(['--profile']);
  expect(next('nothing', '')).toEqual(['']);
});

test('what may come next is the value of a flag: profiles, params, files', () => {
  expect(next('run', '--profile', '')).toEqual(['quick']);
  expect(next('run', '--set', 'g')).toEqual(['gain=']);
  expect(next('run', '--file', '')).toEqual([':files']);
});

test('what may come next is stages and cells of the plan, under the profile that was typed', () => {
  expect(next('run', '--profile', 'quick', 'first')).toEqual(['first', 'first[0]']);
  expect(next('run', "'first[49")).toEqual([
    'first[49]',
    ...Array.from({ length: 10 }, (_, i) => `first[49${i}]`),
  ]);
  expect(next('why', '+n=49')).toHaveLength(11);
});

test('what may come next is runs', () => expect(next('show', 'la')).toEqual(['latest']));

test('of a broken file, what may come next is what needs none', () => {
  project.write('pipeline.yaml', 'stages: {');
  expect(next('run', 'f')).toEqual(['']);
  expect(next('comp')).toEqual(['compare', 'completion']);
});
