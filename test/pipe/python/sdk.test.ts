/** The module that stages in Python import: its wheel, its oldest Python, and the protocol that it keeps. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildPipe, CliProject } from '../../kit/cli.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
const hasPip = spawnSync('python3', ['-c', 'import ensurepip']).status === 0;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipe-sdk-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const schemaOf = (name: string) =>
  z.fromJSONSchema(JSON.parse(readFileSync(join(root, 'schema', `${name}.schema.json`), 'utf8')));

describe.skipIf(!hasPython)('the Python that is shipped', () => {
  test('is read by Python 3.9, every file of it', () => {
    const folders = ['src/pipe/trace/python', 'src/pipe/job', 'python/src/pipe_stage', 'python/builder'];
    const files = folders.flatMap((one) =>
      readdirSync(join(root, one))
        .filter((name) => name.endsWith('.py'))
        .map((name) => join(root, one, name)),
    );
    expect(files.length).toBeGreaterThan(7);
    const check =
      'import ast, sys\nfor path in sys.argv[1:]:\n    ast.parse(open(path).read(), path, feature_version=(3, 9))';
    const { status, stderr } = spawnSync('python3', ['-c', check, ...files], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    // The check can fail: a match statement is of 3.10.
    const newer = 'import ast\nast.parse("match 1:\\n case 1: pass", feature_version=(3, 9))';
    expect(spawnSync('python3', ['-c', newer]).status).not.toBe(0);
  });

  test.skipIf(!hasPip)(
    '`pip install ./python` builds with nothing installed, offline, the same bytes again',
    { timeout: 180_000 },
    () => {
      // Nowhere to find anything: neither an index nor a folder of wheels that the machine may have set.
      const env = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: '', PYTHONPATH: '' };
      const run = (command: string, args: string[]) => {
        const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8' });
        expect(status, stdout + stderr).toBe(0);
        return stdout;
      };
      const pip = (...args: string[]) => run('env/bin/python', ['-m', 'pip', ...args]);
      // Away from the checkout, which building could leave files in.
      cpSync(join(root, 'python'), join(folder, 'python'), { recursive: true });
      run('python3', ['-m', 'venv', 'env']);
      pip('install', '--quiet', './python');
      const said = run('env/bin/python', [
        '-c',
        'import pipe_stage, os; print(pipe_stage.__version__, sorted(os.listdir(os.path.dirname(pipe_stage.__file__))))\nfrom pipe_stage import stage, params, dep, gathered, out, metric, progress, checkpoint, warn',
      ]);
      expect(said).toMatch(/^0\.2\.0 \['__init__\.py', ('__pycache__', )?'py\.typed'\]/);
      expect(pip('show', 'pipe-stage')).toMatch(
        /^Name: pipe-stage\nVersion: 0\.2\.0\nSummary: What a Python stage/,
      );

      const [first, second] = ['one', 'two'].map((into) => {
        pip('wheel', '--quiet', '--no-cache-dir', '-w', into, './python');
        return readFileSync(join(folder, into, 'pipe_stage-0.2.0-py3-none-any.whl'));
      });
      expect(first?.equals(second!)).toBe(true);

      // The archive of sources holds all that a build from it needs: it is built from there, and is the same wheel.
      const build =
        'import sys; sys.path.insert(0, "python/builder"); import pipe_stage_wheel; print(pipe_stage_wheel.build_sdist("."))';
      const archive = run('python3', ['-c', build]).trim();
      expect(archive).toBe('pipe_stage-0.2.0.tar.gz');
      pip('wheel', '--quiet', '--no-cache-dir', '-w', 'three', `./${archive}`);
      const third = readFileSync(join(folder, 'three/pipe_stage-0.2.0-py3-none-any.whl'));
      expect(first?.equals(third)).toBe(true);

      pip('install', '--quiet', '--editable', './python');
      const from = run('env/bin/python', ['-c', 'import pipe_stage; print(pipe_stage.__file__)']).trim();
      expect(from).toBe(join(realpathSync(folder), 'python/src/pipe_stage/__init__.py'));
    },
  );
});

describe.skipIf(!hasPython)('the protocol', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe.remove());

  test('a job file and what is reported are as their JSON Schemas say', () => {
    const project = new CliProject(pipe.file);
    project.write('one.py', 'from pipe_stage import out\nout("o").write_text("1")\n');
    project.write(
      'all.py',
      `import json, os, shutil
from pipe_stage import info, metric, out, params, progress, warn
progress(1, 2, "items")
metric("loss", 0.5, step=3)
metric("total", 2)
warn("low")
info("done")
out("text").write_text(params["text"])
job = os.environ["PIPE_JOB"]
shutil.copy(job, out("job"))
shutil.copy(json.load(open(job))["events"], out("events"))
`,
    );
    const text = 'a "quote", $(touch hacked); `x` and\nanother line';
    project.write(
      'pipeline.yaml',
      `version: 1
axes: {seed: [0, 1]}
stages:
  one: {run: one.py, matrix: [seed], outs: {o: o.txt}}
  all:
    run: all.py
    deps: {ones: one.o, file: ./one.py}
    checkpoint: true
    params: {text: ${JSON.stringify(text)}, rate: 0.5, n: 3, on: true, none: null, map: {list: [1, two]}}
    outs: {job: job.json, events: events.jsonl, text: text.txt}
`,
    );
    const { code, stderr } = project.pipe('run');
    expect(code, stderr).toBe(0);
    const job: unknown = JSON.parse(project.read('cache/cells/all/job.json'));
    expect(schemaOf('job').safeParse(job).error).toBeUndefined();
    expect(schemaOf('job').safeParse({ ...(job as object), version: 1 }).success).toBe(false);
    expect(schemaOf('job').safeParse({ ...(job as object), cell: 'x' }).success).toBe(false);
    const lines = project.read('cache/cells/all/events.jsonl').trim().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(schemaOf('event').safeParse(JSON.parse(line)).error).toBeUndefined();
    expect(schemaOf('event').safeParse({ type: 'metric', name: 'x', value: '1', step: null }).success).toBe(
      false,
    );
    expect(project.read('cache/cells/all/text.txt')).toBe(text);
    expect(project.has('hacked')).toBe(false);
    project.remove();
  });

  test('by hand a script has the last job of its own, whatever ran after it', () => {
    const project = new CliProject(pipe.file);
    const text =
      'from pipe_stage import metric, out, params\nmetric("x", params["x"])\nout("o").write_text("1")\n';
    project.write('stages/one.py', text);
    project.write('stages/two.py', text);
    project.write(
      'pipeline.yaml',
      `version: 1
stages:
  one: {run: stages/one.py, params: {x: 1}, outs: {o: o.txt}}
  two: {run: stages/two.py, params: {x: 2}, deps: {o: one.o}, outs: {o: o.txt}}
`,
    );
    expect(project.pipe('run').code).toBe(0);
    const hand = (cwd: string, script: string) =>
      spawnSync('python3', [script], {
        cwd: join(project.dir, cwd),
        encoding: 'utf8',
        env: { ...process.env, PYTHONPATH: join(root, 'python/src'), PIPE_OUTS: join(project.dir, 'aside') },
      }).stderr;
    expect(hand('.', 'stages/one.py')).toBe('x = 1.0\n');
    expect(hand('stages', 'two.py')).toBe('x = 2.0\n');
    project.write('other.py', 'from pipe_stage import params\nprint(params["x"])\n');
    expect(hand('.', 'other.py')).toBe('');
    project.remove();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s reaches a stage as an exception that it may answer',
    async (signal) => {
      const file = join(folder, `job-${signal}.json`);
      writeFileSync(file, JSON.stringify({ version: 2, params: {}, deps: {}, outs: {}, events: null }));
      const text =
        'import time\nfrom pipe_stage import Interrupted\ntry:\n    print("ready", flush=True)\n    time.sleep(60)\nexcept Interrupted as reason:\n    print(reason)\n';
      const env = { ...process.env, PIPE_JOB: file, PYTHONPATH: join(root, 'python/src') };
      const child = spawn('python3', ['-c', text], { env });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        if (!said.includes('\n') && more.includes('\n')) child.kill(signal);
        said += more;
      });
      const [code] = await once(child, 'close');
      expect(said).toMatch(/^ready\nthe run asks the stage to end \(signal \d+\)\n$/);
      expect(code).toBe(0);
    },
  );
});
