// Takes pictures of a report for documentation: `npm run pictures -- reports/index.html docs/images`.
// Writes report-light.png and report-dark.png (the head of the page) and figure-NAME.png for each figure.

import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [report = 'reports/index.html', folder = 'docs/images'] = process.argv.slice(2);
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
if (!executablePath) throw new Error('no Chromium here: apt-get install chromium, or set CHROMIUM');
if (!existsSync(report)) throw new Error(`${report} is not there: npx pipe run`);
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      deviceScaleFactor: 1.5,
      colorScheme,
    });
    await page.goto(pathToFileURL(resolve(report)).href);
    await page.screenshot({ path: join(folder, `report-${colorScheme}.png`) });
    if (colorScheme === 'light')
      for (const canvas of await page.locator('figure[data-figure]').all()) {
        const name = await canvas.getAttribute('data-figure');
        const plot = canvas.locator('.fit');
        if (await plot.count())
          await plot.screenshot({ path: join(folder, `${name.replace(/[^\w-]+/g, '-')}.png`) });
      }
    await page.close();
  }
} finally {
  await browser.close();
}
