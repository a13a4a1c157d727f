/** Which code of a stage in Python is in its key, seen through the command line: commands, locks, and imports that nothing shows. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
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

/** The wait lets what was written before be believed. */
async function run() {
  await sleep(40);
  const { code, stdout, stderr } = project.pipe('run');
  expect(code, stdout + stderr).toBe(0);
  return stderr;
}

describe.skipIf(!hasPython)('code of Python', () => {
  test('a command with `code:` reruns for what its code means, and says which function changed', async () => {
    project.write(
      'train.py',
      'import sys\nfrom lib.loss import focal\nopen(sys.argv[1], "w").write(str(focal(1)))\n',
    );
    project.write('lib/loss.py', 'def focal(x):\n    return x + 1\n');
    project.write('tool.ts', 'export const x = 1;\n');
    project.write('notes.txt', 'one\n');
    project.write(
      'pipeline.yaml',
      'version: 1\nstages:\n  train:\n    cmd: PYTHONPATH=. python3 train.py ${outs.o}\n    code: [train.py, "lib/**/*.py", tool.ts, notes.txt]\n    outs: {o: o.txt}\n',
    );
    expect(await run()).toMatch(/1 done/);
    project.write('lib/loss.py', '# a comment\ndef focal(x):\n    """Text."""\n    return (x + 1)\n');
    project.write('tool.ts', '// a comment\nexport const x = 1;\n');
    expect(await run()).toMatch(/up to date: 1 cell/);
    project.write('lib/loss.py', 'def focal(x):\n    return x + 2\n');
    await sleep(40);
    expect(project.pipe('why', 'train').stdout).toContain('lib/loss.py changed (function focal)');
    expect(await run()).toMatch(/1 done/);
    expect(project.read('cache/cells/train/o.txt')).toBe('3');
    project.write('notes.txt', 'two\n');
    await sleep(40);
    expect(project.pipe('why', 'train').stdout).toContain('notes.txt changed');
  });

  test('a module that only data names is noticed when it is imported, and nothing is published', async () => {
    project.write('src/shapes.py', 'class Point:\n    x = 1\n');
    project.write('data.bin', 'cshapes\nPoint\n.');
    project.write(
      'a.py',
      'import pickle\nfrom pipe_stage import dep, out\nout("o").write_text(str(pickle.loads(dep("d").read_bytes()).x))\n',
    );
    const yaml = (more: string) =>
      `version: 1\nstages:\n  a: {run: a.py, deps: {d: data.bin}, ${more}outs: {o: o.txt}}\n`;
    project.write('pipeline.yaml', yaml(''));
    const { code, stderr } = project.pipe('run');
    expect(code).toBe(1);
    expect(stderr).toContain('it imported src/shapes.py');
    expect(stderr).toContain('`code:`');
    expect(project.has('cache/cells/a/o.txt')).toBe(false);
    project.write('pipeline.yaml', yaml('code: [src/shapes.py], '));
    await run();
    expect(project.read('cache/cells/a/o.txt')).toBe('1');
  });

  test('a lock file that `python:` names is part of the key; a venv is its folder', async () => {
    expect(spawnSync('python3', ['-m', 'venv', '--without-pip', 'env'], { cwd: project.dir }).status).toBe(0);
    project.write('requirements.txt', 'numpy==1\n');
    project.write('a.py', 'import sys\nfrom pipe_stage import out\nout("o").write_text(sys.prefix)\n');
    project.write(
      'pipeline.yaml',
      'version: 1\npython: {venv: env, lock: requirements.txt}\nstages:\n  a: {run: a.py, outs: {o: o.txt}}\n',
    );
    await run();
    expect(project.read('cache/cells/a/o.txt')).toMatch(/\/env$/);
    project.write('requirements.txt', 'numpy==2\n');
    await sleep(40);
    expect(project.pipe('why', 'a').stdout).toContain('requirements.txt changed');
    const found = project.pipe('doctor').stdout;
    expect(found).toMatch(/python\s+\[ok\]\s+3\.\d+\.\d+, env\/bin\/python/);
    expect(found).toContain('requirements.txt');
  });
});
