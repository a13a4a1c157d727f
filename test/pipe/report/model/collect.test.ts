import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OutDoc } from '../../../../src/pipe/config/document.ts';
import type { Fingerprint } from '../../../../src/pipe/key/fingerprint.ts';
import type { Cell, Graph } from '../../../../src/pipe/plan/graph.ts';
import { markdownReport } from '../../../../src/pipe/report/formats/markdown.ts';
import type { CellNow, InPlace } from '../../../../src/pipe/report/model/cell-now.ts';
import { type CollectOptions, collectReport } from '../../../../src/pipe/report/model/collect.ts';
import { figureStore, writeReport } from '../../../../src/pipe/report/write.ts';
import { cellOf } from '../../../kit/planned-cells.ts';
import { studyInput } from '../fixture.ts';

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'pipe-collect-'));
});
afterEach(() => rm(project, { recursive: true, force: true }));

const at = { file: 'pipeline.yaml', line: 1, column: 1 };
const out = (name: string, report: OutDoc['report']): OutDoc => ({
  name,
  path: `${name}.json`,
  place: null,
  link: 'auto',
  report,
  at,
});

function cell(id: string, outs: readonly OutDoc[]): Cell {
  return cellOf(id, {
    run: { kind: 'module', file: 'stages/x.ts', python: null, at },
    deps: [{ kind: 'source', name: 'images', source: 'cifar10' }],
    outs,
  });
}

const graph = (cells: readonly Cell[]): Graph => ({
  cells: new Map(cells.map((one) => [one.id, one])),
  stages: new Map(
    cells.map(({ stage }) => [
      stage,
      {
        name: stage,
        description: '',
        axes: [],
        cells: cells.filter((one) => one.stage === stage).map(({ id }) => id),
        reads: ['source.cifar10'],
        watch: 'restart' as const,
      },
    ]),
  ),
  sources: new Map([
    [
      'cifar10',
      {
        name: 'cifar10',
        candidates: [{ path: '../elsewhere/cifar10', sha256: null, at }],
        url: null,
        sha256: null,
        unpack: 'none',
        limits: { bytes: null, ms: null, unpacked: null },
        strip: '',
        description: '',
        at,
      },
    ],
  ]),
  resources: new Map(),
  executors: new Map(),
  executor: null,
  profile: null,
});

const fingerprint = {
  version: 1,
  code: {
    kind: 'module',
    file: 'stages/x.ts',
    bundle: 'b'.repeat(64),
    files: {},
    importedBy: {},
    packages: { zod: '4.6.7' },
  },
  params: {},
  axes: {},
  deps: { images: { kind: 'one', sha256: 'd'.repeat(64) } },
  env: {},
  tools: { backend: 'wasm 4.22.0\n' },
  outs: {},
} as unknown as Fingerprint;

function options(
  cells: readonly Cell[],
  places: Record<string, Partial<InPlace & Pick<CellNow, 'current'>>>,
): CollectOptions {
  return {
    project,
    runs: join(project, 'cache/runs'),
    graph: graph(cells),
    pipeline: 'pipeline.yaml',
    profile: null,
    params: { epochs: 3 },
    title: 'A study',
    description: '',
    set: ['epochs=3'],
    installs: true,
    now: async ({ id }) => {
      const place = places[id];
      if (place === undefined) return { current: false, key: null, reasons: [], inPlace: null };
      const { current = true, ...facts } = place;
      const key = `key-${id}`;
      const inPlace = { key, fingerprint, ms: 10, bytes: 5, outs: new Map(), made: null, ...facts };
      return { current, key, reasons: [], inPlace };
    },
  };
}

async function writeRun(lines: readonly object[]): Promise<void> {
  await mkdir(join(project, 'cache/runs/20261124-1'), { recursive: true });
  const start = {
    type: 'run-started',
    time: '2026-11-24T12:00:00.000Z',
    run: '20261124-1',
    pipeline: 'pipeline.yaml',
    profile: null,
    targets: [],
    version: '0.1.0',
    revision: 'abc1234-dirty',
    cells: [{ id: 'made', stage: 'made', axes: {} }],
    resources: {},
  };
  await writeFile(
    join(project, 'cache/runs/20261124-1/events.jsonl'),
    [start, ...lines]
      .map((event) => `${JSON.stringify({ time: '2026-11-24T12:00:01.000Z', ...event })}\n`)
      .join(''),
  );
}

