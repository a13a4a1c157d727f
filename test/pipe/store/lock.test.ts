/** Locks over processes and machines. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lock, lockHolders, tryLock } from '../../../src/pipe/store/lock.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipe-lock-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('one holder at a time; the waiter is told who holds it and gets it when it is free', async () => {
  const first = tryLock(folder, 'cell', 'run-a');
  expect(first?.held()).toBe(true);
  expect(tryLock(folder, 'cell', 'run-b')).toBe(null);
  const heard: string[] = [];
  const waiting = lock(folder, 'cell', 'run-b', {
    onWait: (holder) => {
      heard.push(holder);
      first?.release();
    },
  });
  const second = await waiting;
  expect(heard).toHaveLength(1);
  expect(heard[0]).toContain(`run run-a (process ${process.pid} on `);
  expect(second.held()).toBe(true);
  second.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock of a dead process of this machine is taken over at once', async () => {
  const child = spawn('sleep', ['60']);
  children.push(child);
  const held = tryLock(folder, 'cell', 'run-a');
  const [owner = ''] = readdirSync(join(folder, 'cell'));
  held?.release();
  // The lock as the child would hold it.
  const theirs = owner.split('+').with(2, String(child.pid)).with(3, '').join('+');
  mkdirSync(join(folder, 'cell'));
  writeFileSync(join(folder, 'cell', theirs), '');
  expect(tryLock(folder, 'cell', 'run-b')).toBe(null);
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGKILL');
  });
  expect(lockHolders(folder)).toMatchObject([{ name: 'cell', dead: true }]);
  expect(tryLock(folder, 'cell', 'run-b')?.held()).toBe(true);
});

test('a process id that was used again is not taken for the owner', () => {
  const held = tryLock(folder, 'cell', 'run-a');
  const [owner = ''] = readdirSync(join(folder, 'cell'));
  held?.release();
  mkdirSync(join(folder, 'cell'));
  writeFileSync(join(folder, 'cell', owner.split('+').with(3, '1').join('+')), '');
  expect(tryLock(folder, 'cell', 'run-b')?.held()).toBe(true);
});

test('two runs on NFS from two hosts: a silent lock of another machine is not taken for dead before it was watched', async () => {
  mkdirSync(join(folder, 'cell'));
  const theirs = join(folder, 'cell', 'other-host+other-boot+1+1+run-far+abcd');
  writeFileSync(theirs, '1');
  expect(tryLock(folder, 'cell', 'run-b')).toBe(null);
  expect(lockHolders(folder)).toMatchObject([{ dead: false, owner: { host: 'other-host' } }]);
  // While it beats it is waited for; what counts is that its file changes, not what any clock says.
  let beats = 1;
  let timer: NodeJS.Timeout | undefined;
  const beaten = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      writeFileSync(theirs, String(++beats));
      if (beats === 40) resolve();
    }, 30);
  });
  const stop = new AbortController();
  const waiting = lock(folder, 'cell', 'run-b', {
    patience: { silenceMs: 400 },
    signal: stop.signal,
    onWait: (holder) => expect(holder).toContain('other-host'),
  });
  let got = false;
  const outcome = waiting.then((one) => {
    got = true;
    return one;
  });
  await beaten;
  expect(got).toBe(false);
  clearInterval(timer);
  const mine = await outcome;
  expect(mine.held()).toBe(true);
  mine.release();
});

test('of many who take a dead lock over, one succeeds', async () => {
  mkdirSync(join(folder, 'cell'));
  const held = tryLock(folder, 'other', 'x');
  const [owner = ''] = readdirSync(join(folder, 'other'));
  held?.release();
  writeFileSync(join(folder, 'cell', owner.split('+').with(2, '999999').join('+')), '');
  const got = Array.from({ length: 20 }, (_, i) => tryLock(folder, 'cell', `run-${i}`)).filter(Boolean);
  expect(got).toHaveLength(1);
});

test('whoever lost its lock knows, and releases nothing of the new owner', () => {
  const first = tryLock(folder, 'cell', 'run-a');
  const [owner = ''] = readdirSync(join(folder, 'cell'));
  rmSync(join(folder, 'cell', owner));
  const second = tryLock(folder, 'cell', 'run-b');
  expect(first?.held()).toBe(false);
  first?.release();
  expect(second?.held()).toBe(true);
});

test('a named pipe or a file in the place of a lock keeps no waiter waiting', async () => {
  mkdirSync(join(folder, 'piped'));
  expect(spawnSync('mkfifo', [join(folder, 'piped', 'owner')]).status).toBe(0);
  writeFileSync(join(folder, 'plain'), 'mine');
  const patience = { silenceMs: 100 };
  for (const name of ['piped', 'plain']) {
    const got = await lock(folder, name, 'run-b', { patience });
    expect(got.held()).toBe(true);
    got.release();
  }
  const [stray = ''] = readdirSync(folder);
  expect(readFileSync(join(folder, stray), 'utf8')).toBe('mine');
});

test.skipIf(process.platform !== 'linux')(
  'a process that holds many locks keeps no file open for them, and each gives signs of life',
  async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const held = Array.from({ length: 1500 }, (_, n) => tryLock(folder, `cell-${n}`, 'run-a'));
    expect(open() - before).toBeLessThan(50);
    const beats = () =>
      readdirSync(folder).filter((name) => {
        const place = join(folder, name);
        return readdirSync(place).every((owner) => Number(readFileSync(join(place, owner), 'utf8')) > 0);
      }).length;
    const since = performance.now();
    while (beats() < held.length && performance.now() - since < 30_000)
      await new Promise((resolve) => setTimeout(resolve, 250));
    expect(beats()).toBe(held.length);
    for (const one of held) one?.release();
    expect(readdirSync(folder)).toEqual([]);
  },
);
