/** Head of the page: title, verdict, a line of facts, notices. */

import { countText, durationText, timeText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import { problemLine, type ReportInput } from '../../model/input.ts';
import { type Outdated, outdatedResults } from '../../model/outdated.ts';
import { hasResults, verdictLooks, wasCached } from '../../model/state.ts';
import { shortRevision, verdict } from '../../model/verdict.ts';
import { badge } from '../badge.ts';
import { originLine } from '../origin.ts';

export function headSection(input: ReportInput): Html {
  return html`<header class="head">
<p class="kicker">${input.pipeline}${input.profile === null ? null : html` · profile <b>${input.profile}</b>`}</p>
<h1>${input.title}</h1>
${input.description === '' ? null : html`<p class="lead">${input.description}</p>`}
<p class="verdict">${badge(...verdict(input))} ${claimCounts(input)}</p>
<p class="facts">${facts(input).map((fact, i) => html`${i > 0 ? html` <span aria-hidden="true">·</span> ` : null}<span>${fact}</span>`)}</p>
</header>
${input.notices.map(
  ({ value, origin }) => html`<aside class="notice ${value.level}" aria-label="${value.title}">
<h2><span class="sign" aria-hidden="true">${value.level === 'warning' ? '!' : 'i'}</span> ${value.title}</h2>
<p>${value.text}</p>
${
  Object.keys(value.facts).length === 0
    ? null
    : html`<details><summary>Details</summary><dl>${Object.entries(value.facts).map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>${origin.stale ? null : originLine(origin, input)}</details>`
}
${origin.stale || Object.keys(value.facts).length === 0 ? originLine(origin, input) : null}</aside>`,
)}
${staleBox(outdatedResults(input))}${input.problems.length === 0 ? null : problemBox(input)}`;
}

function claimCounts(input: ReportInput): readonly Html[] {
  const claims = input.claims.flatMap(({ value }) => value);
  return (['supported', 'contradicted', 'undecided'] as const).flatMap((name) => {
    const count = claims.filter((claim) => claim.verdict === name).length;
    return count === 0 ? [] : [badge(verdictLooks[name], `${countText(count, 'claim')} ${name}`)];
  });
}

function facts(input: ReportInput): readonly string[] {
  const { run } = input;
  if (run === null)
    return [
      input.cells.some(({ state }) => hasResults(state))
        ? 'from the cache, no run is recorded'
        : 'no run of this configuration yet',
    ];
  const cached = input.cells.filter(({ state }) => wasCached(state)).length;
  const ran = input.cells.filter(({ state }) => state === 'done').length;
  return [
    timeText(run.started),
    `run ${run.id}`,
    ...(input.provenance.revision === null ? [] : [`revision ${shortRevision(input.provenance.revision)}`]),
    `took ${durationText(run.ms)}`,
    `${ran} ran, ${cached} of ${input.cells.length} cached`,
    ...(run.savedMs > 0 ? [`${durationText(run.savedMs)} saved`] : []),
    ...(run.outcome === 'interrupted' ? ['interrupted'] : []),
    ...(run.outcome === 'running' ? ['still running'] : []),
  ];
}

function staleBox(outdated: Outdated | null): Html | null {
  if (outdated === null) return null;
  const { title, text, rerun, reportAsMade } = outdated;
  return html`<aside class="notice warning" aria-label="${title}"><h2><span class="sign" aria-hidden="true">≠</span> ${title}</h2><p>${text}</p>
<p><code>${rerun}</code> makes them anew${reportAsMade === null ? null : html`; <code>${reportAsMade}</code> shows them under the configuration that made them`}.</p></aside>`;
}

function problemBox(input: ReportInput): Html {
  return html`<aside class="notice warning" aria-label="Results that could not be shown"><h2><span class="sign" aria-hidden="true">!</span> ${countText(input.problems.length, 'result')} could not be shown</h2>
<ul>${input.problems.map((problem) => html`<li>${problemLine(problem)}</li>`)}</ul></aside>`;
}
