/** How outs are put in place: as copies or links, taking the disk once, and only what differs. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
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

const pipeline = (link: string, value = 1) => `version: 1
link: ${link}
stages:
  a:
    cmd: "mkdir -p \${outs.d}/sub; echo ${value} > \${outs.d}/sub/f.txt; echo same > \${outs.d}/g.txt; echo ${value} > \${outs.f}"
    outs: {d: {path: d, place: results}, f: {path: f.txt, link: copy}}
  b: {cmd: "cat \${deps.d}/sub/f.txt > \${outs.f}", deps: {d: a.d}, outs: {f: f.txt}}
`;
const at = (path: string) => join(project.dir, path);

function run(...args: string[]): string {
  const { code, stdout, stderr } = project.pipe('run', ...args);
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

test('link: copy puts files that are nobody else’s, link: hardlink read-only ones that are the store’s', () => {
  project.write('pipeline.yaml', pipeline('copy'));
  run();
  for (const path of ['cache/cells/a/d/sub/f.txt', 'results/g.txt', 'cache/cells/a/f.txt']) {
    expect(statSync(at(path)).nlink).toBe(1);
    expect(statSync(at(path)).mode & 0o200).toBe(0o200);
  }
  project.write('pipeline.yaml', pipeline('hardlink', 2));
  run();
  expect(statSync(at('cache/cells/a/d/sub/f.txt')).ino).toBe(statSync(at('results/sub/f.txt')).ino);
  expect(statSync(at('results/g.txt')).mode & 0o222).toBe(0);
  // An out may say otherwise than the file.
  expect(statSync(at('cache/cells/a/f.txt')).nlink).toBe(1);
});

test('link: symlink puts one relative link, which a moved project keeps', () => {
  project.write('pipeline.yaml', pipeline('symlink'));
  run();
  for (const path of ['cache/cells/a/d', 'results']) {
    expect(lstatSync(at(path)).isSymbolicLink()).toBe(true);
    expect(readlinkSync(at(path)).startsWith('/')).toBe(false);
    expect(project.read(`${path}/sub/f.txt`)).toBe('1\n');
  }
  expect(project.read('cache/cells/b/f.txt')).toBe('1\n');
  const moved = new CliProject(pipe.file, `${project.dir}-moved`);
  renameSync(project.dir, moved.dir);
  try {
    expect(moved.read('results/sub/f.txt')).toBe('1\n');
    const { stdout, stderr } = moved.pipe('run');
    expect(stdout + stderr).toContain('up to date: 2 cells');
  } finally {
    renameSync(moved.dir, project.dir);
  }
});

test('how an out is linked changes no key: nothing runs again', () => {
  project.write('pipeline.yaml', pipeline('copy'));
  run();
  for (const link of ['symlink', 'hardlink', 'auto']) {
    project.write('pipeline.yaml', pipeline(link));
    expect(run()).toContain('up to date: 2 cells');
  }
});

test('an out that is a link into the cache is put back when what it leads to is gone, and gc leaves that alone', () => {
  project.write('pipeline.yaml', pipeline('symlink'));
  run();
  expect(project.pipe('cache', 'gc', '--yes').code).toBe(0);
  expect(project.read('results/sub/f.txt')).toBe('1\n');
  execFileSync('chmod', ['-R', 'u+w', at('cache/views')]);
  rmSync(at('cache/views'), { recursive: true });
  expect(existsSync(at('results'))).toBe(false);
  const output = run();
  expect(output).toContain('0 done');
  expect(output).not.toContain('kept in');
  expect(project.read('results/sub/f.txt')).toBe('1\n');
});

test('what a user puts where a link of ours stood is kept', () => {
  project.write('pipeline.yaml', pipeline('symlink'));
  run();
  unlinkSync(at('results'));
  project.write('results/mine.txt', 'mine');
  const output = run();
  const kept = /kept in (\S+)/.exec(output)?.[1] ?? '';
  expect(project.read(kept)).toBe('mine');
  expect(project.read('results/sub/f.txt')).toBe('1\n');
});

test('an object that was written through a hard link is never used again', () => {
  project.write('pipeline.yaml', pipeline('hardlink'));
  run();
  chmodSync(at('results/sub/f.txt'), 0o644);
  project.write('results/sub/f.txt', 'evil\n');
  project.write('pipeline.yaml', pipeline('hardlink').replace('cat ', 'cat  '));
  run();
  expect(project.read('cache/cells/b/f.txt')).toBe('1\n');
  expect(project.read('results/sub/f.txt')).toBe('1\n');
});

test('an out takes the disk once', (context) => {
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  a: {cmd: "head -c 30000000 /dev/urandom > \${outs.f}", outs: {f: {path: f.bin, place: results/f.bin}}}
  b: {cmd: "wc -c < \${deps.f} > \${outs.n}", deps: {f: a.f}, outs: {n: n.txt}}
`,
  );
  run();
  const reflink = spawnSync('cp', ['--reflink=always', at('results/f.bin'), at('copy.bin')]);
  rmSync(at('copy.bin'), { force: true });
  if (reflink.status === 0)
    return context.skip('the file system has reflinks: `du` counts more than once what the disk holds once');
  const kib = Number(execFileSync('du', ['-sk', project.dir], { encoding: 'utf8' }).split('\t')[0]);
  expect(kib).toBeLessThan(32_000);
});

test('an edit in a folder out puts back what differs and does not touch the other files, at its place neither', () => {
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  a:
    cmd: "mkdir -p \${outs.d}/x; for i in 1 2 3; do echo $i > \${outs.d}/x/$i.txt; done; ln -s 1.txt \${outs.d}/x/l; chmod +x \${outs.d}/x/3.txt"
    outs: {d: {path: d, place: res}}
`,
  );
  run();
  const roots = ['cache/cells/a/d', 'res'];
  const files = roots.flatMap((root) => [1, 3].map((i) => `${root}/x/${i}.txt`));
  const stats = () => files.map((file) => [file, statSync(at(file)).ino, statSync(at(file)).ctimeMs]);
  const before = stats();
  for (const root of roots) {
    project.write(`${root}/x/2.txt`, `edited in ${root}\n`);
    rmSync(at(`${root}/x/l`));
    project.write(`${root}/x/mine.txt`, 'mine\n');
  }
  expect(run()).toContain('0 done');
  for (const root of roots) {
    expect(project.read(`${root}/x/2.txt`)).toBe('2\n');
    expect(project.read(`${root}/x/l`)).toBe('1\n');
    expect(project.has(`${root}/x/mine.txt`)).toBe(false);
  }
  expect(stats()).toEqual(before);
  const kept = spawnSync('grep', ['-rhE', 'edited|mine', at('cache/quarantine')], {
    encoding: 'utf8',
  }).stdout;
  expect(kept.trim().split('\n').sort()).toEqual([
    'edited in cache/cells/a/d',
    'edited in res',
    'mine',
    'mine',
  ]);
  expect(project.pipe('status', '--check').code).toBe(0);
  // Only the mode of a file, and a folder that is gone.
  chmodSync(at('cache/cells/a/d/x/3.txt'), 0o644);
  rmSync(at('res/x'), { recursive: true });
  run();
  expect(statSync(at('cache/cells/a/d/x/3.txt')).mode & 0o111).toBe(0o111);
  expect(statSync(at('res/x/3.txt')).mode & 0o111).toBe(0o111);
});
