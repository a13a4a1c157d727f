/** Key figures: the numbers that stages marked as metrics. */

import { numberText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import type { ReportInput } from '../../model/input.ts';
import { stateLooks } from '../../model/state.ts';
import { badge } from '../badge.ts';

const shownFirst = 4;

/** A dotted or underscored name may go on in the next line after any of its parts. */
function breakable(name: string): readonly Html[] {
  return name.split(/(?<=[._/-])/).map((part, i) => (i === 0 ? html`${part}` : html`<wbr>${part}`));
}

export function metricsSection(input: ReportInput): Html | null {
  const all = input.metrics.flatMap(({ value, meanings, origin }) =>
    Object.entries(value).map(([name, number]) => ({
      name,
      number,
      cell: origin.cell,
      stale: origin.stale,
      meaning: meanings[name],
    })),
  );
  // Those that say what they mean are the key figures; the others follow.
  const metrics = [...all.filter(({ meaning }) => meaning), ...all.filter(({ meaning }) => !meaning)];
  if (metrics.length === 0) return null;
  const severalCells = new Set(metrics.map(({ cell }) => cell)).size > 1;
  return html`<section id="metrics"><h2>Key figures</h2>
<dl class="tiles">${metrics
    .slice(0, shownFirst)
    .map(
      ({ name, number, cell, stale, meaning }) =>
        html`<div${stale ? html` class="outdated"` : null}><dt>${breakable(name)}${severalCells ? html` <span class="quiet">${cell}</span>` : null}</dt><dd class="num">${number === null ? html`<span class="quiet">undefined</span>` : numberText(number)}${meaning?.unit === undefined ? null : html` <span class="unit">${meaning.unit}</span>`}${stale ? html` ${badge(stateLooks.outdated)}` : null}</dd>${meaning === undefined ? null : html`<dd class="means">${meaning.means}</dd>`}</div>`,
    )}</dl>
${
  metrics.length <= shownFirst
    ? null
    : html`<details><summary>All ${metrics.length} metrics</summary><div class="scroll" tabindex="0" role="region" aria-label="All metrics"><table class="sortable"><thead><tr><th scope="col">Metric</th><th scope="col">Cell</th><th scope="col" class="num">Value</th></tr></thead><tbody>${metrics.map(
        ({ name, number, cell, stale }) =>
          html`<tr><th scope="row">${name}</th><td><code>${cell}</code>${stale ? html` ${badge(stateLooks.outdated)}` : null}</td><td class="num" data-v="${number ?? ''}">${number === null ? 'undefined' : numberText(number)}</td></tr>`,
      )}</tbody></table></div></details>`
}</section>`;
}
