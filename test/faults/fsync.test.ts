/**
 * The order of writing and syncing while outs are published, recorded by strace and replayed: after every prefix of the
 * calls, with everything dropped that was not synced by then, the store is sound.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { verifyCache } from '../../src/pipe/store/verify.ts';
import { buildPipe } from '../kit/cli.ts';
import { Folder } from '../kit/folder.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: Folder;
let disk: Folder;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new Folder();
  disk = new Folder();
});
afterEach(() => {
  project.remove();
  disk.remove();
});

const calls =
  'write,pwrite64,writev,copy_file_range,sendfile,fsync,fdatasync,syncfs,rename,renameat,renameat2,mkdir,mkdirat';

interface Call {
  readonly name: string;
  readonly paths: readonly string[];
  readonly ok: boolean;
  /** The lines at which it began and ended: what is written in between by others, a sync may have missed. */
  readonly began: number;
  readonly ended: number;
}

/** In the order in which they ended; a call that another thread interrupted stands in two lines. */
function parse(trace: string): readonly Call[] {
  const open = new Map<string, { readonly text: string; readonly began: number }>();
  const found: Call[] = [];
  for (const [ended, line] of trace.split('\n').entries()) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      open.set(pid, { text: rest.slice(0, -'<unfinished ...>'.length), began: ended });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const begun = resumed ? open.get(pid) : undefined;
    const whole = resumed ? `${begun?.text ?? ''}${resumed[1]}` : rest;
    const [, name = '', more = ''] = /^(\w+)\((.*)$/.exec(whole) ?? [];
    if (name === '') continue;
    const paths = [...more.matchAll(/"(\/[^"]*)"|<(\/[^>]*)>/g)].map((match) => match[1] ?? match[2] ?? '');
    found.push({ name, paths, ok: !/= -1 /.test(more), began: begun?.began ?? ended, ended });
  }
  return found;
}

/** What is sure to be on the disk, when the power may be cut after any call. */
class Disk {
  /** Path → when it was last written. */
  readonly #written = new Map<string, number>();
  /** Path → a time: what was written before it is on the disk. */
  readonly #synced = new Map<string, number>();
  /** The same of the whole file system. */
  #allSynced = -1;
  /** Name → when it appeared. */
  readonly names = new Map<string, number>();

  apply({ name, paths, ok, began, ended }: Call): void {
    const [first = '', second = ''] = paths;
    if (!ok) return;
    if (/^(write|pwrite64|writev|sendfile)$/.test(name)) this.#written.set(first, ended);
    else if (name === 'copy_file_range') this.#written.set(second, ended);
    else if (name === 'syncfs') this.#allSynced = began;
    else if (/^f(data)?sync$/.test(name)) this.#synced.set(first, began);
    else if (name.startsWith('rename')) {
      for (const known of [this.#written, this.#synced, this.names]) {
        known.delete(second);
        // A folder takes along what is in it.
        for (const [path, time] of known)
          if (path === first || path.startsWith(`${first}/`)) {
            known.delete(path);
            known.set(second + path.slice(first.length), time);
          }
      }
      this.names.set(second, ended);
    } else if (name.startsWith('mkdir')) this.names.set(first, ended);
  }

  /** Its bytes. One that was never seen to be written is not known to be on the disk either. */
  isWhole(path: string): boolean {
    return this.#isSynced(path, this.#written.get(path) ?? 0);
  }

  /** Its name in its folder. */
  isNamed(path: string): boolean {
    return this.#isSynced(dirname(path), this.names.get(path) ?? 0);
  }

  #isSynced(path: string, since: number): boolean {
    return since < Math.max(this.#synced.get(path) ?? -1, this.#allSynced);
  }
}

const many = (count: number) =>
  `version: 1\nstages:\n  a: {cmd: 'mkdir \${outs.d}; i=0; while [ $i -lt ${count} ]; do echo $i > \${outs.d}/$i; i=$((i+1)); done; echo x > \${outs.o}', outs: {d: d, o: o.txt}}\n`;
const atOnce = `version: 1
axes: {n: [1, 2, 3, 4, 5, 6]}
stages:
  a: {cmd: 'mkdir \${outs.d}; echo \${n} > \${outs.d}/f; echo x\${n} > \${outs.o}', matrix: [n], outs: {d: d, o: o.txt}}
`;

test.each([
  ['3 files are published', many(3), 1],
  ['40 files are published', many(40), 1],
  ['many cells are published at once', atOnce, 6],
] as const)(
  'after a power cut at any moment while %s, no manifest is without its objects and no byte is wrong',
  async (_, pipeline, cells) => {
    const record = join(project.dir, 'trace.txt');
    const strace = ['-f', '-y', '-s', '4096', '-o', record, '-e', `trace=${calls}`];
    if (spawnSync('strace', [...strace, 'true']).status !== 0) {
      expect.soft(spawnSync('strace', ['-V']).status).not.toBe(0);
      console.log('skipped: strace is not installed, or may not trace here');
      return;
    }
    project.write('pipeline.yaml', pipeline);
    const run = [process.execPath, pipe.file, 'run', '--no-report', '--jobs', String(cells)];
    const ran = spawnSync('strace', [...strace, ...run], { cwd: project.dir, encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
    const objects = join(project.dir, 'cache/objects');
    const manifests = join(project.dir, 'cache/manifests');
    const state = new Disk();
    const left = new Map<string, boolean>();
    let checked = 0;
    for (const call of parse(readFileSync(record, 'utf8'))) {
      state.apply(call);
      // A sync makes nothing worse, and what is written to a file without a name in the store changes nothing there.
      if (
        /sync/.test(call.name) ||
        !call.paths.some((path) => [objects, manifests].some((place) => path.includes(place)))
      )
        continue;
      checked++;
      expect((await soundAfterCut(state, left, [objects, manifests])).bad).toEqual([]);
    }
    expect(checked).toBeGreaterThan(10);
    // What the run said is done is so after a cut right then.
    const lasting = [...state.names.keys()].filter(
      (path) =>
        path.endsWith('.json') &&
        [path, dirname(path), manifests].every((name) => state.isNamed(name)) &&
        path.startsWith(manifests),
    );
    expect(lasting).toHaveLength(cells);
  },
);

/**
 * The worst that a cut now could leave: names of objects that were not synced gone, those of manifests there, unsynced contents
 * empty. `left` is what the cut before left, which changes little from call to call.
 */
async function soundAfterCut(
  state: Disk,
  left: Map<string, boolean>,
  [objects, manifests]: readonly [string, string],
) {
  for (const path of state.names.keys()) {
    const isManifest = path.startsWith(`${manifests}/`) && path.endsWith('.json');
    const isObject = path.startsWith(`${objects}/`) && /\/[0-9a-f]{62}$/.test(path);
    const isThere = isObject ? state.isNamed(path) && state.isNamed(dirname(path)) : isManifest;
    if (!isThere) continue;
    const isWhole = state.isWhole(path);
    if (left.get(path) === isWhole) continue;
    left.set(path, isWhole);
    const target = join(disk.dir, path.slice(project.dir.length));
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    if (isWhole) copyFileSync(path, target);
    else writeFileSync(target, '');
  }
  return verifyCache(disk.dir);
}
