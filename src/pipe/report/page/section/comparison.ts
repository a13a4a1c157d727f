/** What has changed since the baseline: metrics, verdicts, params, software, cells. */

import { countText, numberText, signedText, timeText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import { type Baseline, baselineLabel, type Change, compareWith } from '../../model/baseline.ts';
import type { ReportInput } from '../../model/input.ts';

/** Names of cells listed of a kind of change. */
const listed = 12;

export function comparisonSection(input: ReportInput, baseline: Baseline | null): Html | null {
  if (baseline === null) return null;
  const { metrics, verdicts, params, software, newCells, missingCells } = compareWith(baseline, input);
  const nothing = [metrics, verdicts, params, software, newCells, missingCells].every(
    (list) => list.length === 0,
  );
  return html`<section id="comparison"><h2>Since the baseline</h2>
<p class="note">Compared with ${baselineLabel(baseline)}${baseline.run === null ? null : ` of ${timeText(baseline.run.started)}`}.${nothing ? ' Nothing has changed.' : null}</p>
${
  metrics.length === 0
    ? null
    : html`<h3>Metrics</h3><div class="scroll" tabindex="0" role="region" aria-label="Metrics that changed"><table class="sortable"><thead><tr><th scope="col">Metric</th><th scope="col" class="num">Before</th><th scope="col" class="num">Now</th><th scope="col" class="num">Δ</th></tr></thead><tbody>${metrics.map(
        ({ name, from, to }) =>
          html`<tr><th scope="row">${name}</th><td class="num">${numberText(from)}</td><td class="num">${numberText(to)}</td><td class="num">${from === null || to === null ? '–' : signedText(to - from)}</td></tr>`,
      )}</tbody></table></div>`
}
${changeTable('Verdicts', 'Claim', verdicts)}${changeTable('Parameters', 'Name', params)}${changeTable('Code and software', 'Name', software)}
${cellList('New', newCells)}${cellList('No longer planned', missingCells)}</section>`;
}

function changeTable(title: string, column: string, list: readonly Change[]): Html | null {
  if (list.length === 0) return null;
  return html`<h3>${title}</h3><div class="scroll" tabindex="0" role="region" aria-label="${title} that changed"><table><thead><tr><th scope="col">${column}</th><th scope="col">Before</th><th scope="col">Now</th></tr></thead><tbody>${list.map(
    ({ name, from, to }) =>
      html`<tr><th scope="row">${name}</th><td>${from ?? html`<span class="quiet">absent</span>`}</td><td>${to ?? html`<span class="quiet">absent</span>`}</td></tr>`,
  )}</tbody></table></div>`;
}

function cellList(title: string, cells: readonly string[]): Html | null {
  if (cells.length === 0) return null;
  const more = cells.length - listed;
  return html`<p><b>${title}: ${countText(cells.length, 'cell')}.</b> ${cells.slice(0, listed).map((id, i) => html`${i > 0 ? ', ' : null}<code>${id}</code>`)}${more > 0 ? ` and ${more} more` : null}</p>`;
}
