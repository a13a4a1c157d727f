/**
 * What a user writes while outs are being replaced is kept: also what comes after the last look at what was there. The
 * moment is met by writing with every look: the last of them is the one that is acted upon.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Digests } from '../../../src/pipe/digest/digests.ts';
import type { Key } from '../../../src/pipe/key/fingerprint.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';
import { sweep } from '../../../src/pipe/store/gc.ts';
import { mark } from '../../../src/pipe/store/gc-mark.ts';
import { CellsProject } from '../../kit/cells.ts';

/** What happens when a step was reached. */
const at = vi.hoisted(() => new Map<string, () => void>());
vi.mock('../../../src/pipe/store/fault.ts', () => ({ reached: (step: string) => at.get(step)?.() }));

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
});
afterEach(() => {
  vi.restoreAllMocks();
  at.clear();
  project.remove();
});

const pipeline = `version: 1
params: {v: 1}
stages:
  a:
    cmd: "mkdir -p \${outs.d}; echo \${params.v} > \${outs.d}/f.txt; echo \${params.v} > \${outs.o}"
    outs: {d: {path: d, place: results}, o: {path: o.txt, place: o.txt}}
`;

/** `write` is called after every look at `path`, with its number. Gives how often that was. */
function afterEveryLook(path: string, write: (nth: number) => void): () => number {
  const look = Digests.prototype.lookAgain;
  const full = join(project.dir, path);
  let count = 0;
  vi.spyOn(Digests.prototype, 'lookAgain').mockImplementation(async function (this: Digests, of, ...rest) {
    const seen = await look.call(this, of, ...rest);
    if (of === full) write(++count);
    return seen;
  });
  return () => count;
}

/** The contents of all files below these folders. */
function contents(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    Object.values(project.snapshot(folder))
      .map((value) => value.replace(/^\w+ /, ''))
      .map(atob),
  );
}

const everywhere = ['results', 'cache/cells', 'cache/quarantine'];

describe.each(['cache/cells/a/d', 'results'])('in %s', (folder) => {
  beforeEach(async () => {
    project.write('pipeline.yaml', pipeline);
    await project.run();
  });

  test('a file that comes between the last look and the swap is kept, and said', async () => {
    const looks = afterEveryLook(`${folder}/f.txt`, (nth) =>
      writeFileSync(join(project.dir, folder, `late-${nth}.txt`), `late ${nth}`),
    );
    const { warnings, ran } = await project.run({ set: ['v=2'] });
    expect(ran).toEqual(['a']);
    const all = contents(...everywhere);
    expect(looks()).toBeGreaterThan(0);
    for (let nth = 1; nth <= looks(); nth++) expect(all).toContain(`late ${nth}`);
    expect(warnings.join('\n')).toContain(`late-${looks()}.txt`);
    expect(project.read(`${folder}/f.txt`)).toBe('2\n');
  });

  test('an edit between the last look and the swap is kept, and said', async () => {
    let last = '';
    afterEveryLook(`${folder}/f.txt`, (nth) => {
      last = `edit ${nth}`;
      writeFileSync(join(project.dir, folder, 'f.txt'), last);
    });
    const { warnings } = await project.run({ set: ['v=2'] });
    expect(last).not.toBe('');
    expect(contents('cache/quarantine')).toContain(last);
    expect(warnings.join('\n')).toContain(`${folder}/f.txt`);
    expect(project.read(`${folder}/f.txt`)).toBe('2\n');
  });

  test('a file that comes while an edited one is put back is kept, and said', async () => {
    project.write(`${folder}/f.txt`, 'mine');
    at.set('restore-copy', () => writeFileSync(join(project.dir, folder, 'f.txt'), 'late'));
    const { warnings } = await project.run();
    expect(contents('cache/quarantine')).toEqual(expect.arrayContaining(['mine', 'late']));
    expect(warnings.join('\n')).toContain(`${folder}/f.txt`);
    expect(project.read(`${folder}/f.txt`)).toBe('1\n');
  });

  test('what is made at the moment at which nothing is in place is kept, and said', async () => {
    at.set(folder === 'results' ? 'place-out' : 'swap-out', () => {
      at.clear();
      mkdirSync(join(project.dir, folder), { recursive: true });
      writeFileSync(join(project.dir, folder, 'late.txt'), 'late');
    });
    const { warnings } = await project.run({ set: ['v=2'] });
    expect(contents('cache/quarantine')).toContain('late');
    expect(warnings.join('\n')).toContain(`${folder}/late.txt`);
    expect(project.read(`${folder}/f.txt`)).toBe('2\n');
  });
});

test('a placed file that is edited after the last look is kept, and said', async () => {
  project.write('pipeline.yaml', pipeline);
  await project.run();
  let last = '';
  afterEveryLook('o.txt', (nth) => {
    last = `edit ${nth}`;
    writeFileSync(join(project.dir, 'o.txt'), last);
  });
  const { warnings } = await project.run({ set: ['v=2'] });
  expect(last).not.toBe('');
  expect(contents('cache/quarantine')).toContain(last);
  expect(warnings.join('\n')).toContain('o.txt');
  expect(readFileSync(join(project.dir, 'o.txt'), 'utf8')).toBe('2\n');
});

test('nothing is left in the quarantine of what the stage itself made', async () => {
  project.write('pipeline.yaml', pipeline);
  for (const v of [1, 2, 1, 3]) await project.run({ set: [`v=${v}`] });
  mkdirSync(join(project.dir, 'cache/quarantine'), { recursive: true });
  expect(readdirSync(join(project.dir, 'cache/quarantine'))).toEqual([]);
});

test('what comes to the folder of a cell that is gone after gc has looked at it is kept, and said', async () => {
  project.write('pipeline.yaml', pipeline);
  await project.run();
  const looks = afterEveryLook('cache/cells/a/d', (nth) =>
    writeFileSync(join(project.dir, 'cache/cells/a/d', `late-${nth}.txt`), `late ${nth}`),
  );
  const options = {
    project: project.dir,
    reach: { cells: new Set<CellId>(), keys: new Set<Key>(), unknown: new Set<CellId>() },
    checkpoints: null,
    keepDays: 0,
    keepRuns: 0,
    now: Date.now(),
  };
  const { cells, setAside } = await sweep(mark(options), options);
  expect(cells).toEqual(['a']);
  expect(looks()).toBe(1);
  expect(contents('cache/quarantine')).toContain('late 1');
  expect(setAside).toHaveLength(1);
});
