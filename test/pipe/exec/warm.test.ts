/**
 * Cells that share a process see what they would see in one of their own; where that is in doubt they get one.
 * Long because it has a test per thing that a cell could leave behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ended } from '../../../src/pipe/exec/executor.ts';
import { localExecutor } from '../../../src/pipe/exec/local.ts';
import type { Attempt } from '../../../src/pipe/job/attempt.ts';
import type { Job } from '../../../src/pipe/job/job.ts';
import { AttemptsFolder } from '../../kit/attempts.ts';

let project: AttemptsFolder;
const grace = { interruptMs: 300, terminateMs: 300 };
const warm = localExecutor(grace, { warm: true });
const own = localExecutor(grace);
beforeEach(() => {
  project = new AttemptsFolder();
});
afterEach(async () => {
  await warm.close();
  await own.close();
  project.remove();
});

interface Ran {
  readonly ended: Ended;
  readonly log: string;
  readonly pid: number | null;
}

async function run(attempt: Attempt, executor = warm): Promise<Ran> {
  const running = await executor.start(attempt, () => {});
  const ended = await running.ended;
  return { ended, log: readFileSync(attempt.log, 'utf8'), pid: running.pid };
}

/** A stage with this body; `n` counts its cells from 0. */
function stage(body: string, head = ''): (n: number, more?: Partial<Attempt>, job?: Partial<Job>) => Attempt {
  project.write(
    'stage.mjs',
    `${head}\nexport default async ({ params: { n }, out, info, progress }) => { ${body} };`,
  );
  return (n, more = {}, job = {}) =>
    project.attempt({ module: 'stage.mjs' }, { params: { n }, ...job }, more);
}

/** Cells 0, 1 and 2: in which process each ran. */
async function threeCells(make: (n: number) => Attempt): Promise<readonly Ran[]> {
  return [await run(make(0)), await run(make(1)), await run(make(2))];
}

