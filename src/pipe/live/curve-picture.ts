/** Curves as SVG: a sparkline beside a running cell, and a picture of one metric over all cells. No style attribute: the policy allows none. */
import { numberText } from '../../lib/format.ts';
import { type Html, html } from '../../lib/html.ts';
import type { Curve } from './curves.ts';

const spark = { width: 120, height: 22 } as const;
const picture = { width: 560, height: 220, left: 56, right: 8, top: 8, bottom: 26 } as const;
/** Lines of one picture: more cannot be told apart. */
const linesDrawn = 24;
const colours = 8;

/** Of the newest cells. */
export function drawnCurves(curves: readonly Curve[]): readonly Curve[] {
  return curves.slice(-linesDrawn);
}

/** Colours first, then the same ones dashed. */
export function lineClass(place: number): string {
  const round = Math.floor(place / colours) % 3;
  return `s${place % colours}${round === 0 ? '' : ` dash${round}`}`;
}

export function sparkline(curve: Curve): Html | null {
  if (curve.values.length < 2) return null;
  const path = pathOf(curve, rangeOf([curve]), {
    x: 1,
    y: 1,
    width: spark.width - 2,
    height: spark.height - 2,
  });
  return html`<svg class="spark" viewBox="0 0 ${spark.width} ${spark.height}" width="${spark.width}" height="${spark.height}" aria-hidden="true"><path d="${path}"/></svg>`;
}

/** Curves over their common range; each line names its cell. `placeOf`: curves of one place look alike. */
export function curvePicture(
  title: string,
  shown: readonly Curve[],
  placeOf: (curve: Curve) => number,
): Html {
  const range = rangeOf(shown);
  const { left, right, top, bottom, width, height } = picture;
  const box = { x: left, y: top, width: width - left - right, height: height - top - bottom };
  const ticks = [0, 0.5, 1].map((share) => range.low + share * (range.high - range.low));
  return html`<svg class="curves" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: from ${numberText(range.low)} to ${numberText(range.high)}, steps ${numberText(range.first)} to ${numberText(range.last)}">${ticks.map(
    (value) => {
      const y = round(box.y + box.height * (1 - shareOf(value, range.low, range.high)));
      return html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/><text x="${left - 6}" y="${y + 4}" class="end">${numberText(value)}</text>`;
    },
  )}<text x="${left}" y="${height - 8}">${numberText(range.first)}</text><text x="${width - right}" y="${height - 8}" class="end">step ${numberText(range.last)}</text>${shown.map(
    (curve) =>
      html`<path class="${lineClass(placeOf(curve))}" d="${pathOf(curve, range, box)}"><title>${curve.cell}: ${numberText(curve.values.at(-1) ?? null)}</title></path>`,
  )}</svg>`;
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly first: number;
  readonly last: number;
}

/** Values that are no number have no place on an axis. */
function rangeOf(curves: readonly Curve[]): Range {
  let [low, high, first, last] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { steps, values } of curves)
    for (const [i, value] of values.entries()) {
      const step = steps[i] ?? 0;
      first = Math.min(first, step);
      last = Math.max(last, step);
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  return low > high ? { low: 0, high: 1, first: 0, last: 1 } : { low, high, first, last };
}

function pathOf(
  { steps, values }: Curve,
  { low, high, first, last }: Range,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): string {
  let path = '';
  let pen = 'M';
  for (const [i, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      pen = 'M';
      continue;
    }
    const x = box.x + box.width * shareOf(steps[i] ?? 0, first, last);
    const y = box.y + box.height * (1 - shareOf(value, low, high));
    path += `${pen}${round(x)} ${round(y)}`;
    pen = 'L';
  }
  return path;
}

function shareOf(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
