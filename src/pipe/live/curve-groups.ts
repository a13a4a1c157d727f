/** Curves of one metric side by side: cells that differ in a seed only are one variant, drawn alike, with one line in the legend. */
import { countText, numberText } from '../../lib/format.ts';
import { type Html, html } from '../../lib/html.ts';
import { variantValues } from '../plan/repetition.ts';
import { curvePicture, drawnCurves, lineClass } from './curve-picture.ts';
import type { Curve } from './curves.ts';

export type AxesOf = (cell: string) => Readonly<Record<string, string>>;

export interface CurveGroup {
  readonly stage: string;
  readonly metric: string;
  readonly curves: readonly Curve[];
}

/** A variant of those drawn, and its cells' curves, in the order in which they came. */
interface Variant {
  readonly label: string;
  readonly curves: Curve[];
}

/** A picture with its heading and its legend. */
export function curveGroup({ stage, metric, curves }: CurveGroup, axesOf: AxesOf): Html {
  const drawn = drawnCurves(curves);
  const variants = variantsOf(drawn, axesOf);
  const places = new Map(variants.flatMap(({ curves: own }, place) => own.map((curve) => [curve, place])));
  const count = `${countText(drawn.length, 'cell')}${drawn.length < curves.length ? ` of ${curves.length}` : ''}`;
  return html`<div class="picture"><h3>${metric} <span class="quiet">${stage}, ${count}</span></h3>${curvePicture(
    `${metric} of ${stage}`,
    drawn,
    (curve) => places.get(curve) ?? 0,
  )}<ul class="legend">${variants.map((variant, place) => legendItem(variant, variants.length > 1 ? place : null))}</ul></div>`;
}

function variantsOf(curves: readonly Curve[], axesOf: AxesOf): readonly Variant[] {
  const variants = new Map<string, Variant>();
  for (const curve of curves) {
    const label = variantValues(axesOf(curve.cell)).join(', ');
    const variant = variants.get(label) ?? { label, curves: [] };
    variant.curves.push(curve);
    variants.set(label, variant);
  }
  return [...variants.values()];
}

/** `place`: which line it is; null: there is one variant, and nothing to tell apart. */
function legendItem({ label, curves }: Variant, place: number | null): Html {
  const values = curves.flatMap(({ values: all }) => {
    const last = all.at(-1);
    return last === undefined || !Number.isFinite(last) ? [] : [last];
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread =
    values.length < 2
      ? null
      : html` <span class="quiet">${numberText(Math.min(...values))} to ${numberText(Math.max(...values))}, ${countText(values.length, 'cell')}</span>`;
  return html`<li>${place === null ? null : html`<svg class="curves key" viewBox="0 0 22 8" width="22" height="8" aria-hidden="true"><path class="${lineClass(place)}" d="M1 4H21"/></svg> `}${label === '' ? 'now' : label} <b>${values.length === 0 ? '–' : numberText(mean)}</b>${spread}</li>`;
}
