/** How a record of strace is read: what was opened, by which path, and in which order. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onPath } from '../../../src/lib/on-path.ts';
import { AccessRecord } from '../../../src/pipe/access/accesses.ts';
import { findStrace } from '../../../src/pipe/access/strace.ts';
import { Folder } from '../../kit/folder.ts';

/** `/t` as strace writes it with -xx. */
const hex = (text: string) =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

function recordOf(...lines: readonly string[]) {
  const record = new AccessRecord('/start');
  for (const line of lines) record.line(line);
  return Object.fromEntries(record.accesses.map(({ path, named, ...did }) => [path, did]));
}
const open = (pid: number, path: string, flags = 'O_RDONLY', result = `3<${hex(path)}>`) =>
  `${pid} openat(AT_FDCWD<${hex('/start')}>, "${hex(path)}", ${flags}) = ${result}`;

describe('a record', () => {
  test('an open that failed is no access', () => {
    expect(recordOf(open(1, '/a', 'O_RDONLY', '-1 EACCES (Permission denied)'))).toEqual({});
    expect(Object.keys(recordOf(open(1, '/a')))).toEqual(['/a']);
  });

  test('a call that another process came between is read when it is whole', () => {
    const found = recordOf(
      `1 openat(AT_FDCWD<${hex('/start')}>, "${hex('/a')}", O_RDONLY <unfinished ...>`,
      open(2, '/b'),
      `1 <... openat resumed>) = 3<${hex('/a')}>`,
    );
    expect(Object.keys(found).sort()).toEqual(['/a', '/b']);
  });

  test('a relative path starts where its process stands, which others do not move', () => {
    const found = recordOf(
      `1 chdir("${hex('/elsewhere')}") = 0`,
      `1 execve("${hex('run')}", [...], 0x7ffd /* 3 vars */) = 0`,
      `2 execve("${hex('run')}", [...], 0x7ffd /* 3 vars */) = 0`,
    );
    expect(Object.keys(found)).toEqual(['/elsewhere/run', '/start/run']);
  });

  test('what was written first and read afterwards is no input; the other way round it is', () => {
    const [write, read] = [open(1, '/a', 'O_WRONLY|O_CREAT'), open(1, '/a')];
    expect(recordOf(write, read)['/a']).toMatchObject({ read: false, written: true });
    expect(recordOf(read, write)['/a']).toMatchObject({ read: true, written: true });
  });

  test('the target of a rename was written, and its origin removed unless it was made here', () => {
    const rename = `1 rename("${hex('/part')}", "${hex('/whole')}") = 0`;
    expect(recordOf(rename)).toMatchObject({ '/part': { removed: true }, '/whole': { written: true } });
    expect(recordOf(open(1, '/part', 'O_WRONLY|O_CREAT'), rename)['/part']).toMatchObject({ removed: false });
  });
});

test.skipIf(onPath('strace', process.env.PATH ?? '') === null)(
  'strace records which files a program opens, and none of its arguments',
  async () => {
    const folder = new Folder();
    try {
      const record = join(folder.dir, 'record');
      const file = folder.write('read.txt', 'x');
      const [program, ...flags] = (await findStrace(process.env))(record);
      execFileSync(program, [...flags, 'sh', '-c', 'cat "$1" > /dev/null; : hunter2', 'sh', file]);
      const text = readFileSync(record, 'utf8');
      expect(text).toContain(hex(file));
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(hex('hunter2'));
    } finally {
      folder.remove();
    }
  },
);
