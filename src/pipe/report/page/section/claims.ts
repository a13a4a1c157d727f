/** Claims: each verdict with its effect, interval, size and the source's own words. */

import { countText, numberText, signedText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import type { JudgedClaim } from '../../../report-format.ts';
import type { Origin, ReportInput } from '../../model/input.ts';
import { verdictLooks } from '../../model/state.ts';
import { badge } from '../badge.ts';
import { originLine } from '../origin.ts';

export function claimsSection(input: ReportInput): Html | null {
  const claims = input.claims.flatMap(({ value, origin }) => value.map((claim) => ({ claim, origin })));
  if (claims.length === 0) return null;
  const decided = claims.filter(({ claim }) => claim.verdict !== 'undecided');
  const undecided = claims.filter(({ claim }) => claim.verdict === 'undecided');
  return html`<section id="claims"><h2>Claims</h2>
${decided.length === 0 ? null : html`<ol class="claims">${decided.map(({ claim, origin }) => claimItem(claim, origin, input))}</ol>`}
${undecided.length === 0 ? null : html`<details class="undecided"><summary>${undecidedLine(undecided.map(({ claim }) => claim))}</summary><ol class="claims">${undecided.map(({ claim, origin }) => claimItem(claim, origin, input))}</ol></details>`}</section>`;
}

/** What is missing for the claims that have no verdict, in one line. */
function undecidedLine(claims: readonly JudgedClaim[]): string {
  const without = claims.filter(({ n }) => n === 0).length;
  const few = claims.length - without;
  return [
    ...(without === 0
      ? []
      : [
          `${countText(without, 'claim')} without the results ${without === 1 ? 'it needs' : 'they need'}: this run leaves them out`,
        ]),
    ...(few === 0
      ? []
      : [`${countText(few, 'claim')} undecided: too few seeds, too small a scale, or too close to call`]),
  ].join('; ');
}

function claimItem(claim: JudgedClaim, origin: Origin, input: ReportInput): Html {
  return html`<li class="claim ${verdictLooks[claim.verdict].tone}" id="claim-${claim.id}">
<div class="claim-verdict">${badge(verdictLooks[claim.verdict])}</div>
<div class="claim-body"><p class="statement">${claim.statement}</p>${origin.stale ? originLine(origin, input) : null}
<details><summary>Why</summary><p class="detail">${claim.detail}</p>
<p class="origin">${claim.source}${claim.paper === '' ? null : html` · source says: ${claim.paper}`}</p>
<dl class="claim-facts">
<div><dt>Effect</dt><dd class="num">${claim.effect === null ? '–' : signedText(claim.effect, 2)}</dd></div>
<div><dt>Interval</dt><dd class="num">${
    claim.interval === null
      ? '–'
      : html`${signedText(claim.interval[0], 2)} … ${signedText(claim.interval[1], 2)}${intervalPicture(claim.interval, claim.effect)}`
  }</dd></div>
<div><dt>n</dt><dd class="num">${numberText(claim.n)} of ${numberText(claim.planned)}</dd></div>
<div><dt>Scale</dt><dd>${claim.scale}</dd></div>
</dl></details></div></li>`;
}

/** The interval against zero, to a scale of its own: does it touch zero, and how far off is it? */
function intervalPicture(interval: readonly [number, number], effect: number | null): Html {
  const reach = Math.max(Math.abs(interval[0]), Math.abs(interval[1]), Math.abs(effect ?? 0)) || 1;
  const at = (value: number): number => Math.round((60 + (value / reach) * 54) * 10) / 10;
  return html`<svg class="interval" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true"><path class="zero" d="M60,1V13"/><path class="span" d="M${at(interval[0])},7H${at(interval[1])}"/>${
    effect === null ? null : html`<circle cx="${at(effect)}" cy="7" r="3.5"/>`
  }</svg>`;
}
