import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareWith, readBaseline } from '../../../../src/pipe/report/model/baseline.ts';
import type { ReportInput } from '../../../../src/pipe/report/model/input.ts';
import { buildReport } from '../../../../src/pipe/report/page/page.ts';
import { studyInput } from '../fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipe-baseline-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const before = studyInput({ figures: 1 });
const now: ReportInput = {
  ...before,
  params: { ...before.params, train: { epochs: 60, batchSize: 32, lr: 0.05 } },
  cells: before.cells
    .filter(({ id }) => id !== 'train[baseline,0]')
    .concat([{ ...before.cells[1]!, id: 'train[new,0]' }]),
  metrics: before.metrics.map((metric) => ({
    ...metric,
    value: { ...metric.value, 'τ-b random, no-pool': 0.5 },
  })),
  claims: before.claims.map((claims) => ({
    ...claims,
    value: claims.value.map((claim) =>
      claim.id === '1' ? { ...claim, verdict: 'supported' as const } : claim,
    ),
  })),
  tables: before.tables.map((table) => ({
    ...table,
    value: {
      ...table.value,
      rows: table.value.rows.map((row) =>
        row.variant === 'no-pool' ? { ...row, tauA: { mean: -0.9, std: 0.1, n: 5, planned: 5 } } : row,
      ),
    },
  })),
  provenance: { ...before.provenance, code: { ...before.provenance.code, train: 'ff'.repeat(32) } },
};

test('a report compared with itself has not changed', async () => {
  const { html, json } = await buildReport(before);
  await writeFile(join(folder, 'report.json'), json);
  await writeFile(join(folder, 'report.html'), html);
  const fromJson = await readBaseline(join(folder, 'report.json'));
  // The page holds what its twin does, but for the specifications of its figures.
  const figures = fromJson.figures?.map(({ spec, csv, ...figure }) => figure);
  expect(fromJson.figures?.every(({ spec }) => spec !== undefined)).toBe(true);
  expect(await readBaseline(join(folder, 'report.html'))).toEqual({ ...fromJson, figures });
  expect((await buildReport(before, { baseline: fromJson })).html).toContain('Nothing has changed.');
});

test('metrics, verdicts, params, code and cells that changed are named', async () => {
  await writeFile(join(folder, 'report.json'), (await buildReport(before)).json);
  const baseline = await readBaseline(join(folder, 'report.json'));
  expect(compareWith(baseline, now)).toEqual({
    metrics: [{ name: 'τ-b random, no-pool', from: 0.42, to: 0.5 }],
    verdicts: [{ name: '1', from: 'undecided', to: 'supported' }],
    params: [{ name: 'train.epochs', from: '30', to: '60' }],
    software: [{ name: 'code of train', from: 'abababababab', to: 'ffffffffffff' }],
    newCells: ['train[new,0]'],
    missingCells: ['train[baseline,0]'],
  });
});

test('a result’s change is shown with its interval and whether it is better', async () => {
  await writeFile(join(folder, 'report.json'), (await buildReport(before)).json);
  const baseline = await readBaseline(join(folder, 'report.json'));
  const { html } = await buildReport(now, { baseline });
  const row = /<th scope="row">no-pool<\/th>[\s\S]*?<\/tr>/.exec(html)![0];
  // Better is lower for τ_a; the interval is that of a difference of two means.
  expect(row).toMatch(/Δ −\d\.\d\d ± 0\.\d\d <span class="good">better<\/span>/);
});

test.each([
  ['nothing there', null],
  ['not JSON', 'hello'],
  ['another JSON', '{"format": "other"}'],
])('%s is an error with a next step', async (_, text) => {
  const file = join(folder, 'x.json');
  if (text !== null) await writeFile(file, text);
  await expect(readBaseline(file)).rejects.toMatchObject({
    name: 'UserError',
    code: 2,
    hint: expect.stringContaining('report'),
  });
});
