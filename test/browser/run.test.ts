/** The report in a real browser as a run of the real command wrote it, one cell of it failed. */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildVegaRuntime } from '../../scripts/client.mjs';
import { buildPipe, CliProject, type Ended } from '../kit/cli.ts';
import { executable, launch, openPage } from './chromium.ts';

const pipeline = `version: 1
title: Three seeds
axes: { seed: [0, 1, 2] }
stages:
  measure:
    matrix: [seed]
    cmd: node measure.mjs \${seed} \${outs.number}
    deps: { script: ./measure.mjs }
    outs: { number: number.json }
  results:
    cmd: node results.mjs \${outs.figures} \${outs.table} \${outs.metrics} \${deps.numbers}
    deps: { script: ./results.mjs, numbers: measure.number }
    gather: { numbers: { min: { seed: 2 } } }
    outs:
      figures: { path: figures, report: figures }
      table: { path: table.json, report: table }
      metrics: { path: metrics.json, report: metrics }
`;

const measure = `import { writeFileSync } from 'node:fs';
const [seed, out] = process.argv.slice(2);
if (seed === '2') {
  console.error('the loss of seed 2 is <not a number>');
  process.exit(3);
}
writeFileSync(out, JSON.stringify(90 + Number(seed)));
`;

/** Figures as a stage of the study writes them: layers over data inside, the CSV beside. */
const results = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const [figures, table, metrics, ...files] = process.argv.slice(2);
const values = files.map((file, seed) => ({ seed, accuracy: JSON.parse(readFileSync(file, 'utf8')) }));
const mean = values.reduce((sum, { accuracy }) => sum + accuracy, 0) / values.length;
mkdirSync(figures, { recursive: true });
const figure = (name, order, spec, rows) => {
  const usermeta = { pipe: { title: 'Accuracy as ' + name, caption: 'One a seed.', section: 'Accuracy', order } };
  const $schema = 'https://vega.github.io/schema/vega-lite/v6.json';
  writeFileSync(figures + '/' + name + '.vl.json', JSON.stringify({ $schema, ...spec, usermeta }));
  const columns = Object.keys(rows[0]);
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  writeFileSync(figures + '/' + name + '.csv', lines.map((line) => line.join(',') + '\\n').join(''));
};
const x = { field: 'seed', type: 'quantitative' };
const y = { field: 'accuracy', type: 'quantitative', title: 'accuracy (%)', scale: { zero: false } };
figure('layers', 1, {
  data: { values },
  layer: [
    { mark: 'line', encoding: { x, y } },
    { mark: { type: 'point', filled: true }, encoding: { x, y } },
    { mark: 'rule', data: { values: [{ accuracy: mean }] }, encoding: { y } },
  ],
}, values);
figure('bars', 2, {
  data: { values },
  mark: 'bar',
  encoding: { x: { ...x, type: 'ordinal' }, y: { ...y, scale: { zero: true } } },
}, values);
writeFileSync(table, JSON.stringify({
  title: 'Accuracy', caption: 'Of each seed.', notes: [],
  columns: [{ name: 'seed', label: 'seed', kind: 'text' }, { name: 'accuracy', label: 'accuracy', kind: 'number', digits: 1, unit: '%' }],
  rows: values.map(({ seed, accuracy }) => ({ seed: String(seed), accuracy })),
}));
writeFileSync(metrics, JSON.stringify({ mean }));
`;

describe.skipIf(executable === undefined)('the report of a run with a failed cell, in Chromium', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  let browser: Browser;
  let ran: Ended;
  let url: string;

  beforeAll(async () => {
    pipe = await buildPipe();
    await buildVegaRuntime(fileURLToPath(new URL('../..', import.meta.url)), dirname(pipe.file));
    project = new CliProject(pipe.file);
    project.write('pipeline.yaml', pipeline);
    project.write('measure.mjs', measure);
    project.write('results.mjs', results);
    ran = project.pipe('run', '--keep-going');
    url = pathToFileURL(join(project.dir, 'reports/index.html')).href;
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    project?.remove();
    pipe?.remove();
  });

  const opened = async () => {
    const { page, troubles } = await openPage(browser, url);
    onTestFinished(() => page.context().close());
    return { page, troubles };
  };

  test('is written though a cell failed', () => expect(ran).toMatchObject({ code: 1 }));

  test('every figure is drawn with the values of this run', async () => {
    const { page } = await opened();
    const figures = page.locator('figure');
    expect(await figures.evaluateAll((all) => all.map((one) => one.getAttribute('data-figure')))).toEqual([
      'layers',
      'bars',
    ]);
    // Every mark shows its values; that the numbers are this run's shows where they came from.
    for (const [name, marks] of [
      [
        'layers',
        ['path seed: 0; accuracy (%): 90', 'circle 0; 90', 'circle 1; 91', 'line accuracy (%): 90.5'],
      ],
      ['bars', ['path 0; 90', 'path 1; 91']],
    ] as const) {
      const plot = page.locator(`figure[data-figure="${name}"] svg.plot`);
      expect((await plot.boundingBox())?.height).toBeGreaterThan(100);
      const drawn = await plot
        .locator('[data-l]')
        .evaluateAll((all) => all.map((mark) => `${mark.tagName} ${mark.getAttribute('data-l')}`));
      expect(drawn).toEqual(marks);
    }
  });

  test('its table and key figure are those of this run', async () => {
    const { page } = await opened();
    expect(await page.locator('#results tbody tr').allInnerTexts()).toEqual(['0\t90.0', '1\t91.0']);
    expect(await page.locator('#metrics').textContent()).toContain('90.5');
  });

  test('the log of what failed is there to read', async () => {
    const { page } = await opened();
    const failure = page.locator('#failures .failure');
    expect(await failure.locator('code').first().textContent()).toBe('measure[2]');
    const log = failure.locator('pre');
    expect(await log.isVisible()).toBe(true);
    expect(await log.textContent()).toContain('the loss of seed 2 is <not a number>');
  });

  test('a figure can be explored; no console error and no request on the way', async () => {
    const { page, troubles } = await opened();
    expect(await page.locator('h1').textContent()).toBe('Three seeds');
    await page.locator('figure[data-figure="layers"]').getByRole('button', { name: 'Explore' }).click();
    await page.locator('figure[data-figure="layers"] .live svg .role-mark path').first().waitFor();
    expect(troubles).toEqual([]);
  });
});
