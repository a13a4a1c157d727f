/** The part of the page's style sheet that depends on its figures; the rest is client/page.css. */
import { figureColours } from '../figure/figure-theme.ts';

/** Colours of a figure's text, axes and grid follow the page's; those of its data stay what the stage chose. */
const figureRules = [
  [figureColours.text, 'var(--ink)'],
  [figureColours.quiet, 'var(--quiet)'],
  [figureColours.axis, 'var(--quiet)'],
  [figureColours.grid, 'var(--grid)'],
]
  .map(([from, to]) => `.plot [fill="${from}"]{fill:${to}}.plot [stroke="${from}"]{stroke:${to}}`)
  .join('');

/** `widths`: the natural widths, in px, of the drawings in the page. */
export function figureStyle(widths: readonly number[]): string {
  const fits = [...new Set(widths)]
    .sort((a, b) => a - b)
    .map(
      (width) =>
        `.w${width}{max-width:${width}px;min-width:${Math.min(width, Math.max(420, Math.round(width * 0.6)))}px}`,
    );
  return figureRules + fits.join('');
}
