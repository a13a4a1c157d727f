/** `npm run data`: how data/ is filled with links to what lies elsewhere on the machine. */
import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Folder } from './kit/folder.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
let folder: Folder;
beforeEach(() => {
  folder = new Folder();
  folder.write('project/scripts/data.mjs', readFileSync(join(root, 'scripts/data.mjs')));
  folder.write('project/data/README.md', '');
  folder.write('disk/nb201/nb201_compact.csv', 'ops');
  folder.write('disk/cifar10/data_batch_1.bin', 'images');
});
afterEach(() => folder.remove());

function data(...folders: readonly string[]) {
  return spawnSync(process.execPath, ['project/scripts/data.mjs', ...folders], {
    cwd: folder.dir,
    encoding: 'utf8',
  });
}

test('data/ gets a link to each known file or folder that is found, and the rest is named', () => {
  const { status, stdout } = data('disk');
  expect(status).toBe(0);
  expect(folder.read('project/data/nb201_compact.csv')).toBe('ops');
  expect(folder.read('project/data/cifar-10-batches-bin/data_batch_1.bin')).toBe('images');
  expect(stdout).toContain('data/NATS-tss-v1_0-3ffb9-simple: not there');
});

test('what the user has put into data/ stays; a link is replaced by a newer one', () => {
  folder.write('project/data/nb201_compact.csv', 'my own');
  folder.write('other/data_batch_1.bin', 'more images');
  data('disk');
  data('other');
  expect(folder.read('project/data/nb201_compact.csv')).toBe('my own');
  expect(lstatSync(join(folder.dir, 'project/data/nb201_compact.csv')).isSymbolicLink()).toBe(false);
  expect(realpathSync(join(folder.dir, 'project/data/cifar-10-batches-bin'))).toBe(
    realpathSync(join(folder.dir, 'other')),
  );
});

test('a folder that does not exist is an error with a next step', () => {
  const { status, stderr } = data('nowhere');
  expect(status).toBe(2);
  expect(stderr).toMatch(/no such folder: .*nowhere\nGive folders/);
});
