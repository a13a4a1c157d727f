import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ended } from '../../../src/pipe/exec/executor.ts';
import { localExecutor } from '../../../src/pipe/exec/local.ts';
import type { StageEvent } from '../../../src/pipe/job/job.ts';
import { AttemptsFolder } from '../../kit/attempts.ts';

let project: AttemptsFolder;
const executor = localExecutor({ interruptMs: 300, terminateMs: 300 });
beforeEach(() => {
  project = new AttemptsFolder();
});
afterEach(async () => {
  await executor.close();
  project.remove();
});

async function run(
  attempt: Parameters<typeof executor.start>[0],
): Promise<{ ended: Ended; events: StageEvent[]; log: string }> {
  const events: StageEvent[] = [];
  const running = await executor.start(attempt, ({ at, ...event }) => events.push(event));
  const ended = await running.ended;
  return { ended, events, log: readFileSync(attempt.log, 'utf8') };
}

/** Starts an attempt and waits until the stage itself says that it is there. */
async function startAndWait(attempt: Parameters<typeof executor.start>[0]) {
  const { promise, resolve } = deferred<string>();
  const running = await executor.start(attempt, (event) => {
    if (event.type === 'message') resolve(event.text);
  });
  return { running, said: await promise };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const idle =
  'await new Promise((resolve) => { signal.addEventListener("abort", resolve); setInterval(() => {}, 1000); });';

test('a module stage gets its deps, outs, params and reports progress, metrics and messages', async () => {
  project.write(
    'stage.mjs',
    `import { readFileSync, writeFileSync } from 'node:fs';
     export default async ({ params, axes, dep, gathered, out, hasDep, progress, metric, info, warn }) => {
       const parts = gathered('parts');
       writeFileSync(out('result'), [params.n, axes.letter, readFileSync(dep('text'), 'utf8'), parts.items.length, parts.planned, hasDep('no')].join(' '));
       for (let i = 0; i <= 1000; i++) progress(i, 1000, 'steps');
       metric('loss', 0.5, 3); metric('loss', NaN, 4); metric('loss', NaN, 5);
       info('hello'); warn('careful'); console.log('to the log');
     };`,
  );
  const text = project.write('in.txt', 'inside');
  const out = join(project.dir, 'result.txt');
  const { ended, events, log } = await run(
    project.attempt(
      { module: 'stage.mjs' },
      {
        params: { n: 7 },
        deps: {
          text: { kind: 'one', path: text },
          parts: { kind: 'gather', items: [{ path: text, axes: { letter: 'a' } }], planned: 2 },
        },
        outs: { result: out },
      },
    ),
  );
  expect(log).toBe('to the log\n');
  expect(ended).toEqual({ kind: 'ok' });
  expect(readFileSync(out, 'utf8')).toBe('7 a inside 1 2 false');
  const progress = events.filter((event) => event.type === 'progress');
  expect(progress[0]).toEqual({ type: 'progress', done: 0, total: 1000, unit: 'steps' });
  expect(progress.at(-1)).toEqual({ type: 'progress', done: 1000, total: 1000, unit: 'steps' });
  expect(progress.length).toBeLessThan(20);
  expect(events.filter((event) => event.type !== 'progress')).toEqual([
    { type: 'metric', name: 'loss', value: 0.5, step: 3 },
    { type: 'message', level: 'warning', text: 'metric loss is NaN at step 4' },
    { type: 'message', level: 'info', text: 'hello' },
    { type: 'message', level: 'warning', text: 'careful' },
  ]);
});

test('a stage that throws ends with 1 and its stack in the log', async () => {
  project.write('stage.mjs', 'export default () => { throw new Error("no such thing"); };');
  const { ended, log } = await run(project.attempt({ module: 'stage.mjs' }));
  expect(ended).toEqual({ kind: 'exit', code: 1 });
  expect(log).toContain('Error: no such thing');
  expect(log).toContain('stage.mjs:1');
});

test('a stage that asks for an undeclared dep is told what it declares, and is not worth a retry', async () => {
  project.write('stage.mjs', 'export default ({ dep }) => { dep("image"); };');
  const { ended, log } = await run(
    project.attempt({ module: 'stage.mjs' }, { deps: { images: { kind: 'one', path: '/x' } } }),
  );
  expect(ended).toEqual({ kind: 'exit', code: 78 });
  expect(log).toContain('the stage has no dep image; it declares images.');
});

test('a module without a default export says so', async () => {
  project.write('stage.mjs', 'export const stage = () => {};');
  const { ended, log } = await run(project.attempt({ module: 'stage.mjs' }));
  expect(ended).toEqual({ kind: 'exit', code: 78 });
  expect(log).toContain('no default export');
});

test('only the listed environment reaches a stage', async () => {
  process.env.PIPE_TEST_LEAK = 'leaked';
  const { log } = await run(
    project.attempt({ command: 'env' }, {}, { env: { PATH: process.env.PATH ?? '', ONLY: 'this' } }),
  );
  delete process.env.PIPE_TEST_LEAK;
  const names = log
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('=')[0])
    .sort();
  // What a shell sets by itself says nothing of the caller.
  const ours = names.filter((name) => name !== 'SHLVL' && name !== '_');
  expect(ours).toEqual(['CUDA_VISIBLE_DEVICES', 'ONLY', 'PATH', 'PIPE_JOB', 'PWD'].sort());
});

