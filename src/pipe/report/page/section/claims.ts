/** Claims: each verdict with its effect, interval, size and the source's own words. */

import { countText, numberText, signedText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import type { ClaimPart, JudgedClaim } from '../../../report-format.ts';
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
${undecided.length === 0 ? null : html`<details class="undecided"><summary>${undecidedLine(undecided.map(({ claim }) => claim))}${hintsOf(input)}</summary><ol class="claims">${undecided.map(({ claim, origin }) => claimItem(claim, origin, input))}</ol></details>`}</section>`;
}

/** What is missing for the claims that have no verdict, in one line. */
function undecidedLine(claims: readonly JudgedClaim[]): string {
  const without = claims.filter(({ n }) => n === 0).length;
  const few = claims.length - without;
  return [
    ...(without === 0
      ? []
      : [
          `${countText(without, 'claim')} ${without === 1 ? 'needs' : 'need'} results that this run leaves out`,
        ]),
    ...(few === 0
      ? []
      : [`${countText(few, 'claim')} undecided: too few seeds, too small a scale, or too close to call`]),
  ].join('; ');
}

/** What stages say of how to decide the others, once each; what stands in backticks is code. */
function hintsOf({ claims }: ReportInput): readonly Html[] {
  const open = claims.filter(({ value }) => value.some(({ verdict }) => verdict === 'undecided'));
  return [...new Set(open.flatMap(({ hint }) => hint ?? []))].map(
    (hint) =>
      html`. <span class="hint">${hint.split('`').map((text, i) => (i % 2 === 1 ? html`<code>${text}</code>` : html`${text}`))}</span>`,
  );
}

function claimItem(claim: JudgedClaim, origin: Origin, input: ReportInput): Html {
  return html`<li class="claim ${verdictLooks[claim.verdict].tone}" id="claim-${claim.id}">
<div class="claim-verdict">${badge(verdictLooks[claim.verdict])}</div>
<div class="claim-body"><p class="statement">${claim.statement}</p>${origin.stale ? originLine(origin, input) : null}
<details><summary>Why</summary>${claim.parts === undefined || claim.parts.length === 0 ? html`<p class="detail">${claim.detail}</p>` : partsTable(claim.parts, claim.id)}
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

/** The arithmetic: a row per comparison, and what it came to. */
function partsTable(parts: readonly ClaimPart[], id: string): Html {
  const range = (found: ClaimPart['interval']) =>
    found === null ? '–' : `${signedText(found[0], 2)} … ${signedText(found[1], 2)}`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Parts of claim ${id}"><table><thead><tr><th scope="col">Part</th><th scope="col" class="num">Effect</th><th scope="col" class="num">Interval</th><th scope="col" class="num">n</th><th scope="col">Which side</th></tr></thead><tbody>${parts.map(
    ({ what, effect, interval, n, side }) =>
      html`<tr><th scope="row">${what}</th><td class="num">${effect === null ? '–' : signedText(effect, 2)}</td><td class="num">${range(interval)}</td><td class="num">${numberText(n)}</td><td>${side}</td></tr>`,
  )}</tbody></table></div>`;
}

/** The interval against zero, to a scale of its own: does it touch zero, and how far off is it? */
function intervalPicture(interval: readonly [number, number], effect: number | null): Html {
  const reach = Math.max(Math.abs(interval[0]), Math.abs(interval[1]), Math.abs(effect ?? 0)) || 1;
  const at = (value: number): number => Math.round((60 + (value / reach) * 54) * 10) / 10;
  return html`<svg class="interval" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true"><path class="zero" d="M60,1V13"/><path class="span" d="M${at(interval[0])},7H${at(interval[1])}"/>${
    effect === null ? null : html`<circle cx="${at(effect)}" cy="7" r="3.5"/>`
  }</svg>`;
}
