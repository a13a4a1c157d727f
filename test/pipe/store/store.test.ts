/**
 * What happens to the store: garbage collection, verification, damage, hostile entries.
 * Long because it has a test per rule on the store.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sha256 } from '../../../src/lib/sha256.ts';
import { sha256Of } from '../../../src/lib/sha256.ts';
import { decodeListing, ListingError } from '../../../src/pipe/digest/listing.ts';
import type { Key } from '../../../src/pipe/key/fingerprint.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';
import { storedManifests, storedObjects } from '../../../src/pipe/store/contents.ts';
import { cacheUsage } from '../../../src/pipe/store/disk-usage.ts';
import { expected, sweep } from '../../../src/pipe/store/gc.ts';
import { mark } from '../../../src/pipe/store/gc-mark.ts';
import { layoutOf, manifestFile, objectFile } from '../../../src/pipe/store/layout.ts';
import { readManifest } from '../../../src/pipe/store/records.ts';
import { verifyCache } from '../../../src/pipe/store/verify.ts';
import { CellsProject } from '../../kit/cells.ts';
import { numbersOf } from '../../kit/numbers.ts';

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
});
afterEach(() => project.remove());

const pipeline = (count: number, more = '') => `
version: 1
params: {word: one}
axes: {i: [${Array.from({ length: count }, (_, i) => i).join(', ')}]}
stages:
  one:
    cmd: 'echo "$WORD ${'${i}'}" > \${outs.file}; mkdir -p \${outs.folder}/sub; echo ${'${i}'} > \${outs.folder}/sub/b; echo same > \${outs.folder}/a'
    matrix: [i]
    env: {WORD: "\${params.word}"}
    outs: {file: file.txt, folder: folder}
${more}
`;

test('flip one random bit in 200 objects and manifests: each is found by verify, none is restored', async () => {
  project.write('pipeline.yaml', pipeline(70));
  await project.run();
  const good = project.snapshot();
  const layout = layoutOf(project.dir);
  const files = [...storedObjects(layout), ...storedManifests(layout)].map(({ file }) => file);
  expect(files.length).toBeGreaterThan(200);
  const random = numbersOf(7);
  const flipped = new Set<string>();
  while (flipped.size < 200) {
    const file = files[random(files.length)] ?? '';
    if (flipped.has(file)) continue;
    const bytes = readFileSync(file);
    const bit = random(bytes.length * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    chmodSync(file, 0o644);
    writeFileSync(file, bytes);
    flipped.add(file);
  }
  // Restored from the damaged cache, every cell has its right bytes: bad entries are misses, and run again.
  rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  rmSync(join(project.dir, 'cache/state'), { recursive: true });
  const copy = new CellsProject();
  try {
    copy.write('pipeline.yaml', pipeline(70));
    for (const file of files) copy.write(file.slice(project.dir.length + 1), readFileSync(file));
    const run = await copy.run();
    expect([...run.fates.values()].every((fate) => fate === 'ran' || fate === 'restored')).toBe(true);
    expect(run.warnings.length).toBeGreaterThan(0);
    expect(copy.snapshot()).toEqual(good);
    expect((await verifyCache(copy.dir)).bad.filter(({ path }) => path.includes('manifests'))).toEqual([]);
  } finally {
    copy.remove();
  }
  const verdict = await verifyCache(project.dir);
  const found = new Set(verdict.bad.map(({ path }) => join(project.dir, path)));
  expect([...flipped].filter((file) => !found.has(file))).toEqual([]);
  expect((await verifyCache(project.dir)).bad).toEqual([]);
});

test('a cache entry with a file deleted is no hit', async () => {
  project.write('pipeline.yaml', pipeline(1));
  await project.run();
  const good = project.snapshot();
  for (const { file } of storedObjects(layoutOf(project.dir))) {
    if (readFileSync(file, 'utf8') === 'same\n') rmSync(file);
  }
  rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  const run = await project.run();
  expect(run.ran).toEqual(['one[0]']);
  expect(run.warnings[0]).toContain('quarantine');
  expect(project.snapshot()).toEqual(good);
});

test('a manifest whose object is gone: the cell runs, and says why it was not restored', async () => {
  project.write('pipeline.yaml', pipeline(1));
  await project.run();
  for (const { file } of storedObjects(layoutOf(project.dir))) rmSync(file);
  rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  const run = await project.run();
  expect(run.ran).toEqual(['one[0]']);
  expect(run.warnings[0]).toContain('quarantine');
});

test('an object that is damaged is healed when its content is made again', async () => {
  project.write('pipeline.yaml', pipeline(1));
  await project.run();
  for (const { file } of storedObjects(layoutOf(project.dir))) {
    chmodSync(file, 0o644);
    writeFileSync(file, 'x'.repeat(statSync(file).size));
  }
  await project.run({ begin: { force: true } });
  expect((await verifyCache(project.dir)).bad).toEqual([]);
});

describe('gc', () => {
  const gc = async (options: { dryRun?: boolean; keepRuns?: number } = {}) => {
    const graph = project.graph();
    const workspace = project.workspace({ graph });
    const status = await workspace.status();
    const keys = new Set([...status.values()].flatMap((one) => ('key' in one && one.key ? [one.key] : [])));
    const gcOptions = {
      project: project.dir,
      reach: { cells: new Set(graph.cells.keys()), keys, unknown: new Set<CellId>() },
      checkpoints: workspace.checkpoints(),
      keepDays: 0,
      keepRuns: options.keepRuns ?? 0,
      now: Date.now(),
    };
    await workspace.close();
    const marked = mark(gcOptions);
    const dry = { ...expected(marked), setAside: [] as readonly string[] };
    return { removed: options.dryRun === true ? dry : await sweep(marked, gcOptions) };
  };

  test('keeps what the pipeline needs, removes what it does not; a dry run only says so', async () => {
    project.write('pipeline.yaml', pipeline(3));
    await project.run();
    project.write('pipeline.yaml', pipeline(2).replace('word: one', 'word: two'));
    await project.run();
    const before = [...storedObjects(layoutOf(project.dir))].length;
    const dry = await gc({ dryRun: true });
    expect([...storedObjects(layoutOf(project.dir))]).toHaveLength(before);
    const result = await gc();
    expect(result).toEqual(dry);
    expect(result.removed).toMatchObject({ manifests: 3, cells: ['one[2]'] });
    expect(existsSync(join(project.dir, 'cache/cells/one@2'))).toBe(false);
    const now = project.snapshot();
    rmSync(join(project.dir, 'cache/cells'), { recursive: true });
    expect((await project.run()).ran).toEqual([]);
    expect(project.snapshot()).toEqual(now);
    expect((await verifyCache(project.dir)).bad).toEqual([]);
    expect((await gc()).removed).toMatchObject({ manifests: 0, objects: 0 });
  });

  test('keeps what the last runs and pinned runs used', async () => {
    project.write('pipeline.yaml', pipeline(1));
    await project.run();
    const layout = layoutOf(project.dir);
    const [first] = [...storedManifests(layout)];
    project.write(
      'cache/runs/20260101-000000-aaaa/events.jsonl',
      `{"type":"cell-finished","key":"${first?.name}"}\n`,
    );
    project.write('cache/runs/20260102-000000-bbbb/events.jsonl', '{"type":"run-started"}\n');
    project.write('pipeline.yaml', pipeline(1).replace('word: one', 'word: two'));
    await project.run();
    expect((await gc({ keepRuns: 2, dryRun: true })).removed.manifests).toBe(0);
    expect((await gc({ keepRuns: 1, dryRun: true })).removed.manifests).toBe(1);
    project.write('cache/runs/20260101-000000-aaaa/pinned', '');
    expect((await gc({ keepRuns: 1 })).removed.manifests).toBe(0);
  });

  test('beside a run that is publishing, what the run has stored stays', async () => {
    project.write('pipeline.yaml', pipeline(2));
    await project.run();
    project.write('pipeline.yaml', pipeline(2).replace('word: one', 'word: two'));
    const run = await project.run({
      during: async () => {
        await gc();
      },
    });
    expect(run.ran).toHaveLength(2);
    expect((await verifyCache(project.dir)).bad).toEqual([]);
    rmSync(join(project.dir, 'cache/cells'), { recursive: true });
    expect((await project.run()).ran).toEqual([]);
  });

  test('checkpoints of this pipeline stay, others go', async () => {
    const more = `
  train:
    cmd: echo \${params.epochs} > \${outs.out}
    params: {epochs: 1}
    checkpoint: {excluding: [epochs]}
    outs: {out: out.txt}
`;
    project.write('pipeline.yaml', pipeline(1, more.replace('${params.epochs}', 'x')));
    await project.run();
    mkdirSync(join(project.dir, 'cache/checkpoints', 'f'.repeat(64)));
    expect(readdirSync(join(project.dir, 'cache/checkpoints'))).toHaveLength(2);
    project.write(
      'pipeline.yaml',
      pipeline(1, more.replace('${params.epochs}', 'x').replace('epochs: 1', 'epochs: 2')),
    );
    expect((await gc()).removed.checkpoints).toBe(1);
    expect(readdirSync(join(project.dir, 'cache/checkpoints'))).toHaveLength(1);
  });
});

test('usage is told by stage', async () => {
  project.write('pipeline.yaml', pipeline(3));
  await project.run();
  const usage = cacheUsage(project.dir);
  expect(usage.stages).toMatchObject([{ stage: 'one', entries: 3, cells: 3 }]);
  expect(usage.unusedBytes).toBe(0);
  expect(usage.stages[0]?.bytes).toBe(usage.bytes);
});

describe('a hostile entry is refused and writes nothing outside', () => {
  const first = () => {
    const [manifest] = [...storedManifests(layoutOf(project.dir))];
    return manifest?.name ?? ('' as Key);
  };
  const rewrite = (change: (head: { outs: Record<string, Record<string, unknown>> }) => void) => {
    const file = manifestFile(layoutOf(project.dir), first());
    const [head = '', fingerprint = ''] = readFileSync(file, 'utf8').split('\n');
    const parsed: { outs: Record<string, Record<string, unknown>> } = JSON.parse(head);
    change(parsed);
    const body = `${JSON.stringify(parsed)}\n${fingerprint}\n`;
    writeFileSync(file, `${body}${sha256Of(body)}\n`);
  };
  const cases: Record<string, Record<string, unknown>> = {
    'an absolute path': { path: '/tmp/pipe-hostile' },
    'a path with ..': { path: '../../hostile' },
    'a path with .. in the middle': { path: 'a/../../../hostile' },
    'a path that goes in and climbs out': { path: 'a/../..' },
    'an empty name in a path': { path: 'a//b' },
    'a NUL in a path': { path: 'a\0b' },
    'a size of 2^60': { size: 2 ** 60 },
    'a negative size': { size: -1 },
    'a size that is no number': { size: '5' },
    'a digest that is a path': { object: '../../../etc/hostname', sha256: '../../../etc/hostname' },
    'another declared path than the fingerprint has': { path: 'elsewhere.txt' },
  };
  for (const [name, change] of Object.entries(cases)) {
    test(name, async () => {
      project.write('pipeline.yaml', pipeline(1));
      await project.run();
      const good = project.snapshot();
      rewrite((head) => Object.assign(head.outs.file ?? {}, change));
      expect(readManifest(layoutOf(project.dir), first())).toBe('damaged');
      rmSync(join(project.dir, 'cache/cells'), { recursive: true });
      expect((await project.run()).ran).toEqual(['one[0]']);
      expect(project.snapshot()).toEqual(good);
      expect(existsSync('/tmp/pipe-hostile')).toBe(false);
    });
  }

  const listings: Record<string, string> = {
    'a file that climbs out': '["f","../x",1,"SHA"]',
    'an absolute file': '["f","/x",1,"SHA"]',
    'a link that climbs out': '["l","x","../../etc"]',
    'a link that goes in and climbs out': '["l","x","a/../../etc"]',
    'an absolute link': '["l","x","/etc"]',
    'a file below a link': '["l","x","."]\n["f","x/y",1,"SHA"]',
    'a file below a file': '["f","x",1,"SHA"]\n["f","x/y",1,"SHA"]',
    'a name twice': '["d","x"]\n["d","x"]',
    'a size of 2^60': '["f","x",1152921504606846976,"SHA"]',
    'an unknown kind': '["b","x"]',
    'no JSON': 'hello',
  };
  for (const [name, lines] of Object.entries(listings)) {
    test(`in a listing: ${name}`, async () => {
      const text = `pipe-listing 1\n${lines.replaceAll('SHA', 'a'.repeat(64))}\n`;
      expect(() => decodeListing(text)).toThrow(ListingError);
      project.write('pipeline.yaml', pipeline(1));
      await project.run();
      const good = project.snapshot();
      const layout = layoutOf(project.dir);
      const object: Sha256 = sha256Of(text);
      mkdirSync(join(layout.objects, object.slice(0, 2)), { recursive: true });
      writeFileSync(objectFile(layout, object), text);
      rewrite((head) => Object.assign(head.outs.folder ?? {}, { object, sha256: object }));
      rmSync(join(project.dir, 'cache/cells'), { recursive: true });
      const run = await project.run();
      expect(run.ran).toEqual(['one[0]']);
      expect(run.warnings[0]).toContain('quarantine');
      expect(project.snapshot()).toEqual(good);
    });
  }

  test('an object that is a link is not followed', async () => {
    project.write('pipeline.yaml', pipeline(1));
    await project.run();
    for (const { file } of storedObjects(layoutOf(project.dir))) {
      rmSync(file);
      symlinkSync('/etc/hostname', file);
    }
    rmSync(join(project.dir, 'cache/cells'), { recursive: true });
    expect((await project.run()).ran).toEqual(['one[0]']);
  });

  test('a place that leads out of the project through a link is not written', async () => {
    const outside = new CellsProject();
    try {
      project.write(
        'pipeline.yaml',
        pipeline(1).replace('folder: folder}', 'folder: {path: folder, place: "out/placed-${i}"}}'),
      );
      symlinkSync(outside.dir, join(project.dir, 'out'));
      const run = await project.run();
      expect(run.warnings[0]).toContain('leads out of the project');
      expect(readdirSync(outside.dir)).toEqual([]);
    } finally {
      outside.remove();
    }
  });
});
