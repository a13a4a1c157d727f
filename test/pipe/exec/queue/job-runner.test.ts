/** What a job does on its host, with no driver there: its records, and which of them it leaves out. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { readResult } from '../../../../src/pipe/exec/queue/job-result.ts';
import { type JobTask, jobFiles } from '../../../../src/pipe/exec/queue/job-task.ts';
import { AttemptsFolder } from '../../../kit/attempts.ts';

const root = resolve(import.meta.dirname, '../../../..');
const patience = { timeout: 20_000, interval: 20 };
let runner = '';
let project: AttemptsFolder;
let folder = '';
let child: ChildProcess | undefined;

beforeAll(async () => {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'pipe-runner-'));
  runner = join(out, 'job-runner.js');
  const entry = join(root, 'src/pipe/exec/queue/job-runner.ts');
  await build({
    ...{ entryPoints: [entry], outfile: runner, bundle: true, packages: 'external' },
    ...{ format: 'esm', platform: 'node', target: 'node20' },
  });
});
afterAll(() => rmSync(resolve(runner, '..'), { recursive: true, force: true }));
beforeEach(() => {
  project = new AttemptsFolder();
  folder = join(project.dir, 'job');
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  writeFileSync(jobFiles.batch(folder), '{}');
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  project.remove();
});

/** A job of one command per cell, begun. */
function begin(
  commands: readonly string[],
  task: Partial<JobTask> = {},
  memory: readonly number[] = [],
): ChildProcess {
  const cells = commands.map((command, index) => {
    const { secrets: _, ...attempt } = project.attempt({ command });
    return { index, attempt, gpu: 0, memory: memory[index] ?? 0 };
  });
  const whole: JobTask = { version: 1, cells, parallel: 1, warnAfterMs: null, warningMs: 60_000, ...task };
  writeFileSync(jobFiles.task(folder, 0), JSON.stringify(whole));
  child = spawn(process.execPath, [runner, folder, '0'], { stdio: 'ignore' });
  return child;
}

const result = (index: number) => readResult(join(jobFiles.results(folder), `${index}.json`));
const ended = (index: number) => result(index)?.ended;
const said = (name: string) => join(project.dir, name);

test('each cell of a job has a record of how it ended, and the job says that it lives', async () => {
  await once(begin(['true', 'exit 3', 'kill -TERM $$']), 'exit');
  expect([0, 1, 2].map(ended)).toEqual([
    { kind: 'ok' },
    { kind: 'exit', code: 3 },
    { kind: 'signal', signal: 'SIGTERM' },
  ]);
  expect(existsSync(join(jobFiles.beats(folder), '0'))).toBe(true);
});

test('a job says again and again that it lives', async () => {
  const beat = join(jobFiles.beats(folder), '0');
  begin(['sleep 30']);
  await vi.waitFor(() => expect(existsSync(beat)).toBe(true), patience);
  utimesSync(beat, 1, 1);
  await vi.waitFor(() => expect(statSync(beat).mtimeMs).toBeGreaterThan(1000), patience);
});

test('a job whose submission was taken back runs nothing', async () => {
  rmSync(jobFiles.batch(folder));
  await once(begin([`touch ${said('ran')}`]), 'exit');
  expect(existsSync(said('ran'))).toBe(false);
  expect(result(0)).toBeNull();
});

test('a job that the queue starts again runs no cell again that has ended', async () => {
  await once(begin([`echo a >> ${said('a')}`, `echo b >> ${said('b')}`]), 'exit');
  rmSync(join(jobFiles.results(folder), '1.json'));
  await once(spawn(process.execPath, [runner, folder, '0'], { stdio: 'ignore' }), 'exit');
  expect(readFileSync(said('a'), 'utf8')).toBe('a\n');
  expect(readFileSync(said('b'), 'utf8')).toBe('b\nb\n');
});

test('a cell that is ended with its job has no end of its own, even if its process hears of it first', async () => {
  const job = begin([`echo $$ > ${said('pid')}; sleep 30`]);
  await vi.waitFor(() => expect(readFileSync(said('pid'), 'utf8')).toMatch(/\d\n/), patience);
  process.kill(-Number(readFileSync(said('pid'), 'utf8')), 'SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 200));
  job.kill('SIGTERM');
  await once(job, 'exit');
  expect(result(0)).toBeNull();
});

test('a cell that has no time left, and what comes after it, are no failures', async () => {
  await once(begin(['sleep 30', 'true'], { warnAfterMs: 500, warningMs: 12_000 }), 'exit');
  expect(ended(0)).toMatchObject({ kind: 'time', checkpointed: false });
  expect(ended(1)).toMatchObject({ kind: 'taken' });
});

test('a cell that is killed with all the memory it asked for ran out of it; with less it was killed', async () => {
  const fill =
    "node -e 'const b = Buffer.alloc(9e7, 1); setTimeout(() => process.kill(process.pid, 9), 2500)'";
  const [little, much] = [90 * 2 ** 20, 4 * 2 ** 30];
  await once(begin([`exec ${fill}`, `exec ${fill}`], { parallel: 2 }, [little, much]), 'exit');
  expect(ended(0)).toMatchObject({ kind: 'memory', asked: little });
  expect(ended(1)).toEqual({ kind: 'signal', signal: 'SIGKILL' });
});
