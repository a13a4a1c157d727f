/** A cell from its lock to its published outs: what must not happen on the way. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256Of } from '../../../src/lib/sha256.ts';
import { storedManifests, storedObjects } from '../../../src/pipe/store/contents.ts';
import { layoutOf, manifestFile } from '../../../src/pipe/store/layout.ts';
import { readManifest } from '../../../src/pipe/store/records.ts';
import { CellsProject } from '../../kit/cells.ts';

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
});
afterEach(() => project.remove());

const pipeline = (cmd: string, more = '') => `version: 1
stages:
  a: {cmd: ${JSON.stringify(cmd)}, outs: {out: out}${more}}
`;

test('a run that lost its lock publishes nothing, and leaves alone what the other one staged', async () => {
  project.write('pipeline.yaml', pipeline('echo made > ${outs.out}'));
  const lock = join(project.dir, 'cache/locks/a');
  const theirs = join(project.dir, 'cache/staging/a/other-run/outs/out');
  const run = await project.run({
    during: () => {
      const [owner = ''] = readdirSync(lock);
      renameSync(join(lock, owner), join(lock, 'elsewhere+boot+1+1+other+ffffffff'));
      mkdirSync(dirname(theirs), { recursive: true });
      writeFileSync(theirs, 'of the other run');
    },
  });
  expect(run.fates.get('a')).toBe('lock-lost');
  expect([...storedManifests(layoutOf(project.dir))]).toEqual([]);
  expect(existsSync(join(project.dir, 'cache/cells/a'))).toBe(false);
  expect(readFileSync(theirs, 'utf8')).toBe('of the other run');
});

test('a manifest whose fingerprint is not that of its key is not believed', async () => {
  project.write('pipeline.yaml', pipeline('echo made > ${outs.out}'));
  await project.run();
  const layout = layoutOf(project.dir);
  const [manifest] = [...storedManifests(layout)];
  const key = manifest!.name;
  const [head = '', fingerprint = ''] = readFileSync(manifestFile(layout, key), 'utf8').split('\n');
  const body = `${head}\n${fingerprint.replace('echo made', 'echo evil')}\n`;
  writeFileSync(manifestFile(layout, key), `${body}${sha256Of(body)}\n`);
  expect(readManifest(layout, key)).toBe('damaged');
});

test('a damaged object is not put in place, even when its size is right', async () => {
  project.write('pipeline.yaml', pipeline('echo made > ${outs.out}'));
  await project.run();
  for (const { file } of storedObjects(layoutOf(project.dir))) {
    chmodSync(file, 0o644);
    writeFileSync(file, 'evil\n');
  }
  renameSync(join(project.dir, 'cache/cells'), join(project.dir, 'gone'));
  const run = await project.run();
  expect(run.ran).toEqual(['a']);
  expect(project.read('cache/cells/a/out')).toBe('made\n');
});

test('an out that only its owner may read stays so, in the store and where it is put back', async () => {
  project.write('pipeline.yaml', pipeline('echo secret > ${outs.out}; chmod 600 ${outs.out}'));
  await project.run();
  const out = join(project.dir, 'cache/cells/a/out');
  expect(statSync(out).mode & 0o777).toBe(0o600);
  for (const { file } of storedObjects(layoutOf(project.dir)))
    expect(statSync(file).mode & 0o777).toBe(0o400);
  renameSync(join(project.dir, 'cache/cells'), join(project.dir, 'gone'));
  expect((await project.run()).fates.get('a')).toBe('restored');
  expect(statSync(out).mode & 0o777).toBe(0o600);
});

test('a folder that the stage made read-only is published and can be replaced', async () => {
  project.write(
    'pipeline.yaml',
    pipeline('mkdir -p ${outs.out}/sub; echo 1 > ${outs.out}/sub/f; chmod -R a-w ${outs.out}'),
  );
  expect((await project.run()).ran).toEqual(['a']);
  project.write(
    'pipeline.yaml',
    pipeline('mkdir -p ${outs.out}/sub; echo 2 > ${outs.out}/sub/f; chmod -R a-w ${outs.out}'),
  );
  expect((await project.run()).ran).toEqual(['a']);
  expect(project.read('cache/cells/a/out/sub/f')).toBe('2\n');
});

test('an out with a path longer than the system takes is refused in words, and cleared away', async () => {
  const deep =
    'mkdir ${outs.out}; cd ${outs.out}; for i in $(seq 30); do mkdir $(printf "d%.0s" $(seq 200)); cd d*; done; touch x';
  project.write('pipeline.yaml', pipeline(deep));
  const run = await project.run();
  expect(run.fates.get('a')).toBe('out-refused');
  expect(existsSync(join(project.dir, 'cache/staging/a'))).toBe(false);
});

test('a large out takes the disk once, and editing it in place is refused', async () => {
  project.write('pipeline.yaml', pipeline('head -c 2000000 /dev/zero > ${outs.out}'));
  await project.run();
  const [object] = [...storedObjects(layoutOf(project.dir))];
  const [stored, shown] = [statSync(object!.file), statSync(join(project.dir, 'cache/cells/a/out'))];
  // A reflink where the file system has them: then each has an inode, and the disk still holds it once.
  if (shown.ino === stored.ino) expect(shown.mode & 0o222).toBe(0);
  else expect(shown.mode & 0o200).toBe(0o200);
});
