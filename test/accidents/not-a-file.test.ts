/** A named pipe, a device or a folder where a file belongs. Nothing hangs, and the message says what to do. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
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

const yaml =
  'version: 1\nstages:\n  a: { cmd: "cat ${deps.d} > ${outs.o}", deps: { d: d.txt }, outs: { o: o.txt } }\n';
const fifo = (path: string) => {
  rmSync(join(project.dir, path), { force: true });
  spawnSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(project.dir, path)]);
};

/** Ended by force when it hangs. */
async function ended(...args: string[]) {
  const { child, ended } = project.start(...args);
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const { code, stdout, stderr } = await ended;
  clearTimeout(timer);
  return { code, text: stdout + stderr };
}

test('a named pipe as pipeline.yaml is an error, not a hang', async () => {
  fifo('pipeline.yaml');
  const { code, text } = await ended('status');
  expect(code).toBe(2);
  expect(text).toContain('pipeline.yaml is a named pipe, where a file belongs');
}, 30_000);

test('a folder as pipeline.yaml is an error with the next step', async () => {
  mkdirSync(join(project.dir, 'pipeline.yaml'));
  const { code, text } = await ended('status');
  expect(code).toBe(2);
  expect(text).toContain('pipeline.yaml is a folder, where a file belongs');
  expect(text).toContain('move it away');
}, 30_000);

test('a named pipe or a device as a dep is an error, not a hang', async () => {
  project.write('pipeline.yaml', yaml);
  fifo('d.txt');
  const pipeAsDep = await ended('run');
  expect(pipeAsDep.code).toBe(1);
  expect(pipeAsDep.text).toContain('d.txt is neither a file nor a folder');
  rmSync(join(project.dir, 'd.txt'));
  symlinkSync('/dev/zero', join(project.dir, 'd.txt'));
  expect((await ended('run')).code).toBe(1);
}, 60_000);

test('named pipes and folders in the place of index files are passed over', async () => {
  project.write('pipeline.yaml', yaml);
  project.write('d.txt', 'd');
  expect((await ended('run')).code).toBe(0);
  const index = join(project.dir, 'cache/index');
  const names = readdirSync(index, { withFileTypes: true }).filter((entry) => entry.isFile());
  expect(names.length).toBeGreaterThan(0);
  for (const { name } of names) fifo(`cache/index/${name}`);
  const second = await ended('run');
  expect(second.code, second.text).toBe(0);
  expect(second.text).toContain('up to date');
  for (const { name } of names) {
    rmSync(join(index, name), { recursive: true, force: true });
    mkdirSync(join(index, name, 'x'), { recursive: true });
  }
  const third = await ended('run');
  expect(third.code, third.text).toBe(0);
}, 60_000);

test('a named pipe in the place of the events or the log of an earlier run keeps nobody waiting', async () => {
  project.write('pipeline.yaml', yaml);
  project.write('d.txt', 'd');
  expect((await ended('run')).code).toBe(0);
  const [run = ''] = readdirSync(join(project.dir, 'cache/runs')).filter((name) => !name.startsWith('.'));
  fifo(`cache/runs/${run}/cells/a/1/log.txt`);
  expect((await ended('logs', 'a')).code).toBe(1);
  fifo(`cache/runs/${run}/events.jsonl`);
  for (const [verb = '', ...rest] of [
    ['report'],
    ['status'],
    ['logs', 'a'],
    ['run', '--force'],
    ['why', 'a'],
  ]) {
    const { code, text } = await ended(verb, ...rest);
    expect([code, text]).toEqual([verb === 'logs' ? 1 : 0, expect.any(String)]);
    expect(text).not.toMatch(/\n {4}at /);
  }
}, 90_000);
