import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReportMark } from '../../../../src/pipe/config/document.ts';
import { type MarkedOut, readMarkedOuts } from '../../../../src/pipe/report/model/read-marked-outs.ts';
import { studyInput } from '../fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipe-marks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const marked = (mark: ReportMark, path: string, cell = 'plot'): MarkedOut => ({
  origin: { cell, out: mark, key: null, stale: false, made: null },
  mark,
  path: join(folder, path),
  shown: path,
});
const write = (path: string, value: unknown): Promise<void> =>
  writeFile(join(folder, path), JSON.stringify(value));

test('each kind of marked out is read as its format says', async () => {
  const study = studyInput({ figures: 1 });
  await mkdir(join(folder, 'figures'));
  await write('figures/one.vl.json', study.figures[0]!.spec);
  await writeFile(join(folder, 'figures/one.csv'), 'a\n1\n');
  await writeFile(join(folder, 'figures/index.json'), '{}');
  await write('table.json', study.tables[0]!.value);
  await write('metrics.json', { tau: 0.4, regret: null });
  await write('claims.json', { claims: study.claims[0]!.value });
  await write('notice.json', study.notices[0]!.value);
  const read = await readMarkedOuts([
    marked('figures', 'figures'),
    marked('table', 'table.json'),
    marked('metrics', 'metrics.json'),
    marked('claims', 'claims.json'),
    marked('notice', 'notice.json'),
  ]);
  expect(read.problems).toEqual([]);
  expect(read.figures.map(({ name, csv }) => [name, csv])).toEqual([['one', 'a\n1\n']]);
  expect(read.figures[0]!.meta).toEqual(study.figures[0]!.meta);
  expect(read.figures[0]!.spec).toEqual(study.figures[0]!.spec);
  expect(read.tables[0]!.value).toEqual(study.tables[0]!.value);
  expect(read.metrics[0]!.value).toEqual({ tau: 0.4, regret: null });
  expect(read.claims[0]!.value).toEqual(study.claims[0]!.value);
  expect(read.notices[0]!.value).toEqual(study.notices[0]!.value);
});

test('what is wrong is named with its file and place; the rest is read', async () => {
  await mkdir(join(folder, 'figures'));
  await writeFile(join(folder, 'figures/cut.vl.json'), '{"mark": "po');
  await write('figures/plain.vl.json', { mark: 'point' });
  await write('figures/good.vl.json', studyInput({ figures: 1 }).figures[0]!.spec);
  await writeFile(join(folder, 'metrics.json'), '{"tau": "high"}');
  const read = await readMarkedOuts([
    marked('figures', 'figures'),
    marked('metrics', 'metrics.json'),
    marked('table', 'gone.json'),
  ]);
  expect(read.figures.map(({ name }) => name)).toEqual(['good']);
  expect(read.problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
    expect.stringMatching(/^figures\/cut\.vl\.json: not JSON: /),
    expect.stringMatching(/^figures\/plain\.vl\.json: usermeta: /),
    expect.stringMatching(/^metrics\.json: tau: /),
    'gone.json: it is not there',
  ]);
});

test('figures of one name from several cells keep apart', async () => {
  for (const cell of ['plot[a]', 'plot[b]']) {
    await mkdir(join(folder, cell));
    await write(`${cell}/one.vl.json`, studyInput({ figures: 1 }).figures[0]!.spec);
  }
  const read = await readMarkedOuts([
    marked('figures', 'plot[a]', 'plot[a]'),
    marked('figures', 'plot[b]', 'plot[b]'),
  ]);
  expect(read.figures.map(({ name }) => name)).toEqual(['one@plot[a]', 'one@plot[b]']);
});
