/** Rules of the store for what several do at once. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256Of } from '../../../src/lib/sha256.ts';
import { Digests } from '../../../src/pipe/digest/digests.ts';
import { storedManifests } from '../../../src/pipe/store/contents.ts';
import { sweep } from '../../../src/pipe/store/gc.ts';
import { mark } from '../../../src/pipe/store/gc-mark.ts';
import { layoutOf, objectFile } from '../../../src/pipe/store/layout.ts';
import { gateName } from '../../../src/pipe/store/live-run.ts';
import { tryLock } from '../../../src/pipe/store/lock.ts';
import type { OutRecord } from '../../../src/pipe/store/out-record.ts';
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

async function madeOuts(): Promise<Readonly<Record<string, OutRecord>>> {
  await project.run();
  const [stored] = [...storedManifests(layout())];
  const entry = stored ? readManifest(layout(), stored.name) : 'missing';
  if (typeof entry === 'string') throw new Error(entry);
  return entry.outs;
}

test('a view that was written is made again before anyone reads it', async () => {
  const { d } = await madeOuts();
  if (!d) throw new Error('no out d');
  const views = new Views(layout(), new Digests(layout().index));
  const { path } = await views.open(d);
  chmodSync(path, 0o755);
  writeFileSync(`${path}/more`, 'not of the out');
  const again = await views.open(d);
  expect(again.path).toBe(path);
  expect(existsSync(`${path}/more`)).toBe(false);
  expect(readFileSync(`${path}/b`, 'utf8')).toBe('b\n');
  expect(await views.damageOf(again)).toBeNull();
});

test('gc sweeps only when the run that enters has entered', async () => {
  const garbage = objectFile(layout(), sha256Of('garbage'));
  mkdirSync(dirname(garbage), { recursive: true });
  writeFileSync(garbage, 'garbage');
  const options = {
    project: project.dir,
    reach: { cells: new Set<never>(), keys: new Set<never>(), unknown: new Set<never>() },
    checkpoints: null,
    keepDays: 0,
    keepRuns: 0,
    now: Date.now(),
  };
  const gate = tryLock(layout().locks, gateName, 'run');
  expect(gate).not.toBeNull();
  const swept = sweep(mark(options), options);
  // Long enough for a sweep that does not wait.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(existsSync(garbage)).toBe(true);
  gate?.release();
  expect((await swept).objects).toBe(1);
  expect(existsSync(garbage)).toBe(false);
});
