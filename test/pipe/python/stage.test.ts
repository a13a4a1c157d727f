/** Stages in Python through the command line: what runs them, what reruns them, and what `pipe_stage` gives and reports. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { until } from '../../kit/until.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
const sdk = fileURLToPath(new URL('../../../python/src', import.meta.url));
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

const train = `from pipe_stage import out, params
from lib.model import score

out("o").write_text(str(score(params["x"])))
`;
const model = `# The model.
from lib.loss import focal


def score(x):
    """Twice the loss."""
    return 2 * focal(x)


def never_called():
    return 1
`;

function writeTrain(): void {
  project.write('stages/train.py', train);
  project.write('lib/__init__.py', '');
  project.write('lib/model.py', model);
  project.write('lib/loss.py', 'def focal(x):\n    return x + 1\n');
  project.write(
    'pipeline.yaml',
    'version: 1\nstages:\n  train: {run: stages/train.py, params: {x: 3}, outs: {o: o.txt}}\n',
  );
}

/** The wait lets what was written before be believed. */
async function run(...args: readonly string[]) {
  await sleep(40);
  const { code, stdout, stderr } = project.pipe('run', ...args);
  expect(code, stdout + stderr).toBe(0);
  return stderr;
}

describe.skipIf(!hasPython)('a stage in Python', () => {
  test('runs, is up to date the second time, and only code that it reaches reruns it', async () => {
    writeTrain();
    expect(await run()).toMatch(/1 done/);
    expect(project.read('cache/cells/train/o.txt')).toBe('8');
    expect(await run()).toMatch(/up to date: 1 cell/);
    project.write(
      'lib/model.py',
      `${model.replace('The model', 'Another comment')}\n\ndef another():\n    pass\n`,
    );
    expect(await run()).toMatch(/up to date: 1 cell/);
    project.write('lib/loss.py', 'def focal(x):\n    return x + 2\n');
    await sleep(40);
    const why = project.pipe('why', 'train').stdout;
    expect(why).toContain(
      'lib/loss.py changed (function focal), via stages/train.py → lib/model.py → lib/loss.py',
    );
    expect(await run()).toMatch(/1 done/);
    expect(project.read('cache/cells/train/o.txt')).toBe('10');
  });

  test('an edit of the same size within one second is seen by the interpreter too', async () => {
    writeTrain();
    for (const [add, result] of [
      [1, 8],
      [2, 10],
      [3, 12],
    ] as const) {
      project.write('lib/loss.py', `def focal(x):\n    return x + ${add}\n`);
      await run();
      expect(project.read('cache/cells/train/o.txt')).toBe(String(result));
    }
  });

  test('leaves nothing beside the code', async () => {
    writeTrain();
    await run();
    expect(spawnSync('find', [project.dir, '-name', '__pycache__'], { encoding: 'utf8' }).stdout).toBe('');
  });

  test('`package.module:function` is called, and another function of the module is another key', async () => {
    project.write(
      'src/work/steps.py',
      'from pipe_stage import out\n\ndef one():\n    out("o").write_text("1")\n\ndef two():\n    out("o").write_text("2")\n',
    );
    project.write('pipeline.yaml', 'version: 1\nstages:\n  a: {run: "work.steps:one", outs: {o: o.txt}}\n');
    await run();
    expect(project.read('cache/cells/a/o.txt')).toBe('1');
    project.write('pipeline.yaml', 'version: 1\nstages:\n  a: {run: "work.steps:two", outs: {o: o.txt}}\n');
    expect(await run()).toMatch(/1 done/);
    expect(project.read('cache/cells/a/o.txt')).toBe('2');
  });

  test('a module that is not there is a mistake of the file, with the places that were looked at', () => {
    project.write('pipeline.yaml', 'version: 1\nstages:\n  a: {run: "work.steps:one", outs: {o: o.txt}}\n');
    const { code, stderr } = project.pipe('run');
    expect(code).toBe(2);
    expect(stderr).toContain('pipeline.yaml:3:12');
    expect(stderr).toContain('work/steps.py, work/steps/__init__.py, src/work/steps.py');
  });

  test('params arrive with their types, gathered deps with their axes, and what is reported is recorded', async () => {
    project.write('one.py', 'from pipe_stage import out, params\nout("o").write_text(str(params["seed"]))\n');
    project.write(
      'all.py',
      `import json
from pipe_stage import gathered, metric, out, params, planned, progress, warn

assert params["rate"] == 0.5 and params["n"] == 3 and params["on"] is True and params["none"] is None
items = gathered("ones")
metric("count", len(items))
progress(1, 2, "items")
warn("nearly there")
out("o").write_text(json.dumps({"params": dict(params), "items": [[i.axes["seed"], i.path.read_text()] for i in items], "planned": planned("ones")}))
`,
    );
    project.write(
      'pipeline.yaml',
      `version: 1
axes: {seed: [0, 1]}
stages:
  one: {run: one.py, matrix: [seed], params: {seed: "\${seed}"}, outs: {o: o.txt}}
  all:
    run: all.py
    deps: {ones: one.o}
    params: {rate: 0.5, n: 3, on: true, none: null, day: 2026-01-31, map: {list: [1, two]}}
    outs: {o: o.json}
`,
    );
    const said = await run();
    expect(said).toContain('nearly there');
    expect(JSON.parse(project.read('cache/cells/all/o.json'))).toEqual({
      params: { rate: 0.5, n: 3, on: true, none: null, day: '2026-01-31', map: { list: [1, 'two'] } },
      items: [
        ['0', '0'],
        ['1', '1'],
      ],
      planned: 2,
    });
    const events = spawnSync('sh', ['-c', 'cat cache/runs/*/events.jsonl'], {
      cwd: project.dir,
      encoding: 'utf8',
    }).stdout;
    expect(events).toContain('"name":"count","value":2');
    expect(events).toContain('"unit":"items"');
  });

  test('an error says where in the stage, and nothing is published', async () => {
    project.write(
      'a.py',
      'from pipe_stage import out\nout("o").write_text("half")\nraise ValueError("no")\n',
    );
    project.write('pipeline.yaml', 'version: 1\nstages:\n  a: {run: a.py, outs: {o: o.txt}}\n');
    const { code, stderr } = project.pipe('run');
    expect(code).toBe(1);
    expect(stderr).toContain('ValueError: no');
    expect(stderr).toMatch(/a\.py", line 3/);
    expect(stderr).not.toContain('python_host');
    expect(project.has('cache/cells/a/o.txt')).toBe(false);
  });

  test('one that leaves by os._exit(0) did not end well; sys.exit(0) and a thread that goes on do', async () => {
    project.write('pipeline.yaml', 'version: 1\nstages:\n  a: {run: a.py, outs: {o: o.txt}}\n');
    project.write(
      'a.py',
      'import os\nfrom pipe_stage import out\nout("o").write_text("half")\nos._exit(0)\n',
    );
    expect(project.pipe('run').code).toBe(1);
    project.write(
      'a.py',
      `import sys, threading, time
from pipe_stage import out
def write():
    time.sleep(0.3)
    out("o").write_text("whole")
threading.Thread(target=write).start()
sys.exit(0)
`,
    );
    await run();
    expect(project.read('cache/cells/a/o.txt')).toBe('whole');
  });

  test('Ctrl-C reaches it as an exception; its checkpoint is there for the next run', async () => {
    project.write(
      'a.py',
      `import time
from pipe_stage import Interrupted, checkpoint, out, progress
state = checkpoint() / "state"
if state.exists():
    out("o").write_text(state.read_text())
else:
    try:
        progress(1, 2)
        open("started", "w").close()
        time.sleep(60)
    except Interrupted:
        state.write_text("from the first")
        out("o").write_text("half")
`,
    );
    project.write(
      'pipeline.yaml',
      'version: 1\nstages:\n  a: {run: a.py, checkpoint: true, outs: {o: o.txt}}\n',
    );
    const { child, ended } = project.start('run');
    await until(() => project.has('started'));
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(project.has('cache/cells/a/o.txt')).toBe(false);
    await run();
    expect(project.read('cache/cells/a/o.txt')).toBe('from the first');
  });

  test('by hand it uses the job of its last run, and writes its outs aside', async () => {
    writeTrain();
    await run();
    const hand = spawnSync('python3', ['stages/train.py'], {
      cwd: project.dir,
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: `${sdk}:${project.dir}` },
    });
    expect(hand.stderr).toBe('');
    expect(project.read('outs/o.txt')).toBe('8');
  });

  test('code that is edited while the stage runs publishes nothing under the old key', async () => {
    project.write(
      'a.py',
      'import os, time\nopen("started", "w").close()\nwhile not os.path.exists("go"): time.sleep(0.02)\nimport late\nfrom pipe_stage import out\nout("o").write_text(late.x)\n',
    );
    project.write('late.py', 'x = "1"\n');
    project.write('pipeline.yaml', 'version: 1\nstages:\n  a: {run: a.py, outs: {o: o.txt}}\n');
    const { ended } = project.start('run');
    await until(() => project.has('started'));
    project.write('late.py', 'x = "2"\n');
    project.write('go', '');
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('late.py');
    expect(project.has('cache/cells/a/o.txt')).toBe(false);
  });

  test('`python:` is a command with arguments, and files under `code:` count', async () => {
    project.write('python.sh', '#!/bin/sh\nshift\nexec python3 "$@"\n');
    spawnSync('chmod', ['+x', join(project.dir, 'python.sh')]);
    project.write(
      'a.py',
      'import importlib\nfrom pipe_stage import out, params\nout("o").write_text(importlib.import_module(params["name"]).x)\n',
    );
    project.write('plugs/one.py', 'x = "1"\n');
    project.write(
      'pipeline.yaml',
      'version: 1\npython: [./python.sh, run]\nstages:\n  a: {run: a.py, code: ["plugs/*.py"], params: {name: plugs.one}, outs: {o: o.txt}}\n',
    );
    await run();
    expect(project.read('cache/cells/a/o.txt')).toBe('1');
    project.write('plugs/one.py', '# again\nx = "1"\n');
    expect(await run()).toMatch(/up to date: 1 cell/);
    project.write('plugs/one.py', 'x = "2"\n');
    expect(await run()).toMatch(/1 done/);
    expect(project.read('cache/cells/a/o.txt')).toBe('2');
  });
});
