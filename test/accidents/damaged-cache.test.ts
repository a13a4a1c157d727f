/** Something else stands where the cache wants to write: it is kept, it is said, and the run goes on. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
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
  project.write('pipeline.yaml', "version: 1\nstages:\n  a: {cmd: 'echo a > ${outs.o}', outs: {o: o.txt}}\n");
});
afterEach(() => project.remove());

const manifest = () => {
  const [folder = ''] = readdirSync(join(project.dir, 'cache/manifests'));
  const [file = ''] = readdirSync(join(project.dir, 'cache/manifests', folder));
  return { folder: `cache/manifests/${folder}`, file: `cache/manifests/${folder}/${file}` };
};
const kept = (text: string) =>
  readdirSync(join(project.dir, 'cache/quarantine'), { recursive: true, withFileTypes: true }).some(
    (one) =>
      one.isFile() && project.read(join(one.parentPath, one.name).slice(project.dir.length + 1)) === text,
  );

test.each(['state', 'manifest'])('a folder where a %s belongs is moved to quarantine, and said', (what) => {
  expect(project.pipe('run').code).toBe(0);
  const path = what === 'state' ? 'cache/state/a.json' : manifest().file;
  rmSync(join(project.dir, path));
  if (what === 'manifest') rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  project.write(`${path}/mine.txt`, 'mine');
  const { code, stderr } = project.pipe('run');
  expect(stderr).toMatch(/moved to (cache\/)?quarantine/);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code).toBe(0);
  expect(kept('mine')).toBe(true);
  expect(project.pipe('status', '--check').code).toBe(0);
});

test.each(['cache/state', 'cache/manifests', 'cache/locks/a', 'cache/objects', 'cache/manifests/XX'])(
  'a file where the folder %s belongs is kept aside, and the run goes on',
  (path) => {
    expect(project.pipe('run').code).toBe(0);
    const at = path.replace('cache/manifests/XX', manifest().folder);
    rmSync(join(project.dir, at), { recursive: true, force: true });
    rmSync(join(project.dir, 'cache/cells'), { recursive: true });
    project.write(at, 'mine');
    const { code, stderr } = project.pipe('run');
    expect(stderr).not.toMatch(/^ +at /m);
    expect(code).toBe(0);
    expect(project.read('cache/cells/a/o.txt')).toBe('a\n');
    if (path !== 'cache/locks/a') expect(kept('mine')).toBe(true);
    else
      expect(
        readdirSync(join(project.dir, 'cache/locks')).filter((name) => name.startsWith('.stray-a-')),
      ).toHaveLength(1);
    expect(project.pipe('cache', 'verify').code).toBe(0);
    expect(project.pipe('cache', 'gc', '--yes').code).toBe(0);
  },
);

test('a folder where an object belongs is kept aside, and the object is stored', () => {
  expect(project.pipe('run').code).toBe(0);
  for (const folder of readdirSync(join(project.dir, 'cache/objects')).filter(
    (name) => !name.startsWith('.'),
  ))
    for (const name of readdirSync(join(project.dir, 'cache/objects', folder))) {
      rmSync(join(project.dir, 'cache/objects', folder, name));
      mkdirSync(join(project.dir, 'cache/objects', folder, name));
    }
  const { code, stderr } = project.pipe('run', '--force');
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code).toBe(0);
  expect(project.pipe('cache', 'verify').code).toBe(0);
});
