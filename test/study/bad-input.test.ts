/** What a user can get wrong with the study's own pipeline and data: a place, a next step, the exit code, nothing lost. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { StudyProject, tiny } from '../kit/study.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: StudyProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new StudyProject(pipe.file);
});
afterEach(() => project.remove());

test.each([
  [
    'a typo in a key',
    'deps: { raw: "${params.source.bench}" }',
    'dpes: { raw: "${params.source.bench}" }',
    0,
    /did you mean `deps`/,
  ],
  ['an unknown dep', 'weights: train.weights', 'weights: trian.weights', 9, /did you mean `train.weights`/],
  ['an unknown out', 'weights: train.weights', 'weights: train.wieghts', 9, /did you mean `train.weights`/],
  [
    'a wrong axis',
    'axes: [size, space, method, seed]',
    'axes: [size, space, method, sede]',
    28,
    /did you mean `seed`/,
  ],
  [
    'a wrong value of an axis',
    'method: [lt-skip, lt-skip-pool]',
    'method: [lt-skp, lt-skip-pool]',
    9,
    /did you mean `lt-skip`/,
  ],
  ['a duplicate out', 'tops: { path: tops.json', 'tops: { path: ranking.json', 0, /out `ranking`/],
  [
    'a missing module',
    'run: stages/train.ts',
    'run: stages/trian.ts',
    5,
    /`stages\/trian.ts` does not exist/,
  ],
])('%s: its place and a next step, exit 2, nothing runs', (_, from, to, offset, words) => {
  const [line, column] = project.replace('pipeline.yaml', from, to).split(':').map(Number);
  const { code, stdout, stderr } = project.pipe('run');
  expect(stderr).toContain(`pipeline.yaml:${line}:${column! + offset}: error: `);
  expect(stderr).toMatch(words);
  expect([code, stdout, project.list('cache/cells'), project.list('reports')]).toEqual([2, '', [], []]);
});

test('a missing file: a warning with its place, and what does not read it runs', () => {
  const [line, column] = project
    .replace('pipeline.yaml', 'claims: ./claims.yaml', 'claims: ./clams.yaml')
    .split(':')
    .map(Number);
  const { code, stderr } = project.pipe('run', 'compact-bench');
  expect(stderr).toContain(`pipeline.yaml:${line}:${column! + 8}: warning: \`clams.yaml\` does not exist`);
  expect([code, project.list('cache/cells')]).toEqual([0, ['compact-bench']]);
});

test('a cycle: the stages in their order, exit 2, nothing runs', () => {
  project.replace(
    'pipeline.yaml',
    'deps: { raw: "${params.source.bench}" }',
    'deps: { raw: "${params.source.bench}", s: aggregate.summary }',
  );
  const { code, stderr } = project.pipe('run');
  expect(stderr).toMatch(/^pipeline\.yaml:\d+:\d+: error: .*compact-bench → aggregate → .*compact-bench/m);
  expect([code, project.list('cache/cells')]).toEqual([2, []]);
});

test.each([
  [
    'no number',
    (row: string) => row.replace(/,[^,]*$/, ',abc'),
    /params is 'abc'; it must be a whole number/,
  ],
  [
    'a field too few',
    (row: string) => row.replace(/,[^,]*$/, ''),
    /8 fields where the header has 9; is the file cut off/,
  ],
  [
    'no architecture',
    (row: string) => row.replace(/^(\d+),\d+/, '$1,019999'),
    /'019999' is neither six digits/,
  ],
  [
    'an accuracy of 101',
    (row: string) => row.replace(/,[^,]*(,[^,]*)$/, ',101$1'),
    /accuracy is '101'; .* from 0 to 100/,
  ],
])('a row of the CSV with %s: file and line, exit 1, what was made before stays', (_, spoil, words) => {
  expect(project.ran('compact-bench')).toEqual(['compact-bench']);
  const made = project.read('cache/cells/compact-bench/bench.arrow');
  const whole = project.read('data/micro-bench.csv');
  project.write(
    'data/micro-bench.csv',
    whole
      .split('\n')
      .map((row, i) => (i === 6 ? spoil(row) : row))
      .join('\n'),
  );
  const { code, stderr } = project.pipe('run', 'compact-bench');
  expect(stderr).toMatch(/micro-bench\.csv:7: /);
  expect(stderr).toMatch(words);
  expect(code).toBe(1);
  expect(project.read('cache/cells/compact-bench/bench.arrow')).toBe(made);
  expect(project.list('cache/staging')).toEqual([]);
  project.write('data/micro-bench.csv', whole);
  expect(project.ran('compact-bench')).toEqual([]);
});

test('a param of another type than its default: the place in --set, exit 2, nothing runs', () => {
  const { code, stderr } = project.pipe('run', ...tiny, '--set', 'train.lr=fast');
  expect(stderr).toMatch(/^--set:\d+:10: error: param `train\.lr` is a number, not text/m);
  expect([code, project.list('cache/cells')]).toEqual([2, []]);
});

test('a param out of its range: its path and a next step, exit 1', () => {
  const { code, stderr } = project.pipe(
    'run',
    'train[S,all,baseline,0]',
    ...tiny,
    '--set',
    'train.momentum=2',
  );
  expect(stderr).toMatch(/params: train\.momentum: Too big: expected number to be <1/);
  expect(stderr).toMatch(/set it in pipeline\.yaml, a profile or with --set/);
  expect(stderr).not.toMatch(/ZodError/);
  expect([code, project.list('cache/staging')]).toEqual([1, []]);
});

describe('CIFAR-10', () => {
  const cell = 'train[S,all,baseline,0]';
  const run = () => project.pipe('run', cell, '--profile', 'cifar10', ...tiny);
  /** Whole records of one label each, the pixels a pattern. */
  const batch = Uint8Array.from({ length: 700 * 3073 }, (_, i) =>
    i % 3073 === 0 ? Math.floor(i / 3073) % 10 : (i * 7919) % 251,
  );

  test('a truncated batch: file, record and a next step, exit 1; the whole one then trains', () => {
    project.write('data/cifar-10-batches-bin/data_batch_1.bin', batch.slice(0, 90 * 3073 + 10));
    const cut = run();
    expect(cut.stderr).toMatch(/data_batch_1\.bin, record 90: ends after 10 of 3073 bytes/);
    expect(cut.stderr).toMatch(/fetch it again/);
    expect([cut.code, project.list('cache/cells'), project.list('cache/staging')]).toEqual([1, [], []]);
    project.write('data/cifar-10-batches-bin/data_batch_1.bin', batch);
    expect(run().code).toBe(0);
    expect(project.list('cache/cells')).toHaveLength(1);
  }, 120_000);

  test('a label that is none: file and record, exit 1', () => {
    project.write('data/cifar-10-batches-bin/data_batch_1.bin', batch.with(2 * 3073, 12));
    const { code, stderr } = run();
    expect(stderr).toMatch(/data_batch_1\.bin, record 2: label 12 is not in 0–9/);
    expect([code, project.list('cache/cells')]).toEqual([1, []]);
  });

  test('another checksum: both digests, the place in the pipeline file and a next step, exit 1', () => {
    project.replace(
      'pipeline.yaml',
      'paths: [data/cifar-10-batches-bin]',
      `paths: [{ path: ../elsewhere/cifar10, sha256: { data_batch_1.bin: ${'a'.repeat(64)} } }]`,
    );
    project.write('../elsewhere/cifar10/data_batch_1.bin', batch);
    const { code, stderr } = run();
    expect(stderr).toMatch(/pipeline\.yaml:\d+:\d+: source cifar10: /);
    expect(stderr).toContain(createHash('sha256').update(batch).digest('hex'));
    expect(stderr).toMatch(/→ the file is damaged or another version: replace it/);
    expect([code, project.list('cache/cells')]).toEqual([1, []]);
  });
});
