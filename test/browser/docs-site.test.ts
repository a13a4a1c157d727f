/** The documentation as a site: every link leads somewhere, and it is read and searched from disk, with no network. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable, launch } from './chromium.ts';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const program = join(root, 'scripts/docs-site.mjs');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipe-site-'));
  execFileSync(process.execPath, [program, join(folder, 'site'), '--no-gallery']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a link, a place in a page or a picture that is not there fails the build, each with its page', () => {
  const copy = join(folder, 'copy');
  cpSync(join(root, 'docs'), join(copy, 'docs'), { recursive: true });
  const page = join(copy, 'docs/gallery.md');
  writeFileSync(
    page,
    `${readFileSync(page, 'utf8')}\n[a](nowhere.md) [b](tutorial.md#nowhere) ![c](images/nowhere.png) [d](#try-one)\n`,
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, join(folder, 'broken'), '--no-gallery', '--root', copy],
    { encoding: 'utf8' },
  );
  expect(status).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    'gallery.html: nowhere.html leads nowhere',
    'gallery.html: tutorial.html#nowhere leads nowhere',
    'gallery.html: images/nowhere.png leads nowhere',
  ]);
});

test('a page that the list of pages does not name fails the build', () => {
  const copy = join(folder, 'lost');
  cpSync(join(root, 'docs'), join(copy, 'docs'), { recursive: true });
  writeFileSync(join(copy, 'docs/lost.md'), '# Lost\n');
  const args = [program, join(folder, 'unnamed'), '--no-gallery', '--root', copy];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('docs/README.md does not name lost.md');
});

test('a folder that holds something else is left as it is', () => {
  const mine = join(folder, 'mine');
  mkdirSync(mine);
  writeFileSync(join(mine, 'NOTES.md'), '3 hours');
  const { status, stderr } = spawnSync(process.execPath, [program, mine, '--no-gallery'], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('holds something else than an earlier site');
  expect(readFileSync(join(mine, 'NOTES.md'), 'utf8')).toBe('3 hours');
});

describe.skipIf(executable === undefined)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
    return () => browser.close();
  });

  /** The page, and whatever went elsewhere than to the site's folder, or wrong. */
  async function open(file: string, width: number, colorScheme: 'light' | 'dark') {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    const here = pathToFileURL(join(folder, 'site')).href;
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') troubles.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${here}/`)) troubles.push(request.url());
    });
    await page.goto(`${here}/${file}`);
    return { page, troubles };
  }

  test('a word is found in the section that has it, by its beginning and with a slip, and Enter opens it', async () => {
    const { page, troubles } = await open('how-to/ci.html', 1280, 'light');
    const search = page.getByRole('searchbox');
    await page.keyboard.press('/');
    const found = async (words: string) => {
      await search.fill(words);
      return page.locator('#results li').allTextContents();
    };
    expect((await found('fork permissions')).join('\n')).toContain('GitHub');
    expect((await found('checkpiont')).join('\n')).toContain('checkpoint');
    expect(await found('xyzzyx')).toEqual(['Nothing found.']);
    expect((await found('replicates trial'))[0]).toContain('Two of anything');
    await search.press('Enter');
    await page.waitForURL(/how-to\/compare-runs\.html#two-of-anything$/);
    expect(await page.locator('h1').textContent()).toContain('Look back, and compare');
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  for (const [file, width, colorScheme] of [
    ['index.html', 1280, 'light'],
    ['how-to/compare-runs.html', 390, 'dark'],
    ['reference/pipeline-yaml.html', 390, 'light'],
  ] as const) {
    test(`${file}, ${width} px, ${colorScheme}: no sideways scrolling, nothing serious from axe, no request elsewhere`, async () => {
      const { page, troubles } = await open(file, width, colorScheme);
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
      expect(troubles).toEqual([]);
      await page.context().close();
    });
  }
});
