/** Figures that differ, as files of their own: a browser takes each for a picture, as a comment shows it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { writeFigureFiles } from '../../src/pipe/history/difference-figures.ts';
import { studyInput } from '../pipe/report/fixture.ts';
import { executable, launch } from './chromium.ts';

test.skipIf(executable === undefined)('a picture per side; none where a side has none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-figures-'));
  const browser = await launch();
  try {
    const [figure] = studyInput({ figures: 1 }).figures;
    const { name, meta, spec, csv } = figure!;
    const result = { name, meta, spec, csv, cell: 'plot' };
    const changes = [
      { name, title: meta.title, how: 'changed' as const, before: result, after: result },
      {
        name: 'only new',
        title: 'New',
        how: 'new' as const,
        before: null,
        after: { ...result, name: 'only new' },
      },
    ];
    const files = await writeFigureFiles(changes, join(folder, 'pictures'), null);
    const { before, after } = files.get(name)!;
    expect(files.get('only new')?.before).toBeNull();
    expect(files.get('only new')?.after).toMatch(/^only-new-after-[0-9a-f]{10}\.svg$/);
    const page = await browser.newPage();
    const html = [before, after, files.get('only new')!.after]
      .map((file) => `<img src="pictures/${file}">`)
      .join('');
    writeFileSync(join(folder, 'index.html'), html);
    await page.goto(pathToFileURL(join(folder, 'index.html')).href);
    await page.waitForLoadState('load');
    const widths: unknown = await page.evaluate('[...document.images].map((image) => image.naturalWidth)');
    expect(widths).toHaveLength(3);
    for (const width of widths as readonly number[]) expect(width).toBeGreaterThan(100);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
