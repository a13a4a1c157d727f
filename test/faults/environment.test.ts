/** A machine that misbehaves: full disk, read-only cache, no permission, a cache that vanishes, a clock set back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { verifyCache } from '../../src/pipe/store/verify.ts';
import { CellsProject } from '../kit/cells.ts';
import { buildPipe } from '../kit/cli.ts';

/** An executable out is stored and put in place as two files, so that the disk can be full after the stage has ended. */
const copy = (size = 1) => `version: 1
stages:
  copy: {cmd: 'head -c ${size} /dev/zero > \${outs.big}; chmod +x \${outs.big}; cat \${deps.in} > \${outs.o}', deps: {in: in.txt}, outs: {o: o.txt, big: big.bin}}
`;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CellsProject;
const mounts: string[] = [];
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CellsProject(mkdtempSync(join(tmpdir(), 'pipe-environment-')));
  project.write('in.txt', 'a');
  project.write('pipeline.yaml', copy());
});
afterEach(() => {
  for (const path of mounts.splice(0)) spawnSync('umount', [path]);
  project.remove();
});

function run(options: { uid?: number; flags?: readonly string[] } = {}) {
  const args = [...(options.flags ?? []), pipe.file, 'run'];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: project.dir,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  return { status, stderr };
}

/** Whether this user may mount; without, the test has nothing to stand on. */
function mounted(path: string, args: readonly string[]): boolean {
  mkdirSync(path, { recursive: true });
  if (spawnSync('mount', [...args, path]).status !== 0) return false;
  mounts.push(path);
  return true;
}

test('disk full: a clear error, the old outs stay, nothing is corrupt, and the next run recovers', async (context) => {
  const cache = join(project.dir, 'cache');
  if (!mounted(cache, ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs']))
    context.skip('mounting a tmpfs is not allowed here');
  expect(run().status).toBe(0);
  const before = project.snapshot();
  project.write('pipeline.yaml', copy(3_000_000));
  const full = run();
  expect(full.status).toBe(1);
  expect(full.stderr).toMatch(/ENOSPC|No space left/);
  expect(project.snapshot()).toEqual(before);
  expect((await verifyCache(project.dir)).bad).toEqual([]);
  execFileSync('mount', ['-o', 'remount,size=40m', cache]);
  expect(run().status).toBe(0);
  expect(project.read('cache/cells/copy/big.bin')).toHaveLength(3_000_000);
});

test('a read-only cache: up to date is still known; what must run says why it cannot', (context) => {
  expect(run().status).toBe(0);
  const cache = join(project.dir, 'cache');
  if (!mounted(cache, ['--bind', cache])) context.skip('mounting is not allowed here');
  execFileSync('mount', ['-o', 'remount,ro,bind', cache]);
  expect(run().status).toBe(0);
  project.write('in.txt', 'b');
  const refused = run();
  expect(refused.status).not.toBe(0);
  expect(refused.stderr).toMatch(/(nothing can|cannot) be written/);
  execFileSync('umount', [cache]);
  expect(run().status).toBe(0);
  expect(project.read('cache/cells/copy/o.txt')).toBe('b');
});

test('no permission: a clear error, and the next run with permission recovers', (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can become somebody else');
  // Somebody else may read the program and the project, and write neither.
  for (const folder of [project.dir, dirname(pipe.file)]) chmodSync(folder, 0o755);
  const reached = spawnSync('test', ['-r', pipe.file], { uid: 65534 });
  if (reached.status !== 0) context.skip('the checkout lies in a folder that only its owner may enter');
  expect(run().status).toBe(0);
  project.write('in.txt', 'b');
  const refused = run({ uid: 65534 });
  expect(refused.status).not.toBe(0);
  expect(refused.stderr).toMatch(/(nothing can|cannot) be written|EACCES/);
  expect(refused.stderr).not.toMatch(/\n\s+at /);
  expect(run().status).toBe(0);
  expect(project.read('cache/cells/copy/o.txt')).toBe('b');
});

test('the cache folder is deleted during a run: a clear error, and the next run recovers', async () => {
  project.write('pipeline.yaml', copy().replace("'head", "'rm -rf cache; head"));
  const lost = run();
  expect(lost.status).not.toBe(0);
  expect(lost.stderr).not.toMatch(/\n\s+at /);
  project.write('pipeline.yaml', copy());
  expect(run().status).toBe(0);
  expect((await verifyCache(project.dir)).bad).toEqual([]);
  expect(project.read('cache/cells/copy/o.txt')).toBe('a');
});

test('a clock set back by a day: nothing is stale, nothing is missed', () => {
  const back = 'data:text/javascript,const now=Date.now;Date.now=()=>now()-86400000';
  expect(run().status).toBe(0);
  const flags = ['--import', back];
  const again = run({ flags });
  expect(again.stderr).toMatch(/up to date/);
  writeFileSync(join(project.dir, 'in.txt'), 'b');
  expect(run({ flags }).status).toBe(0);
  expect(project.read('cache/cells/copy/o.txt')).toBe('b');
  expect(run().stderr).toMatch(/up to date/);
  expect(existsSync(join(project.dir, 'cache/locks/copy'))).toBe(false);
  rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  expect(run({ flags }).status).toBe(0);
});
