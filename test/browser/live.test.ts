/** The live page in a real browser: of a run that another process writes, of many cells, and as what it must refuse. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LiveServer } from '../../src/pipe/live/live-server.ts';
import { ProjectSource } from '../../src/pipe/live/live-source.ts';
import type { CellId } from '../../src/pipe/plan/graph.ts';
import { noCells } from '../../src/pipe/run/cell-state.ts';
import type { CellError, RunEvent, RunId } from '../../src/pipe/run/event.ts';
import type { UnstampedEvent } from '../../src/pipe/run/event-stream.ts';
import { executable, launch, openPage } from './chromium.ts';

const run = '20261124-130501-3f9a' as RunId;
const key = 'a'.repeat(64) as never;
const cellOf = (i: number) => `train[${i}]` as CellId;
const lost: CellError = {
  kind: 'exit',
  message: 'exit code 3',
  hint: null,
  tail: ['loss is <NaN>'],
  details: null,
};

/** A project in which somebody else's run is at work: this writes its events as a driver does. */
class OtherRun {
  readonly dir = mkdtempSync(join(tmpdir(), 'pipe-live-'));
  readonly source = new ProjectSource(this.dir, 'Many cells', null);
  readonly server = new LiveServer(this.source);
  readonly #folder = join(this.dir, 'cache/runs', run);

  constructor() {
    mkdirSync(this.#folder, { recursive: true });
  }

  say(...events: readonly UnstampedEvent[]): void {
    const time = new Date().toISOString();
    const lines = events.map((event) => `${JSON.stringify({ time, ...event } as RunEvent)}\n`);
    appendFileSync(join(this.#folder, 'events.jsonl'), lines.join(''));
    this.source.look();
    this.server.tick();
  }

  begin(count: number): void {
    const cells = Array.from({ length: count }, (_, i) => ({
      id: cellOf(i),
      stage: 'train',
      axes: { seed: String(i) },
    }));
    this.say({
      ...{ type: 'run-started', run, pipeline: 'pipeline.yaml', profile: null, set: [], targets: [] },
      ...{ version: '0', revision: null, cells, resources: {} },
    });
  }

  start(i: number): void {
    const log = `cache/runs/${run}/cells/${i}.txt`;
    mkdirSync(join(this.#folder, 'cells'), { recursive: true });
    writeFileSync(join(this.dir, log), `begins ${i}\n`);
    this.say({ type: 'cell-started', cell: cellOf(i), key, attempt: 1, gpus: [0], pid: process.pid, log });
  }

  metric(i: number, step: number): void {
    this.say({ type: 'cell-metric', cell: cellOf(i), name: 'loss', value: 1 / (1 + step + i / 10), step });
  }

  end(): void {
    const counts = { ...noCells(), done: 1 };
    this.say({ type: 'run-finished', run, outcome: 'done', counts, ms: 5, savedMs: 0, report: null });
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

let other: OtherRun;
let address: string;
beforeEach(async () => {
  other = new OtherRun();
  address = await other.server.listen(0);
});
afterEach(() => other.close());

describe('the live page serves whoever has its address, on this machine, and changes nothing', () => {
  const ask = (path: string, options: { readonly method?: string; readonly host?: string } = {}) =>
    new Promise<{ status: number; text: string; headers: Readonly<Record<string, unknown>> }>(
      (resolve, reject) => {
        const { port, host } = new URL(address);
        const asked = request(
          {
            port,
            host: '127.0.0.1',
            path,
            method: options.method ?? 'GET',
            headers: { host: options.host ?? host },
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (part: string) => {
              text += part;
            });
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
            );
          },
        );
        asked.on('error', reject).end();
      },
    );
  const home = () => new URL(address).pathname;

  test('without the token, or with a wrong one, nothing is told', async () => {
    for (const path of ['/', '/x/', `${home().slice(0, -2)}/`, `/${'a'.repeat(32)}/events`])
      expect(await ask(path)).toMatchObject({ status: 403, text: expect.not.stringContaining('Many cells') });
    expect(await ask(home())).toMatchObject({ status: 200, text: expect.stringContaining('Many cells') });
  });

  test('under another name than its own it answers nobody: a name bound to this address reaches nothing', async () => {
    for (const host of ['evil.example', `evil.example:${new URL(address).port}`, '127.0.0.1:1'])
      expect((await ask(home(), { host })).status).toBe(403);
    expect((await ask(home(), { host: `localhost:${new URL(address).port}` })).status).toBe(200);
  });

  test('it is read only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect((await ask(home(), { method })).status).toBe(405);
  });

  test('a log outside the folder of runs is not shown, whatever a record says', async () => {
    writeFileSync(join(other.dir, 'secret.txt'), 'secret');
    other.begin(3);
    for (const [i, log] of ['secret.txt', 'cache/runs/../../secret.txt', '/etc/passwd'].entries()) {
      other.say({ type: 'cell-started', cell: cellOf(i), key, attempt: 1, gpus: [], pid: null, log });
      expect((await ask(`${home()}log?cell=${encodeURIComponent(cellOf(i))}`)).status).toBe(404);
    }
  });

  test('no other page may frame it, and nothing is kept', async () => {
    const { headers, text } = await ask(home());
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(text).toMatch(
      /default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self';/,
    );
  });
});

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
    appendFileSync(join(other.dir, 'cache/runs', run, 'cells/0.txt'), 'epoch <4> of 9\n');
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
      await shown(page, `Running: ${change + 1} of 5000 cells`);
    }
    const after = await metrics();
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
