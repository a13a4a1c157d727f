import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldRun, latestRun } from '../../../../src/pipe/report/model/run-record.ts';
import type { RunEvent } from '../../../../src/pipe/run/event.ts';
import { readEvents } from '../../../../src/pipe/run/read-events.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipe-runs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 12, 0, seconds)).toISOString();
const started = (more: Partial<Extract<RunEvent, { type: 'run-started' }>> = {}): RunEvent => ({
  type: 'run-started',
  time: at(0),
  run: 'r1' as never,
  pipeline: 'pipeline.yaml',
  profile: null,
  targets: [],
  version: '0.1.0',
  revision: 'abc',
  cells: ['a', 'b', 'c', 'd'].map((id) => ({ id: id as never, stage: id, axes: {} })),
  resources: { cpu: 2 },
  ...more,
});
const failure = { kind: 'exit', message: 'exit 1', hint: null, tail: ['boom'], details: null } as const;
const events: readonly RunEvent[] = [
  started(),
  {
    type: 'cell-cached',
    time: at(1),
    cell: 'a' as never,
    key: 'k-a' as never,
    how: 'restored',
    savedMs: 5000,
  },
  { type: 'cell-ready', time: at(1), cell: 'b' as never, reasons: [{ kind: 'never-ran' }], expectedMs: null },
  {
    type: 'cell-started',
    time: at(2),
    cell: 'b' as never,
    key: 'k-b' as never,
    attempt: 1,
    gpus: [1],
    pid: 7,
    log: 'b.log',
  },
  { type: 'cell-metric', time: at(3), cell: 'b' as never, name: 'loss', value: 2, step: 1 },
  { type: 'cell-metric', time: at(4), cell: 'b' as never, name: 'loss', value: 1, step: 2 },
  { type: 'cell-retry', time: at(5), cell: 'b' as never, attempt: 1, error: failure, inMs: 100 },
  {
    type: 'cell-started',
    time: at(6),
    cell: 'b' as never,
    key: 'k-b' as never,
    attempt: 2,
    gpus: [0],
    pid: 8,
    log: 'b2.log',
  },
  { type: 'cell-finished', time: at(9), cell: 'b' as never, key: 'k-b' as never, ms: 3000, outBytes: 12 },
  {
    type: 'cell-started',
    time: at(9),
    cell: 'c' as never,
    key: 'k-c' as never,
    attempt: 1,
    gpus: [],
    pid: 9,
    log: 'c.log',
  },
  { type: 'cell-failed', time: at(10), cell: 'c' as never, error: failure, ms: 1000, log: 'c.log' },
  { type: 'cell-not-run', time: at(10), cell: 'd' as never, state: 'blocked', cause: 'c' as never },
];

test('a run’s events tell what became of each cell', () => {
  const record = foldRun(events)!;
  expect(record.run.outcome).toBe('running');
  expect(record.run.ms).toBe(10_000);
  const { cells } = record;
  expect(cells.get('a')).toMatchObject({ state: 'restored', ms: 5000, startedMs: null, key: 'k-a' });
  expect(cells.get('b')).toMatchObject({
    state: 'done',
    attempts: 2,
    gpus: [0],
    startedMs: 6000,
    ms: 3000,
    outBytes: 12,
    metrics: { loss: 1 },
    reasons: [{ kind: 'never-ran' }],
  });
  expect(cells.get('c')).toMatchObject({ state: 'failed', error: { tail: ['boom'] }, log: 'c.log' });
  expect(cells.get('d')).toMatchObject({ state: 'blocked', cause: 'c' });
});

test('events cut off in the middle of a line by a crash are read up to there', async () => {
  const file = join(folder, 'events.jsonl');
  const lines = events.map((event) => JSON.stringify(event)).join('\n');
  await writeFile(file, lines.slice(0, -20));
  expect(await readEvents(file)).toEqual(events.slice(0, -1));
  expect(await readEvents(join(folder, 'none.jsonl'))).toEqual([]);
});

test('the newest run of this pipeline and profile that did something is the report’s', async () => {
  const write = async (name: string, list: readonly RunEvent[]): Promise<void> => {
    await mkdir(join(folder, name));
    await writeFile(
      join(folder, name, 'events.jsonl'),
      list.map((event) => `${JSON.stringify(event)}\n`).join(''),
    );
  };
  const idle: RunEvent = {
    type: 'run-finished',
    time: at(1),
    run: 'r3' as never,
    outcome: 'up-to-date',
    counts: {} as never,
    ms: 1,
    savedMs: 0,
    report: null,
  };
  await write('20261124-120001-aa', [started({ run: 'old' as never })]);
  await write('20261124-120002-aa', [started({ run: 'right' as never })]);
  await write('20261124-120003-aa', [started({ run: 'other profile' as never, profile: 'quick' })]);
  await write('20261124-120004-aa', [started({ run: 'idle' as never }), idle]);
  await write('20261124-120005-aa', []);
  // Two runs of one second: their names say nothing of their order.
  await write('20261124-120002-bb', [
    { ...started({ run: 'a little earlier' as never }), time: '2026-11-24T11:59:59.900Z' },
  ]);
  const wanted = { pipeline: 'pipeline.yaml', profile: null };
  expect((await latestRun(folder, wanted))?.run.id).toBe('right');
  expect((await latestRun(folder, { ...wanted, profile: 'paper' }))?.run.id).toBeUndefined();
  expect(await latestRun(join(folder, 'none'), wanted)).toBeNull();
});
