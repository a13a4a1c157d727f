/** `pipe shell CELL`: everything as the stage finds it, nothing published. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { Folder } from '../../kit/folder.ts';
import { until } from '../../kit/until.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
const hasTmux = spawnSync('tmux', ['-V']).status === 0;
let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let temporary: Folder;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  temporary = new Folder();
  project = new CliProject(pipe.file);
  project.env = { TMPDIR: temporary.dir, SHELL: '/bin/sh', SECRET_OF_MINE: 'x' };
  project.write(
    'stages/b.py',
    'from pipe_stage import dep, out, params\n\nout("o").write_text(dep("a").read_text() + params["w"])\n',
  );
  project.write(
    'pipeline.yaml',
    `version: 1
axes: {n: [1, 2]}
stages:
  a: {cmd: "echo \${n} > \${outs.o}", matrix: [n], outs: {o: sub/o.txt}, env: {NAMED: "a b"}}
  b: {run: stages/b.py, matrix: [n], params: {w: word}, deps: {a: a.o}, outs: {o: o.txt}}
`,
  );
});
afterEach(() => {
  project.remove();
  temporary.remove();
});

/** All that the cache holds of results. */
function published(): string {
  return spawnSync(
    'sh',
    ['-c', 'ls -lR --time-style=full-iso cache/objects cache/manifests cache/cells cache/state'],
    {
      cwd: project.dir,
      encoding: 'utf8',
    },
  ).stdout;
}

describe('pipe shell -c', () => {
  test('has the cell’s environment, params and outs, and no other variable of the caller', () => {
    const command = 'echo "$NAMED|$LANG|$TZ|$SECRET_OF_MINE|$HOME"; pwd; cat "$PIPE_JOB"';
    const { stdout, code, stderr } = project.pipe('shell', 'a[2]', '-c', command);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('a b|C.UTF-8|UTC||\n');
    expect(stdout).toContain(`${project.dir}\n`);
    expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ axes: { n: '2' } });
  });

  test('its exit code is passed on, and nothing is left where nothing was written', () => {
    expect(project.pipe('shell', 'a[1]', '-c', 'exit 7').code).toBe(7);
    expect(project.pipe('shell', 'a[1]', '-c', 'kill -9 $$').code).toBe(137);
    expect(spawnSync('ls', [temporary.dir], { encoding: 'utf8' }).stdout).not.toContain('pipe-shell');
  });

  test('what it writes goes to scratch outs, which are said and kept; nothing published is touched', () => {
    expect(project.pipe('run', 'a').code).toBe(0);
    const before = published();
    const { stderr, code } = project.pipe(
      'shell',
      'a[2]',
      '-c',
      'sh "$PIPE_SCRATCH/run-stage" && echo more >> "$PIPE_SCRATCH/outs/sub/o.txt"',
    );
    expect(code, stderr).toBe(0);
    const [, outs = ''] = /nothing was published; the outs are in (\S+), yours to delete/.exec(stderr) ?? [];
    expect(new Folder(outs).read('sub/o.txt')).toBe('2\nmore\n');
    expect(published()).toBe(before);
    expect(project.pipe('status', '--check', 'a').code).toBe(0);
  });

  test('a cell whose deps are not made is refused with a next step, and so are two cells at once', () => {
    const { code, stderr } = project.pipe('shell', 'b[1]', '-c', 'true');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/b\[1\] cannot be run now: a\[1\] must be run first\n.*npx pipe run 'a\[1\]'/);
    expect(project.pipe('shell', 'a', '-c', 'true').stderr).toMatch(/opens one cell, not 2\n/);
    expect(project.pipe('shell').stderr).toMatch(/needs a cell/);
  });

  test('while it is open another run makes the same cell', async () => {
    const open = project.start('shell', 'a[1]', '-c', 'until [ -e stop ]; do sleep 0.05; done');
    expect(project.pipe('run', 'a').stderr).toMatch(/2 done/);
    project.write('stop', '');
    expect((await open.ended).code).toBe(0);
  });

  test.skipIf(!hasPython)(
    '--python is the stage’s interpreter, with pipe_stage and the read-only deps',
    () => {
      expect(project.pipe('run', 'a').code).toBe(0);
      const command =
        'from pipe_stage import dep, params; print(params["w"], dep("a").read_text().strip(), "views" in str(dep("a")))';
      const { stdout, stderr } = project.pipe('shell', 'b[2]', '--python', '-c', command);
      expect(stdout, stderr).toBe('word 2 True\n');
    },
  );

  test.skipIf(!hasPython)('--jupyter says what to install where it is not', (context) => {
    for (const module of ['jupyterlab', 'notebook'])
      if (spawnSync('python3', ['-m', module, '--version']).status === 0)
        return context.skip(`python3 has ${module}`);
    expect(project.pipe('run', 'a').code).toBe(0);
    const { code, stderr } = project.pipe('shell', 'b[1]', '--jupyter');
    expect(code).toBe(2);
    expect(stderr).toMatch(/has no Jupyter\n.*pip install jupyterlab/);
  });

  test.skipIf(!hasPython)('what stands after -- goes to the program', () => {
    const after = ['--', 'one', '--two'];
    const shell = project.pipe('shell', 'a[1]', '-c', 'echo "$# $1 $2"', ...after);
    expect(shell.stdout, shell.stderr).toBe('2 one --two\n');
    const command = 'import sys; print(sys.argv[1:])';
    const python = project.pipe('shell', 'a[1]', '--python', '-c', command, ...after);
    expect(python.stdout, python.stderr).toBe("['one', '--two']\n");
  });

  test('asked to end, it ends what it started, and leaves nothing behind', async () => {
    const { child, ended } = project.start('shell', 'a[1]', '-c', 'echo $$ > pid; exec sleep 100');
    await until(() => project.has('pid') && project.read('pid') !== '');
    child.kill('SIGTERM');
    expect((await ended).code).toBeGreaterThan(128);
    expect(existsSync(`/proc/${project.read('pid').trim()}`)).toBe(false);
    expect(readdirSync(temporary.dir).filter((name) => name.startsWith('pipe-shell'))).toEqual([]);
  });

  test('--json describes it for scripts, and keeps the scratch folder', () => {
    const found = JSON.parse(project.pipe('shell', 'a[1]', '--json').stdout);
    expect(found).toMatchObject({ cell: 'a[1]', params: {}, deps: {} });
    expect(existsSync(found.job)).toBe(true);
    expect(found.env).toContain('NAMED');
    rmSync(found.scratch, { recursive: true });
  });
});

