/** The report in a real browser: from file://, under its own policy, wide and narrow, light and dark, without scripts. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildVegaRuntime } from '../../scripts/client.mjs';
import { buildReport } from '../../src/pipe/report/page/page.ts';
import { studyInput } from '../pipe/report/fixture.ts';
import { executable, launch, openPage } from './chromium.ts';

describe.skipIf(executable === undefined)('the report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  let figures: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pipe-report-'));
    const input = studyInput();
    figures = input.figures.length;
    await buildVegaRuntime(fileURLToPath(new URL('../..', import.meta.url)), folder);
    const runtime = await readFile(join(folder, 'vega-runtime.js'), 'utf8');
    await writeFile(join(folder, 'index.html'), (await buildReport(input, { runtime })).html);
    url = pathToFileURL(join(folder, 'index.html')).href;
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => openPage(browser, url, options);

  test('no console error, no request, every figure there', async () => {
    const { page, troubles } = await open();
    const sizes = await page
      .locator('figure svg.plot')
      .evaluateAll((all) => all.map((svg) => svg.getBoundingClientRect().height));
    expect(sizes).toHaveLength(figures);
    expect(Math.min(...sizes)).toBeGreaterThan(100);
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  test('the policy forbids everything but one style sheet and two scripts, by digest', async () => {
    const { page } = await open();
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+' 'sha256-[^']+';/,
    );
    const attempt = await page.evaluate(`fetch('data:text/plain,x').then(() => 'loaded', () => 'refused')`);
    expect(attempt).toBe('refused');
    await page.context().close();
  });

  for (const [width, colorScheme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'dark'],
    [320, 'light'],
    [320, 'dark'],
  ] as const) {
    test(`${width} px, ${colorScheme}: no sideways scrolling, nothing serious from axe`, async () => {
      const { page, troubles } = await open({ viewport: { width, height: 800 }, colorScheme });
      await page.locator('details').evaluateAll((all) => {
        for (const details of all) details.setAttribute('open', '');
      });
      const sideways = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(sideways).toBe(0);
      await page.evaluate(
        await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
      );
      const serious = await page.evaluate(
        `axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes.length + ' × ' + nodes[0].html.slice(0, 200)))`,
      );
      expect(serious).toEqual([]);
      expect(troubles).toEqual([]);
      await page.context().close();
    });
  }

  test('the first screen shows the notice, the key figures and the first figure', async () => {
    const { page } = await open({ viewport: { width: 1280, height: 800 } });
    for (const selector of ['.notice', '#metrics dd', '#figures svg.plot']) {
      const box = await page.locator(selector).first().boundingBox();
      expect(box!.y, selector).toBeLessThan(760);
    }
    await page.context().close();
  });

  test('readable with scripts off', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    expect(await page.locator('figure svg.plot').count()).toBe(figures);
    expect(await page.locator('h1').textContent()).toBe(
      'Ranking correlations of weight-sharing super-networks',
    );
    expect(await page.locator('#results td').first().isVisible()).toBe(true);
    expect(await page.locator('button').count()).toBe(0);
    await page.context().close();
  });

  test('a column sorts by value, missing ones last, both ways', async () => {
    const { page } = await open();
    const column = page.locator('#results tbody td:nth-child(3)');
    const header = page.locator('#results th:nth-child(3)');
    const values = async (): Promise<number[]> =>
      (await column.evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-v') ?? ''))).map(
        (text) => (text === '' ? Number.NaN : Number(text)),
      );
    await header.locator('button').press('Enter');
    expect(await header.getAttribute('aria-sort')).toBe('ascending');
    const up = await values();
    expect(up.slice(0, -1)).toEqual(up.slice(0, -1).toSorted((a, b) => a - b));
    expect(up.at(-1)).toBeNaN();
    await header.locator('button').press('Enter');
    const down = await values();
    expect(down.slice(0, -1)).toEqual(down.slice(0, -1).toSorted((a, b) => b - a));
    expect(down.at(-1)).toBeNaN();
    await page.context().close();
  });

  test('a group of columns is folded until it is asked for, and the column that names the row stays in sight', async () => {
    const { page } = await open({ viewport: { width: 390, height: 800 } });
    const head = page.locator('#results th[data-group="sizes"]');
    expect(await head.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'sizes (1)' }).click();
    expect(await head.isVisible()).toBe(true);
    const name = page.locator('#results tbody th').first();
    const before = await name.boundingBox();
    await page.locator('#results .scroll').evaluate((box) => box.scrollBy(200, 0));
    expect((await name.boundingBox())!.x).toBe(before!.x);
    await page.context().close();
    const plain = await open({ javaScriptEnabled: false });
    expect(await plain.page.locator('#results th[data-group="sizes"]').isVisible()).toBe(true);
    await plain.page.context().close();
  });

  test('printed, every fold is open, every column is there, and no button is', async () => {
    const { page } = await open();
    expect((await page.pdf()).length).toBeGreaterThan(20_000);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('details:not([open])').count()).toBe(0);
    expect(await page.locator('#results th[data-group="sizes"]').isVisible()).toBe(true);
    for (const selector of ['.tools', '.groups', '.theme', 'nav'])
      expect(await page.locator(selector).first().isVisible(), selector).toBe(false);
    await page.context().close();
  });

  test('the reader chooses light or dark, and the choice is kept', async () => {
    const { page } = await open({ colorScheme: 'light' });
    const background = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.locator('.theme').click();
    expect(await background()).not.toBe(light);
    await page.reload();
    expect(await background()).not.toBe(light);
    await page.context().close();
  });

  test('arrow keys tell each mark of a figure', async () => {
    const { page } = await open();
    const canvas = page.locator('figure .canvas').first();
    await canvas.focus();
    await canvas.press('ArrowRight');
    expect(await page.locator('.tip').textContent()).toMatch(
      /prediction \(%\): [\d.]+\nbenchmark \(%\): [\d.]+/,
    );
    await canvas.press('Escape');
    expect(await page.locator('.tip').isVisible()).toBe(false);
    await page.context().close();
  });

  test('a figure explored zooms by the wheel, under the same policy', async () => {
    const { page, troubles } = await open({ viewport: { width: 1280, height: 900 } });
    const figure = page.locator('figure').first();
    await figure.getByRole('button', { name: 'Explore' }).click();
    const live = figure.locator('.live svg');
    const labels = (): Promise<(string | null)[]> =>
      live.locator('.role-axis-label text').evaluateAll((all) => all.map((text) => text.textContent));
    await live.locator('.role-mark path').first().waitFor();
    const before = await labels();
    const box = (await live.boundingBox())!;
    await page.mouse.move(box.x + 150, box.y + 120);
    await page.mouse.wheel(0, -300);
    await expect.poll(labels).not.toEqual(before);
    await figure.getByRole('button', { name: 'Still' }).click();
    expect(await figure.locator('.live').count()).toBe(0);
    expect(await figure.locator('svg.plot').isVisible()).toBe(true);
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  test('picking a value in the legend fades the others', async () => {
    const { page, troubles } = await open({ viewport: { width: 1280, height: 900 } });
    const figure = page.locator('#figure-figure-3');
    await figure.getByRole('button', { name: 'Explore' }).click();
    const points = figure.locator('.live .role-mark.mark-symbol path');
    await points.first().waitFor();
    const opacities = (): Promise<string[]> =>
      points.evaluateAll((all) =>
        [...new Set(all.map((point) => point.getAttribute('opacity') ?? '1'))].sort(),
      );
    expect(await opacities()).toEqual(['1']);
    await figure.locator('.live .role-legend-symbol path').nth(1).click({ force: true });
    await expect.poll(opacities).toEqual(['0.08', '1']);
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  test('cells can be filtered by words', async () => {
    const { page } = await open();
    await page.locator('details.cells summary').click();
    await page.locator('input.filter').fill('✕ train');
    const shown = await page.locator('details.cells tbody tr:visible th').allInnerTexts();
    expect(shown).toEqual(['train[no-zero,0]']);
    await page.context().close();
  });

  test('the numbers behind a figure are saved whole', async () => {
    const { page } = await open();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV of Predicted' }).first().click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe('figure-2.csv');
    const text = await readFile(await download.path(), 'utf8');
    expect(text.split('\n')).toHaveLength(302);
    await page.context().close();
  });
});
