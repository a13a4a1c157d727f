/** A run that was taken for dead and comes back. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layoutOf } from '../../../src/pipe/store/layout.ts';
import { tryLock } from '../../../src/pipe/store/lock.ts';
import { CellsProject } from '../../kit/cells.ts';

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
  project.write('pipeline.yaml', "version: 1\nstages:\n  a: {cmd: 'echo a > ${outs.o}', outs: {o: o.txt}}\n");
});
afterEach(() => project.remove());

test('whoever lost its lock publishes nothing, and leaves what the new owner staged', async () => {
  const { locks } = layoutOf(project.dir);
  const run = await project.run({
    during: () => {
      const [owner = ''] = readdirSync(join(locks, 'a'));
      rmSync(join(locks, 'a', owner));
      expect(tryLock(locks, 'a', 'successor')?.held()).toBe(true);
      project.write('cache/staging/a/successor/outs/o.txt', 'half');
    },
  });
  expect(run.fates.get('a')).toBe('lock-lost');
  expect(project.read('cache/staging/a/successor/outs/o.txt')).toBe('half');
  expect(readdirSync(join(project.dir, 'cache/staging/a'))).toEqual(['successor']);
  expect(project.has('cache/cells/a')).toBe(false);
  expect(project.has('cache/manifests')).toBe(false);
});
