/** What a command does with its shell, its paths and its values. */
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

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

const pipeline = (document: object) =>
  project.write('pipeline.yaml', JSON.stringify({ version: 1, ...document }));
const command = (cmd: string, more: object = {}) =>
  pipeline({ stages: { a: { cmd, outs: { o: 'o.txt' }, ...more } } });
const out = () => project.read('cache/cells/a/o.txt');

test.each([
  ['a line before the last', 'false\necho half > ${outs.o}'],
  ['a command before the last of a pipe', 'false | cat > ${outs.o}'],
  ['a variable that is not set', 'echo "$NOT_SET" > ${outs.o}'],
])('a failure in the middle of a command fails the stage: %s', (_, cmd) => {
  command(cmd);
  expect(project.pipe('run').code).toBe(1);
  expect(existsSync(join(project.dir, 'cache/cells/a'))).toBe(false);
});

test('`shell` chooses what reads the commands, for the file or for a stage, and is part of the key', () => {
  command('false\necho fine > ${outs.o}', { shell: 'sh' });
  expect(project.pipe('run').code).toBe(0);
  expect(out()).toBe('fine\n');
  const cmd = '(false; true) && echo $- > ${outs.o}';
  pipeline({ shell: 'bash -f', stages: { a: { cmd, outs: { o: 'o.txt' } } } });
  expect(project.pipe('run').code).toBe(0);
  expect(out()).toMatch(/f/);
  pipeline({ shell: 'bash -fx', stages: { a: { cmd, outs: { o: 'o.txt' } } } });
  expect(project.pipe('status', '--check').code).toBe(3);
  pipeline({ shell: 'fish', stages: { a: { cmd, outs: { o: 'o.txt' } } } });
  const refused = project.pipe('run');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/pipeline\.yaml:1:\d+/);
});

test('where there is no bash, sh reads the commands, which is reported once per run', () => {
  const tools = join(project.dir, 'tools');
  mkdirSync(tools);
  for (const name of ['cat', 'echo']) symlinkSync(`/bin/${name}`, join(tools, name));
  pipeline({
    stages: {
      a: { cmd: 'echo one > ${outs.o}', outs: { o: 'o.txt' } },
      b: { cmd: 'false\necho two > ${outs.o}', outs: { o: 'o.txt' } },
    },
  });
  const before = process.env.PATH;
  process.env.PATH = tools;
  try {
    const { code, stderr } = project.pipe('run', '--keep-going');
    expect(code).toBe(1);
    expect(stderr.match(/no bash/g)).toHaveLength(1);
    expect(out()).toBe('one\n');
    expect(existsSync(join(project.dir, 'cache/cells/b'))).toBe(false);
  } finally {
    process.env.PATH = before;
  }
});

test('no name of a file and no value of a param becomes code', () => {
  const name = 'd/a;touch PWNED;b $(touch PWNED2) \'q".txt';
  project.write(name, 'inside\n');
  pipeline({
    params: { v: '$(touch PWNED3)\'"; touch PWNED4\n`touch PWNED5`' },
    stages: {
      a: {
        cmd: 'printf "%s\\n" "$(cat ${deps.x})" ${params.v} "${params.v}" > ${outs.o}',
        deps: { x: name },
        tools: { probe: 'printf %s ${params.v}' },
        outs: { o: 'o.txt' },
      },
    },
  });
  const { code, stderr } = project.pipe('run');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const value = '$(touch PWNED3)\'"; touch PWNED4\n`touch PWNED5`';
  expect(out()).toBe(`inside\n${value}\n${value}\n`);
  for (const pwned of ['PWNED', 'PWNED2', 'PWNED3', 'PWNED4', 'PWNED5'])
    expect(existsSync(join(project.dir, pwned))).toBe(false);
});

test('a path that begins with a dash is not read as an option', () => {
  project.write('-n', 'a file called -n\n');
  command('cat ${deps.x} > ${outs.o}', { deps: { x: '-n' } });
  expect(project.pipe('run').code).toBe(0);
  expect(out()).toBe('a file called -n\n');
});

test('raw text is what a command asks for by name', () => {
  pipeline({
    params: { flags: '-n one  two' },
    stages: { a: { cmd: 'echo ${raw:params.flags} > ${outs.o}', outs: { o: 'o.txt' } } },
  });
  expect(project.pipe('run').code).toBe(0);
  expect(out()).toBe('one two');
});

test.each([
  ["echo '${params.v}' > ${outs.o}", /single quotes/],
  ['true # ${params.v}\necho > ${outs.o}', /comment/],
  ['echo `cat ${params.v}` > ${outs.o}', /backticks/],
  ["cat <<'END' > ${outs.o}\n${params.v}\nEND", /here-document/],
  ['echo $(( ${params.v} + 1 )) > ${outs.o}', /calculates/],
])(
  'where the shell would not fill it in, a reference is refused with its place and a way out: %s',
  (cmd, says) => {
    const block = cmd
      .split('\n')
      .map((line) => `      ${line}`)
      .join('\n');
    project.write(
      'pipeline.yaml',
      `version: 1\nparams: {v: "x; y"}\nstages:\n  a:\n    cmd: |\n${block}\n    outs: {o: o.txt}\n`,
    );
    const { code, stderr } = project.pipe('plan');
    expect(code).toBe(2);
    expect(stderr).toMatch(/pipeline\.yaml:\d+:\d+/);
    expect(stderr).toMatch(says);
  },
);

test('too many paths for a command line are a hint, and their list is the way out', () => {
  // Few cells with long paths, many times over: 4,000 cells would take minutes.
  const deep = Array.from({ length: 3 }, (_, index) => `${index}${'x'.repeat(200)}`).join('/');
  const seeds = Array.from({ length: 20 }, (_, index) => index);
  const stages = (cmd: string) => ({
    axes: { seed: seeds },
    stages: {
      part: { cmd: 'echo ${seed} > ${outs.o}', matrix: ['seed'], outs: { o: `${deep}/o.txt` } },
      a: { cmd, deps: { x: 'part.o' }, outs: { o: 'o.txt' } },
    },
  });
  pipeline(stages(`cat ${'${deps.x} '.repeat(3000)} > \${outs.o}`));
  const failed = project.pipe('run');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/\$\{deps\.x\.list\}/);
  expect(failed.stderr).not.toMatch(/E2BIG/);
  pipeline(
    stages("xargs -n 20 cat < ${deps.x.list} | sort -n > ${outs.o}; printf '%s\\n' @${deps.x.list} > list"),
  );
  expect(project.pipe('run').code).toBe(0);
  expect(out()).toBe(seeds.map((seed) => `${seed}\n`).join(''));
  expect(project.read('list')).toMatch(/^@cache\/.*x\.txt\n$/);
}, 120_000);

test('a command that never mentions an out is a warning, unless it is given the job file', () => {
  command('echo > cache/elsewhere; false');
  expect(project.pipe('run').stderr).toMatch(
    /pipeline\.yaml:1:\d+: the command of a never mentions \$\{outs\.o\}/,
  );
  project.write(
    'tool.sh',
    'sed -n \'s/.*"o": "\\(.*\\)".*/\\1/p\' "$1" | { read -r out; echo made > "$out"; }\n',
  );
  chmodSync(join(project.dir, 'tool.sh'), 0o755);
  command('sh ${deps.tool} "$PIPE_JOB"', { deps: { tool: 'tool.sh' } });
  const { code, stderr } = project.pipe('run');
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/never mentions/);
  expect(out()).toBe('made\n');
});