test('a stage sees the GPUs it leased and no other', async () => {
  const resources = { cpu: 1, gpus: [1, 3] };
  const leased = await run(project.attempt({ command: 'echo "<$CUDA_VISIBLE_DEVICES>"' }, { resources }));
  expect(leased.log).toBe('<1,3>\n');
  const none = await run(project.attempt({ command: 'echo "<$CUDA_VISIBLE_DEVICES>"' }));
  expect(none.log).toBe('<>\n');
});

test('a command reads its paths as single words inside and outside quotes', async () => {
  const odd = project.write("a b/it's $HOME.txt", 'odd\n');
  const out = join(project.dir, 'out file.txt');
  const { ended, log } = await run(
    project.attempt(
      {
        command:
          'cat ${deps.odd} > ${outs.out}; cat "${deps.odd}"; echo "$(cat ${deps.odd})"; cat ${deps.all}',
      },
      {
        deps: {
          odd: { kind: 'one', path: odd },
          all: {
            kind: 'gather',
            items: [
              { path: odd, axes: {} },
              { path: odd, axes: {} },
            ],
            planned: 2,
          },
        },
        outs: { out },
      },
    ),
  );
  expect(log).toBe('odd\nodd\nodd\nodd\n');
  expect(ended).toEqual({ kind: 'ok' });
  expect(readFileSync(out, 'utf8')).toBe('odd\n');
});

test('SIGINT reaches the stage as an abort signal, and an interrupted stage is never a success', async () => {
  project.write('stage.mjs', `export default async ({ signal, info }) => { info('here'); ${idle} };`);
  const { running } = await startAndWait(project.attempt({ module: 'stage.mjs' }));
  running.stop('interrupt');
  expect(await running.ended).toEqual({ kind: 'exit', code: 130 });
});

test('a time-out asks, then tells, then kills', async () => {
  const attempt = project.attempt(
    { command: "trap '' INT TERM; while :; do sleep 0.05; done" },
    {},
    { timeoutMs: 200 },
  );
  const { ended } = await run(attempt);
  expect(ended).toEqual({ kind: 'timeout', afterMs: 200 });
});

test('what a stage leaves running in the background ends with it', async () => {
  const { ended, log } = await run(project.attempt({ command: 'sleep 600 & echo $!' }));
  expect(ended).toEqual({ kind: 'ok' });
  await gone(Number(log.trim()));
});

test('a stage ends when its driver is killed', async () => {
  project.write(
    'stage.mjs',
    'export default async ({ signal, info }) => { info(String(process.pid)); for (;;); };',
  );
  const attempt = project.attempt({ module: 'stage.mjs' });
  const source = join(import.meta.dirname, '../../../src/pipe/exec/local.ts');
  // Beside the packages, so that the bundle finds the external ones.
  const driver = join(
    import.meta.dirname,
    '../../../node_modules/.cache',
    `pipe-test-driver-${process.pid}.mjs`,
  );
  const { build } = await import('esbuild');
  await build({
    stdin: {
      contents: `import { localExecutor } from ${JSON.stringify(source)};
        await localExecutor().start(JSON.parse(process.argv[2]), (event) => console.log(event.text));`,
      resolveDir: project.dir,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outfile: driver,
    // The stage host's program is looked for beside this module.
    define: {
      'import.meta.url': JSON.stringify(
        pathToFileURL(join(import.meta.dirname, '../../../src/pipe/job/host-file.ts')).href,
      ),
    },
  });
  const child: ChildProcess = spawn(process.execPath, [driver, JSON.stringify(attempt)]);
  const [said] = await once(child.stdout ?? child, 'data');
  const stage = Number(String(said));
  expect(existsSync(`/proc/${stage}`)).toBe(true);
  child.kill('SIGKILL');
  await gone(stage);
  rmSync(driver);
});

/** Resolves when the process is no more; the test's time limit is the only clock. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
