/** Widths of text, against what a browser measures in a font with Arial's metrics. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { textWidth } from '../../src/pipe/report/figure/text-width.ts';
import { executable, launch } from './chromium.ts';

const fonts = [
  '/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf',
  '/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf',
];
const canMeasure = executable !== undefined && fonts.some((path) => existsSync(path));
if (!canMeasure) console.warn('skipped: no Chromium, or no font with Arial’s metrics (fonts-liberation)');

test.skipIf(!canMeasure)(
  'labels are as wide as a browser draws them, but for kerning, to a fortieth',
  async () => {
    const texts = [
      'predicted accuracy (%)',
      'Kendall τ-b',
      '−0.0125 ± 3.4',
      'no-conv1x1',
      'ΑΒΓΔ αβγδ',
      '“quoted” – naïve façade…',
      '0123456789',
    ];
    const browser = await launch();
    try {
      const page = await browser.newPage();
      for (const weight of ['normal', 'bold'] as const) {
        const measured = await page.evaluate<number[]>(
          `(() => { const c = document.createElement('canvas').getContext('2d'); c.font = '${weight} 100px Arial'; return ${JSON.stringify(texts)}.map((t) => c.measureText(t).width); })()`,
        );
        for (const [i, text] of texts.entries()) {
          const ours = textWidth(text, 100, weight === 'bold');
          expect(Math.abs(ours / measured[i]! - 1), `${weight} ${text}`).toBeLessThan(0.025);
        }
      }
    } finally {
      await browser.close();
    }
  },
);
