/** Claims: each verdict with its effect, interval, size and the source's own words. */

import { numberText, signedText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import type { Claim } from '../../../report-format.ts';
import type { Origin, ReportInput } from '../../model/input.ts';
import { verdictLooks } from '../../model/state.ts';
import { badge } from '../badge.ts';
import { originLine } from '../origin.ts';

export function claimsSection(input: ReportInput): Html | null {
  const claims = input.claims.flatMap(({ value, origin }) => value.map((claim) => ({ claim, origin })));
  if (claims.length === 0) return null;
  return html`<section id="claims"><h2>Claims</h2>
<p class="note">Each verdict is computed from what was run. Too few seeds or too small a scale gives <em>undecided</em>, never a verdict without data.</p>
<ol class="claims">${claims.map(({ claim, origin }) => claimItem(claim, origin, input))}</ol></section>`;
}

function claimItem(claim: Claim, origin: Origin, input: ReportInput): Html {
  return html`<li class="claim ${verdictLooks[claim.verdict].tone}" id="claim-${claim.id}">
<div class="claim-verdict">${badge(verdictLooks[claim.verdict])}</div>
<div class="claim-body"><p class="statement">${claim.statement}</p>
<p class="detail">${claim.detail}</p>
<p class="origin">${claim.source}${claim.paper === '' ? null : html` · source says: ${claim.paper}`}</p>${origin.stale ? originLine(origin, input) : null}</div>
<dl class="claim-facts">
<div><dt>Effect</dt><dd class="num">${claim.effect === null ? '–' : signedText(claim.effect, 2)}</dd></div>
<div><dt>Interval</dt><dd class="num">${
    claim.interval === null
      ? '–'
      : html`${signedText(claim.interval[0], 2)} … ${signedText(claim.interval[1], 2)}${intervalPicture(claim.interval, claim.effect)}`
  }</dd></div>
<div><dt>n</dt><dd class="num">${numberText(claim.n)} of ${numberText(claim.planned)}</dd></div>
<div><dt>Scale</dt><dd>${claim.scale}</dd></div>
</dl></li>`;
}

/** The interval against zero, to a scale of its own: does it touch zero, and how far off is it? */
function intervalPicture(interval: readonly [number, number], effect: number | null): Html {
  const reach = Math.max(Math.abs(interval[0]), Math.abs(interval[1]), Math.abs(effect ?? 0)) || 1;
  const at = (value: number): number => Math.round((60 + (value / reach) * 54) * 10) / 10;
  return html`<svg class="interval" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true"><path class="zero" d="M60,1V13"/><path class="span" d="M${at(interval[0])},7H${at(interval[1])}"/>${
    effect === null ? null : html`<circle cx="${at(effect)}" cy="7" r="3.5"/>`
  }</svg>`;
}
