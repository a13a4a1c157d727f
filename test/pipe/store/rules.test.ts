/** Rules of the store, its digests and keys, each alone. */
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from '../../../src/lib/remove-tree.ts';
import { sha256Of } from '../../../src/lib/sha256.ts';
import { guardInputs } from '../../../src/pipe/cell/guard.ts';
import { unsafePath } from '../../../src/pipe/config/safe-path.ts';
import { Digests } from '../../../src/pipe/digest/digests.ts';
import { tickMs } from '../../../src/pipe/digest/file-digests.ts';
import { hashFile } from '../../../src/pipe/digest/hash-file.ts';
import { isInsidePath } from '../../../src/pipe/digest/listing.ts';
import { signature } from '../../../src/pipe/digest/stat-index.ts';
import { keyOf } from '../../../src/pipe/key/cell-fingerprint.ts';
import type { Fingerprint, Key } from '../../../src/pipe/key/fingerprint.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';
import { brokenOut, storedManifests, storedObjects } from '../../../src/pipe/store/contents.ts';
import { sweep } from '../../../src/pipe/store/gc.ts';
import { mark } from '../../../src/pipe/store/gc-mark.ts';
import { layoutOf, manifestFile, objectFile } from '../../../src/pipe/store/layout.ts';
import { tryLock } from '../../../src/pipe/store/lock.ts';
import { BadObject, readListing } from '../../../src/pipe/store/objects.ts';
import { readManifest } from '../../../src/pipe/store/records.ts';
import { Views } from '../../../src/pipe/store/view.ts';
import { CellsProject } from '../../kit/cells.ts';

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
  project.write(
    'pipeline.yaml',
    "version: 1\nstages:\n  a: {cmd: 'echo a > ${outs.o}; mkdir ${outs.d}; echo b > ${outs.d}/b', outs: {o: o.txt, d: d}}\n",
  );
});
afterEach(() => project.remove());

const layout = () => layoutOf(project.dir);
function first(): { readonly key: Key; readonly lines: string[] } {
  const [stored] = [...storedManifests(layout())];
  if (!stored) throw new Error('no manifest');
  return { key: stored.name, lines: readFileSync(stored.file, 'utf8').split('\n') };
}
/** With a right checksum. */
function forge(key: Key, lines: readonly string[]): void {
  const file = manifestFile(layout(), key);
  mkdirSync(dirname(file), { recursive: true });
  const body = `${lines.join('\n')}\n`;
  writeFileSync(file, `${body}${sha256Of(body)}\n`);
}

test('a manifest whose fingerprint is not of its key is damaged', async () => {
  await project.run();
  const { key, lines } = first();
  const [head = '', text = ''] = lines;
  const fingerprint: Fingerprint = JSON.parse(text);
  forge(key, [head, JSON.stringify({ ...fingerprint, env: { FORGED: '1' } })]);
  expect(readManifest(layout(), key)).toBe('damaged');
});

test('a manifest under another key is damaged', async () => {
  await project.run();
  const { lines } = first();
  const [head = '', text = ''] = lines;
  const fingerprint = { ...JSON.parse(text), env: { OTHER: '1' } };
  const other = keyOf(fingerprint);
  forge(other, [head, JSON.stringify(fingerprint)]);
  expect(readManifest(layout(), other)).toBe('damaged');
});

test('a record with a flipped byte is damaged', async () => {
  await project.run();
  const { key } = first();
  const file = manifestFile(layout(), key);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"ms":5', '"ms":6'));
  expect(readManifest(layout(), key)).toBe('damaged');
});

test('an object with other bytes of the same size is not put in place', async () => {
  await project.run();
  const entry = readManifest(layout(), first().key);
  if (typeof entry === 'string' || !entry.outs.o) throw new Error('no manifest');
  const file = objectFile(layout(), entry.outs.o.object);
  rmSync(file);
  writeFileSync(file, 'z\n');
  rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  expect((await project.run()).ran).toEqual(['a']);
  expect(project.read('cache/cells/a/o.txt')).toBe('a\n');
});

test('a listing with other bytes than its name says is refused', async () => {
  await project.run();
  const entry = readManifest(layout(), first().key);
  if (typeof entry === 'string' || !entry.outs.d) throw new Error('no manifest');
  const { object } = entry.outs.d;
  const file = objectFile(layout(), object);
  const text = readFileSync(file, 'utf8').replace('"b"', '"c"');
  rmSync(file);
  writeFileSync(file, text);
  expect(() => readListing(layout(), object)).toThrow(BadObject);
});

test('a file that is written while it is hashed is read again', async () => {
  const path = project.write('big', '');
  truncateSync(path, 200_000_000);
  const digests = new Digests(layout().index);
  let ended = false;
  const looked = digests.lookAgain(path, 'self').finally(() => {
    ended = true;
  });
  await setTimeout(30);
  // Long read by then.
  expect(ended).toBe(false);
  const file = openSync(path, 'r+');
  writeSync(file, 'x', 0);
  closeSync(file);
  expect((await looked)?.content).toBe(await hashFile(path, 200_000_000));
});

test('the stat of a file has its inode', () => {
  const one = statSync(project.write('one', ''), { bigint: true });
  expect(signature(Object.assign(Object.create(one), { ino: one.ino + 1n }))).not.toBe(signature(one));
});

