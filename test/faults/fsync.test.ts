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

type Call = { readonly name: string; readonly paths: readonly string[]; readonly ok: boolean };

/** In the order in which they ended; a call that another thread interrupted stands in two lines. */
function parse(trace: string): readonly Call[] {
  const open = new Map<string, string>();
  const found: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      open.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? `${open.get(pid) ?? ''}${resumed[1]}` : rest;
    const [, name = '', more = ''] = /^(\w+)\((.*)$/.exec(whole) ?? [];
    if (name === '') continue;
    const paths = [...more.matchAll(/"(\/[^"]*)"|<(\/[^>]*)>/g)].map((match) => match[1] ?? match[2] ?? '');
    found.push({ name, paths, ok: !/= -1 /.test(more) });
  }
  return found;
}

/** What is sure to be on the disk, when the power may be cut after any call. */
class Disk {
  readonly #synced = new Set<string>();
  /** The whole file system was synced; these were written since. */
  #all = false;
  readonly #dirty = new Set<string>();
  /** Name → whether its folder was synced since it appeared. */
  readonly names = new Map<string, boolean>();

  apply({ name, paths, ok }: Call): void {
    const [first = '', second = ''] = paths;
    if (!ok) return;
    if (/^(write|pwrite64|writev|sendfile)$/.test(name)) this.#wrote(first);
    else if (name === 'copy_file_range') this.#wrote(second);
    else if (name === 'syncfs') {
      // Of whatever name: files move along with their folders.
      this.#all = true;
      this.#dirty.clear();
      for (const path of this.names.keys()) this.names.set(path, true);
    } else if (/^f(data)?sync$/.test(name)) {
      this.#synced.add(first);
      for (const path of this.names.keys()) if (dirname(path) === first) this.names.set(path, true);
    } else if (name.startsWith('rename')) {
      if (this.isWhole(first)) this.#synced.add(second);
      else this.#synced.delete(second);
      this.names.set(second, false);
    } else if (name.startsWith('mkdir')) this.names.set(first, false);
  }

  #wrote(path: string): void {
    this.#synced.delete(path);
    this.#dirty.add(path);
  }

  isWhole(path: string): boolean {
    return this.#synced.has(path) || (this.#all && !this.#dirty.has(path));
  }
}

test.each([3, 40])(
  'after a power cut at any moment while %i files are published, no manifest is without its objects and no byte is wrong',
  async (count) => {
    const record = join(project.dir, 'trace.txt');
    const strace = ['-f', '-y', '-s', '0', '-o', record, '-e', `trace=${calls}`];
    if (spawnSync('strace', [...strace, 'true']).status !== 0) {
      expect.soft(spawnSync('strace', ['-V']).status).not.toBe(0);
      console.log('skipped: strace is not installed, or may not trace here');
      return;
    }
    project.write(
      'pipeline.yaml',
      `version: 1\nstages:\n  a: {cmd: 'mkdir \${outs.d}; i=0; while [ $i -lt ${count} ]; do echo $i > \${outs.d}/$i; i=$((i+1)); done; echo x > \${outs.o}', outs: {d: d, o: o.txt}}\n`,
    );
    // Large strings are cut, paths are not.
    const ran = spawnSync(
      'strace',
      [...strace.with(3, '4096'), process.execPath, pipe.file, 'run', '--no-report'],
      { cwd: project.dir, encoding: 'utf8' },
    );
    expect(ran.status, ran.stderr).toBe(0);
    const trace = parse(readFileSync(record, 'utf8'));
    const objects = join(project.dir, 'cache/objects');
    const manifests = join(project.dir, 'cache/manifests');
    const state = new Disk();
    let checked = 0;
    let complete = 0;
    for (const call of trace) {
      state.apply(call);
      if (
        !call.paths.some(
          (path) => path.startsWith(objects) || path.startsWith(manifests) || path.includes('/staging/'),
        )
      )
        continue;
      checked++;
      const found = await soundAfterCut(state, objects, manifests);
      expect(found.bad).toEqual([]);
      complete = found.manifests;
    }
    expect(checked).toBeGreaterThan(10);
    expect(complete).toBe(1);
  },
);

/** The worst that a cut now could leave: names of objects that were not synced gone, those of manifests there, unsynced contents empty. */
async function soundAfterCut(state: Disk, objects: string, manifests: string) {
  rmSync(join(disk.dir, 'cache'), { recursive: true, force: true });
  for (const [path, sure] of state.names) {
    const isManifest = path.startsWith(`${manifests}/`) && path.endsWith('.json');
    const isObject = path.startsWith(`${objects}/`) && /\/[0-9a-f]{62}$/.test(path);
    if (isObject ? !(sure && state.names.get(dirname(path)) !== false) : !isManifest) continue;
    const target = join(disk.dir, path.slice(project.dir.length));
    mkdirSync(dirname(target), { recursive: true });
    if (state.isWhole(path)) copyFileSync(path, target);
    else writeFileSync(target, '');
  }
  return verifyCache(disk.dir);
}