test('without a run, what is in place is shown, and the rest is said to be missing', async () => {
  await writeFile(join(project, 'metrics.json'), '{"tau": 0.5}');
  const made = cell('made', [out('metrics', 'metrics')]);
  const input = await collectReport(
    options([made, cell('absent', [])], {
      made: { outs: new Map([['metrics', join(project, 'metrics.json')]]) },
    }),
  );
  expect(input.cells.map(({ id, state, key }) => [id, state, key])).toEqual([
    ['made', 'up-to-date', 'key-made'],
    ['absent', 'waiting', null],
  ]);
  expect(input.metrics[0]).toEqual({
    origin: { cell: 'made', out: 'metrics', key: 'key-made', stale: false, made: null },
    value: { tau: 0.5 },
    meanings: {},
  });
  expect(input.commands).toEqual(['npm ci', 'npx pipe run --set epochs=3']);
  expect(input.provenance.packages).toEqual({ zod: '4.6.7' });
  expect(input.provenance.tools).toEqual({ backend: 'wasm 4.22.0' });
  expect(input.sources[0]).toMatchObject({ path: '../elsewhere/cifar10', sha256: 'd'.repeat(64) });
});

test('results of an earlier run are shown as such when their cell failed in this one', async () => {
  await writeFile(join(project, 'metrics.json'), '{"tau": 0.5}');
  await writeRun([
    {
      type: 'cell-failed',
      cell: 'made',
      error: { kind: 'exit', message: 'exit 1', hint: null, tail: [], details: null },
      ms: 5,
      log: null,
    },
  ]);
  const input = await collectReport(
    options([cell('made', [out('metrics', 'metrics')])], {
      made: { outs: new Map([['metrics', join(project, 'metrics.json')]]), current: false },
    }),
  );
  expect(input.cells[0]).toMatchObject({ state: 'failed', error: { message: 'exit 1' } });
  expect(input.stale).toEqual(['made']);
  expect(input.commands[0]).toBe('git checkout abc1234');
  await writeReport(project, input);
  expect(await readFile(join(project, 'reports/index.html'), 'utf8')).toContain(
    'Out of date: results of 1 cell are not of this configuration',
  );
});

test('a report is written whole: page, JSON and JUnit, nothing aside left', async () => {
  const input = studyInput({ figures: 2 });
  const { page, warnings } = await writeReport(project, input);
  expect(page).toBe('reports/index.html');
  expect(warnings).toEqual([]);
  expect((await readdir(join(project, 'reports'))).sort()).toEqual([
    'index.html',
    'junit.xml',
    'report.json',
  ]);
  const html = await readFile(join(project, 'reports/index.html'), 'utf8');
  await writeReport(project, input);
  expect(await readFile(join(project, 'reports/index.html'), 'utf8')).toBe(html);
});

test('drawn figures are kept, and a spoiled one is drawn again', async () => {
  const input = studyInput({ figures: 1 });
  await writeReport(project, input);
  const folder = join(project, 'cache/index/figures');
  const [file] = await readdir(folder);
  const kept = await figureStore(folder).get(file!.replace('.json', ''));
  expect(kept?.drawn.svg).toMatch(/^<svg/);
  const html = await readFile(join(project, 'reports/index.html'), 'utf8');
  for (const spoiled of ['{"drawn": {"svg": 1}}', '{"drawn"', '']) {
    await writeFile(join(folder, file!), spoiled);
    await writeReport(project, input);
    expect(await readFile(join(project, 'reports/index.html'), 'utf8')).toBe(html);
  }
});

test('in a GitHub workflow the step summary is written too', async () => {
  process.env.GITHUB_STEP_SUMMARY = join(project, 'summary.md');
  try {
    await writeReport(project, studyInput({ figures: 0 }));
  } finally {
    delete process.env.GITHUB_STEP_SUMMARY;
  }
  expect(await readFile(join(project, 'summary.md'), 'utf8')).toMatch(/^## Ranking correlations/);
});

test('the Markdown of a report holds every row, what a step summary holds is cut', async () => {
  const [table] = studyInput({ figures: 0 }).tables;
  const rows = Array.from({ length: 60 }, () => table!.value.rows[0]!);
  const input = { ...studyInput({ figures: 0 }), tables: [{ ...table!, value: { ...table!.value, rows } }] };
  await writeReport(project, input, { markdown: 'kept.md' });
  const kept = await readFile(join(project, 'kept.md'), 'utf8');
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('|')).length;
  expect(lines(kept) - lines(markdownReport(input, 50))).toBe(10);
  expect(markdownReport(input, 50)).toContain('The first 50 of 60 rows.');
});
