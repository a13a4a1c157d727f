/** The history of runs as a person and a script use it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseCsv } from '../../../src/lib/csv.ts';
import type { RunRow } from '../../../src/pipe/history/run-row.ts';
import { buildPipe, CliProject } from '../../kit/cli.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const pipeline = `version: 1
params: {gain: 1}
axes: {seed: [0, 1]}
profiles: {loud: {params: {gain: 5}}}
stages:
  measure:
    cmd: printf '{"accuracy":%s%s}' \${params.gain} \${seed} > \${outs.m}
    matrix: [seed]
    outs: {m: {path: m.json, report: metrics}}
  fail: {cmd: "[ \${params.gain} != 9 ] && echo fine > \${outs.o}", outs: {o: o}}
`;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
/** Four runs, oldest first: gain 1, 5 (a profile), 3, and 9, which fails. */
let ids: readonly string[];
beforeAll(async () => {
  pipe = await buildPipe();
  project = new CliProject(pipe.file);
  project.write('pipeline.yaml', pipeline);
  const codes = [
    project.pipe('run').code,
    project.pipe('run', '--profile', 'loud').code,
    project.pipe('run', '--set', 'gain=3').code,
    project.pipe('run', '--set', 'gain=9', '--keep-going').code,
  ];
  expect(codes).toEqual([0, 0, 0, 1]);
  ids = rows()
    .map(({ run }) => run)
    .toReversed();
});
afterAll(() => {
  project?.remove();
  pipe?.remove();
});

function rows(...args: readonly string[]): readonly RunRow[] {
  return JSON.parse(project.pipe('runs', '--json', ...args).stdout);
}

test('every run is a row: when, of what, how it went, and the mean of its metrics over cells', () => {
  expect(
    rows()
      .map(({ started, run, ...row }) => row)
      .toReversed(),
  ).toEqual([
    row({ metrics: { 'measure.accuracy': 10.5 } }),
    row({ profile: 'loud', metrics: { 'measure.accuracy': 50.5 } }),
    row({ set: ['gain=3'], metrics: { 'measure.accuracy': 30.5 } }),
    row({ set: ['gain=9'], outcome: 'failed', done: 2, failed: 1, metrics: { 'measure.accuracy': 90.5 } }),
  ]);
  function row(more: Partial<RunRow>) {
    return {
      ...{ name: null, tags: [], pinned: false, pipeline: 'pipeline.yaml', profile: null, set: [] },
      ...{ revision: null, outcome: 'done', cells: 3, done: 3, cached: 0, failed: 0, notRun: 0 },
      ...{ ms: expect.any(Number), savedMs: 0, ...more },
    };
  }
});

test('--sort orders by a metric, highest first; a run of one profile can be asked for', () => {
  const values = (...args: readonly string[]) =>
    rows(...args).map(({ metrics }) => metrics['measure.accuracy']);
  expect(values('--sort', 'accuracy')).toEqual([90.5, 50.5, 30.5, 10.5]);
  expect(values('--sort', 'measure.accuracy', '--reverse')).toEqual([10.5, 30.5, 50.5, 90.5]);
  expect(values('--profile', 'loud')).toEqual([50.5]);
  const text = project.pipe('runs', '--sort', 'accuracy').stdout.split('\n');
  expect(text[0]).toMatch(/^run +when +revision +profile +outcome +cells +cached +time +measure\.accuracy$/);
  expect(text[1]).toMatch(/ – gain=9 +1 failed +3 +0 +\S.*90\.5$/);
});

test('what cannot be sorted by, and a run that is not there, are refused with the nearest word', () => {
  expect(project.pipe('runs', '--sort', 'acuracy')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no run has a metric acuracy[\s\S]*did you mean `accuracy`/),
  });
  expect(project.pipe('runs', 'tga', 'latest', 'x').stderr).toMatch(/did you mean `tag`/);
  expect(project.pipe('show', 'nothing-like-it')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/`pipe runs`/),
  });
});

test('CSV and Parquet hold the same rows as --json', async () => {
  const { header, rows: lines } = parseCsv(project.pipe('runs', '--csv').stdout);
  const at = (name: string) => header.indexOf(name);
  expect(lines.map((line) => [line[at('run')], line[at('outcome')], line[at('measure.accuracy')]])).toEqual(
    rows().map(({ run, outcome, metrics }) => [run, outcome, String(metrics['measure.accuracy'])]),
  );
  expect(project.pipe('runs', '--parquet', 'runs.parquet').code).toBe(0);
  const { buffer, byteOffset, byteLength } = readFileSync(join(project.dir, 'runs.parquet'));
  const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  const read = await parquetReadObjects({ file });
  expect(read.map((row) => [row.run, row.profile ?? null, row['measure.accuracy'], row.done])).toEqual(
    rows().map(({ run, profile, metrics, done }) => [run, profile, metrics['measure.accuracy'], done]),
  );
});

test('a run is found by its name, its tag, the beginning of its id; a name belongs to one run', () => {
  const [first = '', second = ''] = ids;
  expect(project.pipe('runs', 'name', first, 'first-try').code).toBe(0);
  expect(project.pipe('runs', 'tag', second, 'good', 'camera-ready').stdout).toBe(
    `${second} #camera-ready #good\n`,
  );
  const shown = (word: string) => JSON.parse(project.pipe('show', word, '--json').stdout);
  expect(shown('first-try')).toMatchObject({ run: first, name: 'first-try', params: { gain: 1 } });
  expect(shown('good')).toMatchObject({ run: second, tags: ['camera-ready', 'good'], params: { gain: 5 } });
  expect(shown(first)).toMatchObject({ run: first });
  expect(project.pipe('runs', 'name', second, 'first-try')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`run ${first} is called first-try already`),
  });
  expect(project.pipe('runs', 'name', second, '../../x').code).toBe(2);
  expect(project.pipe('runs', 'untag', 'good', 'camera-ready', 'good').stdout).toBe(`${second}\n`);
});

test('show says what failed with its log, what came out of which cell, and the command that runs it again', () => {
  const { stdout } = project.pipe('show', 'latest');
  expect(stdout).toMatch(/^failed +2 done, 0 cached, 1 failed, 0 not run/m);
  expect(stdout).toMatch(/^✗ fail: .* \(log: cache\/runs\/.*log\.txt\)$/m);
  expect(stdout).toMatch(/^· accuracy +91 +measure\[1\]$/m);
  expect(stdout).toMatch(/^again +npx pipe run --set gain=9$/m);
});

test('a pinned or tagged run and its results outlive a cleaning, and what was not kept is said', () => {
  const [first = '', second = '', third = ''] = ids;
  project.pipe('runs', 'pin', first);
  project.pipe('runs', 'tag', second, 'good');
  project.edit('pipeline.yaml', (text) => text.replace('profiles: {loud: {params: {gain: 5}}}\n', ''));
  expect(project.pipe('run').code).toBe(0);
  const cleaned = project.pipe('cache', 'gc', '--keep-days', '0', '--keep-runs', '0', '--yes');
  expect(cleaned.code).toBe(0);
  const left = rows();
  expect(left.map(({ run }) => run)).toEqual(expect.arrayContaining([first, second]));
  expect(left.map(({ run }) => run)).not.toContain(third);
  expect(left.find(({ run }) => run === second)?.metrics).toEqual({ 'measure.accuracy': 50.5 });
});