test('what leaves a folder is no path inside it', () => {
  for (const path of ['', '/a', '../a', 'a/../b', 'a/..', 'a/./b', 'a//b', 'a\0'])
    expect(isInsidePath(path)).toBe(false);
  for (const path of ['a', 'a/b', '.a', '..a', 'a..b/c']) expect(isInsidePath(path)).toBe(true);
});

test('an object that is a link is broken, wherever it leads', async () => {
  await project.run();
  const entry = readManifest(layout(), first().key);
  if (typeof entry === 'string' || !entry.outs.d) throw new Error('no manifest');
  const [file] = [...storedObjects(layout())].filter(({ size }) => size === 2);
  expect(brokenOut(layout(), entry.outs.d)).toBe(null);
  for (const { file: path, size } of storedObjects(layout())) {
    if (size !== 2) continue;
    renameSync(path, `${path}.kept`);
    // As long as the object itself.
    symlinkSync('xy', path);
  }
  expect(file).toBeDefined();
  expect(brokenOut(layout(), entry.outs.d)).toContain('is missing');
});

test('each part of a fingerprint changes the key', async () => {
  await project.run();
  const fingerprint: Fingerprint = JSON.parse(first().lines[1] ?? '');
  const digest = sha256Of('');
  const changes: readonly Partial<Fingerprint>[] = [
    { params: { p: 1 } },
    { axes: { i: { name: '1', value: 1 } } },
    { deps: { d: { kind: 'one', sha256: digest, name: 'd' } } },
    { env: { E: '1' } },
    { tools: { t: '1' } },
    { outs: { ...fingerprint.outs, more: 'more' } },
    { code: { ...fingerprint.code, command: 'other' } as Fingerprint['code'] },
  ];
  const keys = changes.map((change) => keyOf({ ...fingerprint, ...change }));
  expect(new Set([keyOf(fingerprint), ...keys]).size).toBe(changes.length + 1);
});

test.each(['../a', 'a/../../b', 'a/..', '/a', '~/a', 'a\\b', 'a\0b', 'con', 'x/NUL.txt'])(
  'a path that leaves its folder or is not one everywhere is refused: %j',
  (path) => {
    expect(unsafePath(path)).not.toBe(null);
  },
);

const nothingReached = () => ({
  project: project.dir,
  reach: { cells: new Set<CellId>(), keys: new Set<Key>(), unknown: new Set<CellId>() },
  checkpoints: null,
  keepDays: 0,
  keepRuns: 0,
  now: Date.now(),
});

test('gc spares an object that is being published: it is younger than the lock of its cell', async () => {
  const held = tryLock(layout().locks, 'a', 'run');
  const file = objectFile(layout(), sha256Of('half'));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'half');
  await sweep(mark(nothingReached()), nothingReached());
  expect([...storedObjects(layout())]).toHaveLength(1);
  held?.release();
  await sweep(mark(nothingReached()), nothingReached());
  expect([...storedObjects(layout())]).toHaveLength(0);
});

test('gc spares an object that was stored or linked again since it was listed', async () => {
  const file = objectFile(layout(), sha256Of('again'));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'again');
  const marked = mark(nothingReached());
  writeFileSync(`${file}.new`, 'again');
  renameSync(`${file}.new`, file);
  expect((await sweep(marked, nothingReached())).objects).toBe(0);
  expect([...storedObjects(layout())]).toHaveLength(1);
  linkSync(file, join(project.dir, 'view'));
});

test('a stage waits until a later write of its inputs must show in their stat', async () => {
  const file = join(project.dir, 'in.txt');
  const digests = new Digests(layout().index);
  for (let round = 0; round < 5; round++) {
    writeFileSync(file, String(round));
    const look = await digests.lookAgain(file, 'anywhere');
    if (!look) throw new Error('it is there');
    const inputs = { paths: [{ path: file, reach: 'anywhere', look }], upstream: [] };
    const guarded = await guardInputs(inputs as unknown as Parameters<typeof guardInputs>[0], {
      project: project.dir,
      layout: layout(),
      digests,
      views: new Views(layout(), digests),
      heal: async () => false,
    });
    expect(guarded.kind).toBe('guarded');
    expect(Date.now() - statSync(file).ctimeMs).toBeGreaterThanOrEqual(tickMs);
  }
});

test('a view that two cells open at once is made once, and neither takes it from the other', async () => {
  project.edit('pipeline.yaml', (text) => text.replace('echo b >', 'chmod +x ${outs.o}; echo b >'));
  await project.run();
  const entry = readManifest(layout(), first().key);
  if (typeof entry === 'string') throw new Error(entry);
  const digests = new Digests(layout().index);
  const views = new Views(layout(), digests);
  for (const out of Object.values(entry.outs))
    for (let turns = 0; turns < 40; turns++) {
      const opened = [views.open(out)];
      // The second comes at every moment of what the first does.
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      opened.push(views.open(out));
      for (const view of await Promise.all(opened)) expect(await views.damageOf(view)).toBeNull();
      expect(existsSync(layout().quarantine)).toBe(false);
      removeTree(layout().views);
    }
});
