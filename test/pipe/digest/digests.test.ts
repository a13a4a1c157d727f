/** Digests of files and folders, and when a stat is believed. */
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '../../../src/lib/sha256.ts';
import { Digests } from '../../../src/pipe/digest/digests.ts';
import { isUnwritten, PathError } from '../../../src/pipe/digest/look.ts';

let dir: string;
let digests: Digests;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pipe-digest-'));
  digests = new Digests(join(dir, 'index'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = (name: string) => join(dir, name);
/** Waits until the last change is older than the file system's tick: the thing under test is time itself. */
const settle = () => sleep(40);

test('a file is its sha256; nothing is null', async () => {
  writeFileSync(at('a'), 'abc');
  expect((await digests.look(at('a'), 'self'))?.sha256).toBe(sha256Of('abc'));
  expect(await digests.look(at('none'), 'self')).toBe(null);
  expect(await digests.look(at('a/below'), 'self')).toBe(null);
});

test('large files are read in pieces to the same digest', async () => {
  const bytes = Buffer.alloc(3_000_001, 'abc');
  writeFileSync(at('big'), bytes);
  expect((await digests.look(at('big'), 'self'))?.sha256).toBe(sha256Of(bytes));
});

test('each path is looked at once per run', async () => {
  writeFileSync(at('a'), '1');
  const first = await digests.look(at('a'), 'self');
  writeFileSync(at('a'), '2');
  expect(await digests.look(at('a'), 'self')).toBe(first);
  expect((await digests.lookAgain(at('a'), 'self'))?.sha256).toBe(sha256Of('2'));
});

/** Writes and looks at once. A busy machine may come too late, so it tries until it did not. */
async function lookWithinTick(name: string, text: string) {
  for (let tries = 0; tries < 500; tries++) {
    const index = new Digests(join(dir, 'index'));
    index.now();
    const started = performance.now();
    writeFileSync(at(name), text);
    const seen = await index.lookAgain(at(name), 'self');
    if (performance.now() - started < 10) {
      digests = index;
      return seen;
    }
  }
  throw new Error('this machine never looks within 10 ms of a write');
}

describe('the racy-stat rule', () => {
  test('a stat younger than the tick is not remembered, an older one is', async () => {
    expect((await lookWithinTick('a', '1'))?.settled).toBe(false);
    digests.save();
    expect(existsSync(at('index/digests'))).toBe(false);
    await settle();
    expect((await digests.lookAgain(at('a'), 'self'))?.settled).toBe(true);
    digests.save();
    expect(readFileSync(at('index/digests'), 'utf8')).toContain(sha256Of('1'));
  });

  test('an edit of the same size with its mtime put back is seen, because ctime cannot be', async () => {
    writeFileSync(at('a'), '1');
    const then = new Date(1_000_000_000_000);
    utimesSync(at('a'), then, then);
    await settle();
    await digests.lookAgain(at('a'), 'self');
    writeFileSync(at('a'), '2');
    utimesSync(at('a'), then, then);
    expect((await digests.lookAgain(at('a'), 'self'))?.sha256).toBe(sha256Of('2'));
  });

  test('another file renamed over it, with the same size and mtime, is seen', async () => {
    const then = new Date(1_000_000_000_000);
    for (const name of ['a', 'b']) {
      writeFileSync(at(name), name);
      utimesSync(at(name), then, then);
    }
    await settle();
    await digests.lookAgain(at('a'), 'self');
    renameSync(at('b'), at('a'));
    expect((await digests.lookAgain(at('a'), 'self'))?.sha256).toBe(sha256Of('b'));
  });
});

test('an index that was damaged is not used', async () => {
  writeFileSync(at('a'), '1');
  await settle();
  await digests.look(at('a'), 'self');
  digests.save();
  const text = readFileSync(at('index/digests'), 'utf8');
  writeFileSync(at('index/digests'), text.replace(sha256Of('1'), sha256Of('2')));
  expect((await new Digests(at('index')).look(at('a'), 'self'))?.sha256).toBe(sha256Of('1'));
});

test('a folder of 100,000 files', async () => {
  const root = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/pipe-digest-') : at('many');
  try {
    for (let folder = 0; folder < 100; folder++) {
      mkdirSync(join(root, String(folder)), { recursive: true });
      for (let file = 0; file < 1_000; file++)
        writeFileSync(join(root, String(folder), `${file}`), `${file % 7}`);
    }
    const look = await digests.look(root, 'self');
    expect(look?.files).toBe(100_000);
    writeFileSync(join(root, '57/123'), 'other');
    expect((await digests.lookAgain(root, 'self'))?.sha256).not.toBe(look?.sha256);
  } finally {
    if (root !== at('many')) rmSync(root, { recursive: true });
  }
}, 120_000);

describe('links', () => {
  beforeEach(() => {
    mkdirSync(at('project/folder'), { recursive: true });
    writeFileSync(at('project/folder/file'), 'x');
    writeFileSync(at('project/beside'), 'y');
    writeFileSync(at('outside'), 'z');
  });
  const reach = () => ({ folder: at('project') });

  test('a link that is turned and turned back shows, also where something is left out', async () => {
    writeFileSync(at('project/folder/.DS_Store'), 'left out');
    writeFileSync(at('project/folder/other'), 'o');
    symlinkSync('file', at('project/folder/latest'));
    const before = await digests.lookAgain(at('project/folder'), reach());
    await settle();
    for (const target of ['other', 'file']) {
      symlinkSync(target, at('project/folder/new'));
      renameSync(at('project/folder/new'), at('project/folder/latest'));
    }
    const after = await digests.lookAgain(at('project/folder'), reach());
    if (!before || !after) throw new Error('it is there');
    expect(after.sha256).toBe(before.sha256);
    expect(isUnwritten(before, after, () => false)).toBe(false);
    // What is left out may come and go.
    rmSync(at('project/folder/.DS_Store'));
    writeFileSync(at('project/folder/.DS_Store'), 'again');
    const later = await digests.lookAgain(at('project/folder'), reach());
    expect(later && isUnwritten(after, later, () => false)).toBe(true);
  });

  test('inside the folder they are kept as links, wherever the folder lies', async () => {
    symlinkSync('file', at('project/folder/link'));
    const relative = await digests.lookAgain(at('project/folder'), reach());
    rmSync(at('project/folder/link'));
    symlinkSync(at('project/folder/file'), at('project/folder/link'));
    expect((await digests.lookAgain(at('project/folder'), reach()))?.sha256).toBe(relative?.sha256);
    expect(relative?.files).toBe(1);
  });

  test('to elsewhere in the project they count by content', async () => {
    symlinkSync('../beside', at('project/folder/link'));
    const before = await digests.lookAgain(at('project/folder'), reach());
    writeFileSync(at('project/beside'), 'changed');
    expect((await digests.lookAgain(at('project/folder'), reach()))?.sha256).not.toBe(before?.sha256);
  });

  test('out of the project they are refused; a source may lead anywhere', async () => {
    symlinkSync('../../outside', at('project/folder/link'));
    await expect(digests.lookAgain(at('project/folder'), reach())).rejects.toThrow(PathError);
    await expect(digests.lookAgain(at('project/folder/link'), reach())).rejects.toThrow(
      /leads out of the project/,
    );
    expect((await digests.lookAgain(at('project/folder'), 'anywhere'))?.files).toBe(2);
  });

  test('in circles they end with an error', async () => {
    mkdirSync(at('project/other'));
    symlinkSync('../other', at('project/folder/to-other'));
    // Back into the folder: what it leads to is counted already.
    symlinkSync('../folder', at('project/other/to-folder'));
    expect((await digests.lookAgain(at('project/folder'), reach()))?.files).toBe(1);
    symlinkSync('../other', at('project/other/to-itself'));
    await expect(digests.lookAgain(at('project/folder'), reach())).rejects.toThrow(/no end|stands in/);
  });

  test('to nothing they are refused', async () => {
    symlinkSync('../gone', at('project/folder/link'));
    await expect(digests.lookAgain(at('project/folder'), reach())).rejects.toThrow(/does not exist/);
  });
});

test('a file that is written while it is read has the digest of what it holds afterwards', async () => {
  const bytes = Buffer.alloc(32 * 1024 * 1024, 'a');
  writeFileSync(at('large'), bytes);
  await sleep(40);
  const looking = digests.lookAgain(at('large'), 'self');
  // The first pieces are read by now, the last ones are not.
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  bytes.fill('b', 0, 100);
  const file = openSync(at('large'), 'r+');
  writeSync(file, bytes, 0, 100, 0);
  closeSync(file);
  expect((await looking)?.sha256).toBe(sha256Of(bytes));
});

test('every write of an object of the store shows: it has one modification time, whatever its ctime', async () => {
  writeFileSync(at('object'), 'same size');
  digests.stamp(at('object'), sha256Of('same size'), 0o444);
  expect((await digests.lookAgain(at('object'), 'self'))?.sha256).toBe(sha256Of('same size'));
  linkSync(at('object'), at('link'));
  expect((await digests.lookAgain(at('link'), 'self'))?.sha256).toBe(sha256Of('same size'));
  chmodSync(at('link'), 0o644);
  writeFileSync(at('link'), 'SAME SIZE');
  chmodSync(at('link'), 0o444);
  expect((await digests.lookAgain(at('object'), 'self'))?.sha256).toBe(sha256Of('SAME SIZE'));
});

test('devices are refused', async () => {
  await expect(digests.look('/dev/null', 'anywhere')).rejects.toThrow(/neither a file nor a folder/);
});

test('whether a file may be executed is part of what it is', async () => {
  writeFileSync(at('run'), 'x');
  const before = await digests.lookAgain(at('run'), 'self');
  chmodSync(at('run'), 0o755);
  const after = await digests.lookAgain(at('run'), 'self');
  expect(after?.content).toBe(before?.content);
  expect(after?.sha256).not.toBe(before?.sha256);
});

test('a link in a folder that is turned and turned back shows in the stat, though the content is as before', async () => {
  mkdirSync(at('f'));
  writeFileSync(at('f/a'), '1');
  writeFileSync(at('f/b'), '2');
  symlinkSync('a', at('f/latest'));
  const before = await digests.lookAgain(at('f'), 'self');
  await settle();
  const turn = (target: string) => {
    symlinkSync(target, at('f/new'));
    renameSync(at('f/new'), at('f/latest'));
  };
  turn('b');
  turn('a');
  const after = await digests.lookAgain(at('f'), 'self');
  expect(after?.sha256).toBe(before?.sha256);
  expect(after?.stat).not.toBe(before?.stat);
});

test('a file that is written while it is read is read again', async () => {
  const size = 96 * 1024 * 1024;
  writeFileSync(at('big'), Buffer.alloc(size, 1));
  await settle();
  const looking = digests.lookAgain(at('big'), 'self');
  // Long enough for its start to have been read, not its end.
  await sleep(15);
  const file = openSync(at('big'), 'r+');
  writeSync(file, Buffer.from([2]), 0, 1, 0);
  closeSync(file);
  const content = Buffer.alloc(size, 1);
  content[0] = 2;
  expect((await looking)?.sha256).toBe(sha256Of(content));
});