test.skipIf(!hasTmux)('at a terminal it is a shell of one’s own, which says what the stage sees', () => {
  const name = `pipe-shell-${process.pid}`;
  const tmux = (...args: readonly string[]) =>
    spawnSync('tmux', ['-L', name, ...args], { encoding: 'utf8' }).stdout;
  const screen = (until: RegExp): string => {
    for (let tries = 0; tries < 200; tries++) {
      const text = tmux('capture-pane', '-p', '-t', name);
      if (until.test(text)) return text;
      spawnSync('sleep', ['0.1']);
    }
    return tmux('capture-pane', '-p', '-t', name);
  };
  const start = `env SHELL=/bin/sh TMPDIR=${temporary.dir} ${process.execPath} ${pipe.file} shell 'a[2]'; echo left with $?`;
  tmux('new-session', '-d', '-s', name, '-x', '180', '-y', '40', '-c', project.dir, 'sh');
  try {
    tmux('send-keys', '-t', name, start, 'Enter');
    const greeting = screen(/runs the stage itself/);
    expect(greeting).toMatch(/a\[2\]: as its stage finds it; nothing is published/);
    expect(greeting).toMatch(/ out +o +\S*pipe-shell-\w+\/outs\/sub\/o\.txt/);
    tmux('send-keys', '-t', name, 'echo "in $NAMED of $HOME"; exit 3', 'Enter');
    expect(screen(/left with 3/)).toMatch(/in a b of \/\S+[\s\S]*left with 3/);
  } finally {
    tmux('kill-server');
  }
});
