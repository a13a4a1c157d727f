/**
 * The command line as a person and a script use it.
 * Long because it has a test per rule of the command line.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verbs } from '../../../src/pipe/cli/verbs.ts';
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

const small = `version: 1
params: {word: hello}
axes: {n: [1, 2]}
stages:
  say: {cmd: "echo \${params.word} \${n} > \${outs.o}; echo saying \${n}", matrix: [n], outs: {o: o.txt}}
  join: {cmd: "cat \${deps.x} > \${outs.o}", deps: {x: say.o}, outs: {o: {path: all.txt, place: all.txt}}}
  count: {cmd: "echo '{\\"words\\": 4}' > \${outs.m}", deps: {x: join.o}, outs: {m: {path: m.json, report: metrics}}}
`;

describe('usage', () => {
  test('--help lists every verb, and each has help with examples', () => {
    const { code, stdout } = project.pipe('--help');
    expect(code).toBe(0);
    for (const verb of Object.keys(verbs)) expect(stdout).toContain(`\n  ${verb} `);
  });

  test.each(Object.keys(verbs))('pipe %s --help', async (verb) => {
    const { helpText } = await import('../../../src/pipe/cli/command.ts');
    const text = helpText(await (verbs[verb] as (typeof verbs)[string])());
    expect(text).toContain(`Usage: pipe ${verb}`);
    expect(text).toMatch(/Examples:\n {2}\S/);
  });

  test.each([
    [['rnu'], /no command `rnu`/, /did you mean `run`/],
    [['run', '--profil', 'x'], /no flag --profil/, /--profile/],
    [['run', '--jobs', 'many'], /--jobs takes a whole number/, /./],
    [['run', '-k', '--fail-fast'], /contradict/, /./],
    [['cache', 'clean'], /no `clean`/, /--help/],
    [['logs'], /needs a cell/, /pipe ls/],
  ])('%j is refused with exit 2', (args, message, hint) => {
    project.write('pipeline.yaml', small);
    const { code, stderr, stdout } = project.pipe(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(hint);
    expect(stdout).toBe('');
  });

  test('no pipeline here: said with a next step, exit 2', () => {
    const { code, stderr } = project.pipe('run');
    expect(code).toBe(2);
    expect(stderr).toMatch(/pipeline\.yaml is not here/);
    expect(stderr).toMatch(/pipe init/);
  });
});

test('mistakes come with place, line, caret, rule and hint; exit 2 and nothing ran', () => {
  project.write('pipeline.yaml', small.replace('say.o', 'sya.o').replace('matrix: [n]', 'matrx: [n]'));
  const { code, stderr } = project.pipe('run');
  expect(code).toBe(2);
  expect(stderr).toContain(`pipeline.yaml:5:72: error: stage \`say\` has no key \`matrx\` [unknown-key]`);
  expect(stderr).toContain('  did you mean `matrix`?');
  expect(stderr).toContain('error: pipeline.yaml has 2 mistakes');
  expect(stderr).toMatch(/pipeline\.yaml:6:\d+: error: no stage is called `sya` \[unknown-dep\]/);
  const lines = stderr.split('\n');
  const caret = lines.findIndex((line) => /^ +\^+$/.test(line));
  expect(lines[caret - 1]?.slice(lines[caret]?.indexOf('^'))).toMatch(/^matrx/);
  expect(() => project.read('cache/cells/join/all.txt')).toThrow();
});

test('a file that the pipeline names and that is not there is a mistake with its place', () => {
  project.write(
    'pipeline.yaml',
    'version: 1\nstages:\n  a: {run: stages/a.ts, deps: {x: data/x.csv}, outs: {o: o}}\n',
  );
  const { code, stderr } = project.pipe('status');
  expect(code).toBe(2);
  expect(stderr).toContain(
    'pipeline.yaml:3:12: error: the module `stages/a.ts` does not exist [missing-file]',
  );
  expect(stderr).toContain('pipeline.yaml:3:35: error: `data/x.csv` does not exist [missing-file]');
});

describe('a run and what the other verbs say of it', () => {
  const changed = ['--set', 'word=bye'];

  test('run makes everything, says so on standard error only, and writes the report', () => {
    project.write('pipeline.yaml', small);
    const { code, stdout, stderr } = project.pipe('run');
    expect(stderr).toMatch(/4 done, 0 cached, 0 failed/);
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(project.read('all.txt')).toBe('hello 1\nhello 2\n');
    expect(project.read('reports/index.html')).toContain('</html>');
  });

  test('a second run does nothing', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    expect(project.pipe('run').stderr).toMatch(/up to date: 4 cells/);
    expect(project.pipe('why', 'join').stdout).toBe('join is up to date\n');
  });

  test('status --check exits with 3 until all is up to date, and again after a change', () => {
    project.write('pipeline.yaml', small);
    expect(project.pipe('status', '--check').code).toBe(3);
    project.pipe('run');
    expect(project.pipe('status', '--check').code).toBe(0);
    expect(project.pipe('status', '--check', ...changed).code).toBe(3);
  });

  test('why names the param that changed, old and new', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    expect(project.pipe('why', 'say[1]', ...changed).stdout).toMatch(/param word changed: "hello" → "bye"/);
  });

  test('plan and run --dry-run say what would run, and run nothing', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    expect(JSON.parse(project.pipe('plan', '--json', ...changed).stdout)).toMatchObject({
      toRun: 4,
      total: 4,
    });
    expect(project.pipe('run', '-n', ...changed).stdout).toMatch(/4 of 4 cells/);
    expect(project.read('all.txt')).toBe('hello 1\nhello 2\n');
  });

  test('ls --json gives the state of each cell', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    const rows = JSON.parse(project.pipe('ls', '--json', 'say').stdout);
    expect(rows.map((row: { cell: string; state: string }) => [row.cell, row.state])).toEqual([
      ['say[1]', 'up-to-date'],
      ['say[2]', 'up-to-date'],
    ]);
  });

  test('logs prints what a cell printed', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    expect(project.pipe('logs', 'say[2]').stdout).toBe('saying 2\n');
  });

  test('metrics prints the numbers in place', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    expect(project.pipe('metrics').stdout).toMatch(/^count +words +4\n$/);
  });

  test('params diff prints what --set changes, old and new', () => {
    project.write('pipeline.yaml', small);
    expect(project.pipe('params', 'diff', ...changed).stdout).toMatch(/word +"hello" → +"bye"/);
  });

  test('cache ls, verify and gc find a fresh cache sound and all of it used', () => {
    project.write('pipeline.yaml', small);
    project.pipe('run');
    expect(JSON.parse(project.pipe('cache', 'ls', '--json').stdout)).toMatchObject({ unusedBytes: 0 });
    expect(project.pipe('cache', 'verify').stdout).toMatch(/all sound/);
    expect(project.pipe('cache', 'gc', '-n').stdout).toMatch(/would remove 0 results/);
  });

  test('doctor names what this machine has', () => {
    expect(project.pipe('doctor').stdout).toMatch(/node +\[ok\]/);
  });

  test('--json gives events as lines on standard output and nothing else there', () => {
    project.write('pipeline.yaml', small);
    const { stdout, code } = project.pipe('run', '--json', 'say[1]');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(events.at(0).type).toBe('run-started');
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', outcome: 'done' });
    expect(events.filter((event) => event.type === 'cell-finished').map((event) => event.cell)).toEqual([
      'say[1]',
    ]);
  });

  test('a failing stage: exit 1, its log is named, what needs it is not run', () => {
    project.write(
      'pipeline.yaml',
      small.replace('cat ${deps.x}', 'echo broken pieces >&2; exit 3; cat ${deps.x}'),
    );
    const { code, stderr } = project.pipe('run');
    expect(code).toBe(1);
    expect(stderr).toMatch(/join/);
    expect(stderr).toMatch(/broken pieces/);
    expect(stderr).toMatch(/2 done, 0 cached, 1 failed, 1 not run/);
    expect(project.pipe('logs', 'join').stdout).toBe('broken pieces\n');
  });

  test('the project is found from a folder below it', () => {
    project.write('pipeline.yaml', small);
    project.write('deep/er/x', '');
    expect(project.pipeIn('deep/er', 'dag').stdout).toContain('say × 2 (n)');
  });

  test('dag draws text, Mermaid and JSON', () => {
    project.write('pipeline.yaml', small);
    expect(project.pipe('dag').stdout).toBe('say × 2 (n)\njoin\n  └─ say\ncount\n  └─ join\n');
    expect(project.pipe('dag', '--format', 'mermaid').stdout).toContain('n0["say × 2 (n)"]');
    const cells = JSON.parse(project.pipe('dag', '--cells', '--json').stdout);
    expect(cells[2]).toMatchObject({ name: 'join', reads: ['say[1]', 'say[2]'] });
  });

  test('--file runs another pipeline of the project', () => {
    project.write('pipeline.yaml', small);
    project.write('pipelines/other.yaml', small.replace('hello', 'other'));
    expect(project.pipe('run', '--file', 'pipelines/other.yaml').code).toBe(0);
    expect(project.read('all.txt')).toBe('other 1\nother 2\n');
  });
});

test('a remembered plan is used, and a damaged one is made anew', async () => {
  const { readdirSync, writeFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  project.write('pipeline.yaml', small);
  expect(project.pipe('ls').code).toBe(0);
  const index = join(project.dir, 'cache/index');
  const [plan] = readdirSync(index).filter((name) => name.startsWith('plan-'));
  expect(plan).toBeDefined();
  const file = join(index, plan ?? '');
  const whole = project.read(`cache/index/${plan}`);
  writeFileSync(file, whole.replace('"say[1]"', '"say[7]"'));
  const { stdout, code } = project.pipe('ls');
  expect(code).toBe(0);
  expect(stdout).toContain('say[1]');
  expect(project.read(`cache/index/${plan}`)).toBe(whole);
});

test('init writes a pipeline that runs, and overwrites nothing', () => {
  expect(project.pipe('init').code).toBe(0);
  expect(project.pipe('run').code).toBe(0);
  expect(project.pipe('metrics').stdout).toMatch(/summary +pi +3\.\d+/);
  const again = project.pipe('init');
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/nothing was written/);
});

describe('verify', () => {
  const text = (command: string) =>
    `version: 1\nstages:\n  a: {cmd: ${JSON.stringify(command)}, outs: {o: o.txt, m: {path: m.json, report: metrics}}, checkpoint: true}\n`;

  test('a stage that makes the same twice passes, and nothing is published', () => {
    project.write('pipeline.yaml', text('echo a > ${outs.o}; echo {} > ${outs.m}'));
    const { code, stdout } = project.pipe('verify', 'a');
    expect(stdout).toBe('a: the same twice\n');
    expect(code).toBe(0);
    expect(project.pipe('status', '--check').code).toBe(3);
  });

  test('a stage that draws at random is found out: exit 1, with the file', () => {
    project.write('pipeline.yaml', text('echo $$ > ${outs.o}; echo {} > ${outs.m}'));
    const { code, stdout } = project.pipe('verify', 'a', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ cell: 'a', differences: [{ out: 'o', path: '' }] }]);
  });

  test('numbers of metrics may differ by the tolerance', () => {
    const command = 'echo a > ${outs.o}; echo "{\\"x\\": 1.0000$$}" > ${outs.m}';
    project.write('pipeline.yaml', text(command.replaceAll('\\\\', '\\')));
    expect(project.pipe('verify', 'a', '--tolerance', '0.01').code).toBe(0);
    expect(project.pipe('verify', 'a').code).toBe(1);
  });
});

test('plan takes the file’s estimate until a run with the same params has told', () => {
  const text = (epochs: number) => `version: 1
stages:
  train: {cmd: "true > \${outs.o}", params: {epochs: ${epochs}}, outs: {o: o}, resources: {gpu: 0}, estimate: 6h}
`;
  const expected = () => JSON.parse(project.pipe('plan', '--json').stdout).cells[0].expectedMs;
  project.write('pipeline.yaml', text(1));
  expect(project.pipe('plan').stdout).toContain('6 h');
  project.pipe('run');
  expect(expected()).toBeLessThan(60_000);
  // Another number of epochs takes another time.
  project.write('pipeline.yaml', text(2));
  expect(expected()).toBe(6 * 3_600_000);
});

test('a failed verify does not show a secret', () => {
  process.env.PIPE_TEST_TOKEN = 'hush-4711-hush';
  try {
    project.write(
      'pipeline.yaml',
      `version: 1
stages:
  a: {cmd: "echo token $PIPE_TEST_TOKEN; false", outs: {o: o}, env: {pass: [PIPE_TEST_TOKEN]}}
`,
    );
    const { code, stdout, stderr } = project.pipe('verify', 'a');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('token');
    expect(stdout + stderr).not.toContain('hush-4711-hush');
  } finally {
    delete process.env.PIPE_TEST_TOKEN;
  }
});
