/** The live page in a real browser: of a run that another process writes, of many cells, and as what it must refuse. */
import { appendFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cellOf, key, lost, OtherRun, runId } from '../kit/other-run.ts';
import { executable, launch, openPage } from './chromium.ts';

let other: OtherRun;
let address: string;
beforeEach(async () => {
  other = new OtherRun();
  address = await other.server.listen(0);
});
afterEach(() => other.close());

describe.skipIf(executable === undefined)('the live page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
    return () => browser.close();
  });

  /** The page, and every request that did not go to the server itself. */
  async function open(options?: BrowserContextOptions) {
    const { page, troubles } = await openPage(browser, address, options);
    return {
      page,
      strangers: () => troubles.filter((text) => !text.startsWith(`request ${address}`.slice(0, 60))),
    };
  }

  const shown = (page: Page, text: string | RegExp) => page.locator('#content', { hasText: text }).waitFor();

  test('what a run reports appears as it happens: progress, curves, failures, logs', async () => {
    other.begin(4);
    const { page, strangers } = await open();
    await shown(page, 'Running: 0 of 4 cells');
    other.start(0);
    for (let step = 0; step < 5; step++) other.metric(0, step);
    other.say({ type: 'cell-progress', cell: cellOf(0), done: 3, total: 9, unit: 'epochs' });
    await shown(page, '3 of 9 epochs');
    expect(await page.locator('#part-running .spark path').getAttribute('d')).toMatch(/^M.*L.*L.*L.*L/);
    expect(await page.locator('#part-curves .curves path').count()).toBe(1);

    await page.getByRole('button', { name: 'Follow the log of train[0]' }).click();
    await page.locator('#log-text', { hasText: 'begins 0' }).waitFor();
    appendFileSync(join(other.dir, 'cache/runs', runId, 'cells/0.txt'), 'epoch <4> of 9\n');
    await page.locator('#log-text', { hasText: 'epoch <4> of 9' }).waitFor();

    other.say({ type: 'cell-failed', cell: cellOf(0), error: lost, ms: 900, log: null });
    await page.locator('#part-failures pre', { hasText: 'loss is <NaN>' }).waitFor();
    await shown(page, 'Running, 1 failed: 1 of 4 cells');
    other.end();
    await shown(page, 'Complete: 4 cells');
    expect(strangers()).toEqual([]);
    await page.context().close();
  });

  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'dark'],
    [390, 'light'],
    [1280, 'dark'],
  ] as const) {
    test(`${width} px, ${colorScheme}: no sideways scrolling, nothing serious from axe`, async () => {
      busy(other);
      const { page, strangers } = await open({ viewport: { width, height: 800 }, colorScheme });
      await shown(page, 'At work');
      expect(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      ).toBe(0);
      await page.evaluate(
        readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
      );
      const serious = await page.evaluate(
        `axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200)))`,
      );
      expect(serious).toEqual([]);
      expect(strangers()).toEqual([]);
      await page.context().close();
    });
  }

  test('without scripts the page says how far the run was when it was opened', async () => {
    busy(other);
    const { page } = await open({ javaScriptEnabled: false });
    expect(await page.locator('#part-stages td').nth(2).textContent()).toContain('5 running');
    expect(await page.locator('#part-curves svg').isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
    await page.context().close();
  });

  test('printed, it has its numbers and no buttons that do nothing', async () => {
    busy(other);
    const { page } = await open();
    await shown(page, 'At work');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#part-stages table').isVisible()).toBe(true);
    expect((await page.pdf()).length).toBeGreaterThan(5_000);
    await page.context().close();
  });

  test('5,000 cells and ten events a second stay under 100 MB and 50 ms of work a change', async () => {
    other.begin(5_000);
    for (let i = 0; i < 60; i++) other.start(i);
    const { page } = await open();
    await shown(page, '0 of 5000 cells');
    const devtools = await page.context().newCDPSession(page);
    // Time of the page's own thread: what other programs of this machine do is not counted.
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const metrics = async () => {
      const { metrics: all } = await devtools.send('Performance.getMetrics');
      return new Map(all.map(({ name, value }) => [name, value]));
    };
    const before = await metrics();
    const changes = 40;
    for (let change = 0; change < changes; change++) {
      for (let event = 0; event < 10; event++) other.metric((change + event) % 60, change);
      const id = cellOf(100 + change);
      other.say({ type: 'cell-finished', cell: id, key, ms: 5, outBytes: 1 });
      other.server.tick();
      // Until it is drawn; waiting for a text would look for it all the time, and be counted.
      await page.evaluate(
        'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
      );
    }
    const after = await metrics();
    await shown(page, `Running: ${changes} of 5000 cells`);
    const spent = ((after.get('TaskDuration') ?? 0) - (before.get('TaskDuration') ?? 0)) * 1000;
    const bytes = after.get('JSHeapTotalSize') ?? Number.NaN;
    console.log(
      `live page: ${(spent / changes).toFixed(1)} ms a change, ${(bytes / 1e6).toFixed(1)} MB of heap`,
    );
    expect(spent / changes).toBeLessThan(50);
    expect(bytes).toBeLessThan(100e6);
    await page.context().close();
  });
});

function busy(other: OtherRun): void {
  other.begin(12);
  for (let i = 0; i < 6; i++) other.start(i);
  for (let step = 0; step < 30; step++) for (let i = 0; i < 5; i++) other.metric(i, step);
  other.say({ type: 'cell-failed', cell: cellOf(5), error: lost, ms: 900, log: null });
}
