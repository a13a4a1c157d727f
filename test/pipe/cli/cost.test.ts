/**
 * What a cell costs, counted: system calls, processes, files and bytes. These are the same on a busy machine, so that what
 * makes every cell dearer is seen here. Two sizes of one pipeline are compared: what a run costs at all drops out.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeInputs, writePipe } from '../../../perf/engine/graph.ts';
import { buildPipe } from '../../kit/cli.ts';
import { Folder } from '../../kit/folder.ts';

const [few, many] = [10, 30];
/** Two cells per item. */
const between = 2 * (many - few);
const traces = spawnSync('strace', ['-f', '-c', '-o', '/dev/null', 'true']).status === 0;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
const folders = new Map<number, Folder>();
const counted = new Map<string, Counts>();
beforeAll(async () => {
  if (!traces) {
    console.log('skipped: strace is not installed, or may not trace here');
    return;
  }
  pipe = await buildPipe();
  for (const items of [few, many]) {
    const folder = new Folder();
    folders.set(items, folder);
    writeInputs(folder.dir, items);
    writePipe(folder.dir, items);
    counted.set(`cold ${items}`, count(folder, items));
    // The first of these writes the witness of the second.
    count(folder, items);
    counted.set(`no-op ${items}`, count(folder, items));
  }
}, 300_000);
afterAll(() => {
  for (const folder of folders.values()) folder.remove();
  pipe?.remove();
});

type Counts = ReadonlyMap<string, number>;

/** System calls of one run, all its processes and threads together, by name. */
function count(folder: Folder, items: number): Counts {
  const record = join(folder.dir, 'calls.txt');
  const { status, stderr } = spawnSync(
    'strace',
    ['-f', '-c', '-o', record, process.execPath, pipe.file, 'run', '-q', '--no-report', '-j', '2'],
    { cwd: folder.dir, encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  expect(items).toBeGreaterThan(0);
  const rows = readFileSync(record, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter((fields) => /^\d/.test(fields[0] ?? '') && fields.at(-1) !== 'total');
  return new Map(rows.map((fields) => [fields.at(-1) ?? '', Number(fields[3])]));
}

function perCell(what: 'cold' | 'no-op', ...names: readonly string[]): number {
  const sum = (items: number) =>
    names.reduce((total, name) => total + (counted.get(`${what} ${items}`)?.get(name) ?? 0), 0);
  return (sum(many) - sum(few)) / between;
}

const looking = ['stat', 'lstat', 'statx', 'newfstatat'];

test.skipIf(!traces)(
  'a cell of a run with nothing to do is one look at each of its paths, and opens nothing',
  () => {
    // An input for every other cell, and an out for each.
    expect(perCell('no-op', ...looking)).toBeLessThanOrEqual(1.6);
    expect(perCell('no-op', ...looking)).toBeGreaterThanOrEqual(1.4);
    expect(perCell('no-op', 'open', 'openat', 'readlink', 'getdents64')).toBeLessThan(0.1);
  },
);

test.skipIf(!traces)('a cell of a cold run is two processes: its shell and its command', () => {
  expect(perCell('cold', 'execve')).toBeLessThan(2.6);
});

test.skipIf(!traces)('cells share what they wait for the disk for', () => {
  expect(perCell('cold', 'fsync', 'fdatasync')).toBeLessThanOrEqual(5);
});

test.skipIf(!traces)('a cell leaves at most 4 files and 6 KB beside its outs and its log', () => {
  const kept = (items: number) => leftIn(folders.get(items)?.dir ?? '');
  const [small, large] = [kept(few), kept(many)];
  expect((large.files - small.files) / between).toBeLessThanOrEqual(4);
  expect((large.bytes - small.bytes) / between).toBeLessThanOrEqual(6_000);
});

/** Files and their bytes; the outs where people look at them, and logs, are not counted. */
function leftIn(project: string): { readonly files: number; readonly bytes: number } {
  let [files, bytes] = [0, 0];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name !== 'log.txt') {
        files++;
        bytes += lstatSync(path).size;
      }
    }
  };
  for (const name of readdirSync(join(project, 'cache')))
    if (name !== 'cells' && name !== '.gitignore') walk(join(project, 'cache', name));
  return { files, bytes };
}