function processesOf(runs: readonly Ran[]): number {
  return new Set(runs.map(({ pid }) => pid)).size;
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

test('cells of a plain stage share a process, and each gets its own job, events and log', async () => {
  const make = stage(
    'console.log(n); writeFileSync(out("o"), String(n)); info(`cell ${n}`);',
    "import { writeFileSync } from 'node:fs';",
  );
  const pids = new Set<number | null>();
  for (const n of [0, 1, 2]) {
    const out = join(project.dir, `out-${n}`);
    const attempt = make(n, {}, { outs: { o: out } });
    const said: string[] = [];
    const running = await warm.start(attempt, (event) => {
      if (event.type === 'message') said.push(event.text);
    });
    expect(await running.ended).toEqual({ kind: 'ok' });
    expect([readFileSync(out, 'utf8'), readFileSync(attempt.log, 'utf8'), said]).toEqual([
      String(n),
      `${n}\n`,
      [`cell ${n}`],
    ]);
    pids.add(running.pid);
  }
  expect(pids.size).toBe(1);
});

test('the variables of a module are fresh for each cell', async () => {
  const make = stage('calls++; console.log(calls, seen.push(n));', 'let calls = 0; const seen = [];');
  const runs = await threeCells(make);
  expect(runs.map(({ log }) => log)).toEqual(['1 1\n', '1 1\n', '1 1\n']);
  expect(processesOf(runs)).toBe(1);
});

test('a log holds what its cell wrote, by whatever way, and nothing of the cells around it', async () => {
  const make = stage(
    `console.log('out', n); console.error('err', n); writeSync(1, 'one ' + n + '\\n'); writeSync(2, 'two ' + n + '\\n');
     execFileSync('/bin/sh', ['-c', 'echo child ' + n + '; echo child err ' + n + ' >&2'], { stdio: 'inherit' });
     process.stdout.write('last ' + n);`,
    "import { writeSync } from 'node:fs'; import { execFileSync } from 'node:child_process';",
  );
  const runs = await threeCells(make);
  for (const [n, { log }] of runs.entries())
    expect(log).toBe(`out ${n}\nerr ${n}\none ${n}\ntwo ${n}\nchild ${n}\nchild err ${n}\nlast ${n}`);
  expect(processesOf(runs)).toBe(1);
});

test('variables, folder, arguments, mask and globals are those of a process of its own', async () => {
  const make = stage(
    `const { PIPE_JOB, ...env } = process.env;
     console.log(JSON.stringify([env, process.cwd(), process.argv, process.execArgv, process.umask(), typeof process.send,
       process.connected, process.title, process.exitCode, Object.keys(globalThis), PIPE_JOB.endsWith('job.json'),
       process.eventNames().filter((name) => name !== 'warning').map(String),
       execFileSync('/bin/sh', ['-c', 'ls /proc/self/fd; env | grep -v PIPE_JOB | sort; umask; pwd'], { encoding: 'utf8' })]));`,
    "import { execFileSync } from 'node:child_process';",
  );
  const more = { env: { PATH: process.env.PATH ?? '', WORD: 'ä b' } };
  const alone = await run(make(0, more), own);
  const runs = [await run(make(0, more)), await run(make(1, more)), await run(make(2, more))];
  for (const { log } of runs) expect(JSON.parse(log)).toEqual(JSON.parse(alone.log));
  expect(processesOf(runs)).toBe(1);
});

test('PIPE_JOB names the job of the cell, for what it starts too', async () => {
  const make = stage(
    "console.log(process.env.PIPE_JOB); execFileSync('/bin/sh', ['-c', 'echo $PIPE_JOB'], { stdio: 'inherit' });",
    "import { execFileSync } from 'node:child_process';",
  );
  for (const n of [0, 1]) {
    const attempt = make(n);
    const { log } = await run(attempt);
    const job = join(attempt.folder, 'job.json');
    expect(log).toBe(`${job}\n${job}\n`);
  }
});

test('other variables mean another process', async () => {
  const make = stage('console.log(process.env.WORD);');
  const env = (WORD: string) => ({ env: { PATH: process.env.PATH ?? '', WORD } });
  const runs = [await run(make(0, env('a'))), await run(make(1, env('b'))), await run(make(2, env('a')))];
  expect(runs.map(({ log }) => log)).toEqual(['a\n', 'b\n', 'a\n']);
  expect(runs[0]?.pid).not.toBe(runs[1]?.pid);
  expect(runs[0]?.pid).toBe(runs[2]?.pid);
});

/** What the cell that ran before did, and the next one must not see. */
const leftovers: Readonly<Record<string, { readonly head?: string; readonly body: string }>> = {
  'a global variable': { body: 'globalThis.left = 1;' },
  'a variable of the environment': { body: 'process.env.LEFT = "1";' },
  'another folder': { body: 'process.chdir("/");' },
  'another mask of files': { body: 'process.umask(0o077);' },
  'another argument': { body: 'process.argv.push("left");' },
  'a listener': { body: 'process.on("SIGUSR2", () => {});' },
  'a listener for its end': { body: 'process.on("exit", () => console.log("end"));' },
  'an exit code': { body: 'process.exitCode = 3;' },
  'a changed class of the language': { body: 'Array.prototype.left = 1;' },
  'a changed function of the language': { body: 'Math.random = () => 0;' },
  'a changed iterator': { body: 'Object.getPrototypeOf([].values()).next = 1;' },
  'a changed module of Node': { head: 'import fs from "node:fs";', body: 'fs.readFileSync = () => "";' },
  'a changed class of a module': {
    head: 'import { Readable } from "node:stream";',
    body: 'Readable.prototype.left = 1;',
  },
  'a frozen object': { body: 'Object.freeze(Object.prototype);' },
  'an indented console': { body: 'console.group();' },
  'a counter of the console': { body: 'console.count();' },
  'a warning': { body: 'process.emitWarning("careful");' },
  'an open file': { head: 'import { openSync } from "node:fs";', body: 'openSync("/dev/null");' },
  'a child that it left alone': {
    head: 'import { spawn } from "node:child_process";',
    body: 'spawn("sleep", ["100"], { stdio: "ignore" })["unr" + "ef"]();',
  },
  'much memory': { head: 'let kept;', body: 'kept = Buffer.alloc(300 * 1024 * 1024, 1);' },
};

test.each(Object.entries(leftovers))(
  'after %s the next cell gets a fresh process',
  async (_what, { head, body }) => {
    const make = stage(`if (n === 0) { ${body} }`, head);
    const runs = await threeCells(make);
    expect(runs.map(({ ended }) => ended)).toEqual([{ kind: 'ok' }, { kind: 'ok' }, { kind: 'ok' }]);
    expect(runs[1]?.pid).not.toBe(runs[0]?.pid);
    expect(runs[2]?.pid).toBe(runs[1]?.pid);
  },
);

test('after an error the next cell gets a fresh process, and the error says where it happened as ever', async () => {
  const make = stage('if (n === 1) throw new Error("no such thing");');
  const runs = await threeCells(make);
  expect(runs.map(({ ended }) => ended)).toEqual([{ kind: 'ok' }, { kind: 'exit', code: 1 }, { kind: 'ok' }]);
  expect(runs[1]?.pid).toBe(runs[0]?.pid);
  expect(runs[2]?.pid).not.toBe(runs[0]?.pid);
  const alone = await run(make(1), own);
  expect(runs[1]?.log).toBe(alone.log);
});

test('a cell that calls process.exit, or fails later than it returns, is told of itself alone', async () => {
  const exits = stage('if (n === 1) process.exit(0);');
  expect((await threeCells(exits)).map(({ ended }) => ended.kind)).toEqual(['ok', 'unfinished', 'ok']);
  const late = stage('if (n === 1) setTimeout(() => { throw new Error("late"); }, 20);');
  expect((await threeCells(late)).map(({ ended }) => ended.kind)).toEqual(['ok', 'exit', 'ok']);
});

test('what a stage did not await is waited for before the next cell', async () => {
  const make = stage('setTimeout(() => console.log("late", n), 50);');
  const runs = await threeCells(make);
  expect(runs.map(({ log }) => log)).toEqual(['late 0\n', 'late 1\n', 'late 2\n']);
});

test('a cell that takes too long is ended, and the next one gets a fresh process', async () => {
  const make = stage('if (n === 1) await new Promise((resolve) => setTimeout(resolve, 100_000));');
  const first = await run(make(0));
  const slow = await run(make(1, { timeoutMs: 300 }));
  const next = await run(make(2));
  expect([first.ended.kind, slow.ended.kind, next.ended.kind]).toEqual(['ok', 'timeout', 'ok']);
  expect(slow.pid).toBe(first.pid);
  expect(next.pid).not.toBe(first.pid);
});

test('a cell that was asked to end shares its process with none after it', async () => {
  const make = stage('info("there"); await new Promise((resolve) => setTimeout(resolve, 300));');
  const first = await run(make(0));
  const running = await warm.start(make(1), () => running.stop('interrupt'));
  expect((await running.ended).kind).toBe('exit');
  const next = await run(make(2));
  expect(next.pid).not.toBe(first.pid);
});

test('what a cell left running is ended when it is done, and its process goes on', async () => {
  const make = stage(
    `if (n === 0) execFileSync('/bin/sh', ['-c', 'setsid sleep 1000 & echo $! > ' + out('o') + '; sleep 1000 & echo $! >> ' + out('o') + '; env -i sleep 1000 & echo $! >> ' + out('o')], { stdio: 'ignore' });`,
    "import { execFileSync } from 'node:child_process';",
  );
  const pids = join(project.dir, 'pids');
  const first = await run(make(0, {}, { outs: { o: pids } }));
  const strays = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  expect(strays).toHaveLength(3);
  await expect.poll(() => strays.filter(isAlive)).toEqual([]);
  const next = await run(make(1));
  expect([next.ended.kind, next.pid]).toEqual(['ok', first.pid]);
});

test('a stage that says so gets a process per cell', async () => {
  const make = stage('');
  const cold = (n: number): Attempt => {
    const attempt = make(n);
    if (attempt.run.kind !== 'module') throw new Error('not a module');
    return { ...attempt, run: { ...attempt.run, warm: false } };
  };
  expect(processesOf([await run(cold(0)), await run(cold(1))])).toBe(2);
});

test.each([
  ['a package', 'import "left-pad";'],
  ['a module of Node that keeps state', 'import "node:worker_threads";'],
  ['a timer that keeps no process alive', 'const late = () => setTimeout(() => {}, 1).unref();'],
  ['its own address', 'const here = import.meta.url;'],
])('code with %s gets a process per cell, unless its stage says otherwise', async (_what, head) => {
  project.write('node_modules/left-pad/package.json', '{"name": "left-pad", "main": "index.js"}');
  project.write('node_modules/left-pad/index.js', '');
  const make = stage('', head);
  expect(processesOf([await run(make(0)), await run(make(1))])).toBe(2);
  const trusted = (n: number): Attempt => {
    const attempt = make(n);
    if (attempt.run.kind !== 'module') throw new Error('not a module');
    return { ...attempt, run: { ...attempt.run, warm: true } };
  };
  expect(processesOf([await run(trusted(0)), await run(trusted(1))])).toBe(1);
});

test('a cell that knows a secret gets a process of its own', async () => {
  const make = stage('');
  const secret = { secrets: ['s3cret-value'], env: { PATH: process.env.PATH ?? '', TOKEN: 's3cret-value' } };
  expect(processesOf([await run(make(0, secret)), await run(make(1, secret))])).toBe(2);
});

test('no warm process outlives its driver, even one that was killed', async () => {
  const make = stage('await new Promise((resolve) => setTimeout(resolve, n * 100_000));');
  const driver = join(
    import.meta.dirname,
    `../../../node_modules/.cache/pipe-warm-driver-${process.pid}.mjs`,
  );
  await build({
    stdin: {
      contents: `import { localExecutor } from ${JSON.stringify(join(import.meta.dirname, '../../../src/pipe/exec/local.ts'))};
        const attempts = JSON.parse(process.argv[2]);
        const executor = localExecutor(undefined, { warm: true });
        const first = await executor.start(attempts[0], () => {});
        await first.ended;
        const second = await executor.start(attempts[1], () => {});
        const third = await executor.start(attempts[2], () => {});
        await third.ended;
        console.log(JSON.stringify([first.pid, second.pid, third.pid]));
        setInterval(() => {}, 1000);`,
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
  const child = spawn(process.execPath, [driver, JSON.stringify([make(0), make(1), make(0)])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const pids: number[] = JSON.parse(String(line));
  expect(pids[0]).toBe(pids[1]);
  expect(pids[2]).not.toBe(pids[1]);
  expect(pids.every(isAlive)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => pids.filter(isAlive), { timeout: 30_000 }).toEqual([]);
  rmSync(driver);
});

test('a warm process that died while it waited costs no cell', async () => {
  const make = stage('');
  const first = await run(make(0));
  process.kill(first.pid ?? 0, 'SIGKILL');
  const next = await run(make(1));
  expect(next.ended).toEqual({ kind: 'ok' });
  expect(next.pid).not.toBe(first.pid);
});

test('closing ends the processes that wait', async () => {
  const { pid } = await run(stage('')(0));
  expect(isAlive(pid ?? 0)).toBe(true);
  await warm.close();
  await sleep(0);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});
