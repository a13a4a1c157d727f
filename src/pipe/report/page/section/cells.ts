/** What ran, what came from the cache, and why: by stage, then cell by cell. */

import { bytesText, countText, durationText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import { reasonText } from '../../../key/reason-text.ts';
import type { ReportCell, ReportInput } from '../../model/input.ts';
import { countStates, hasFailed, hasResults, stateLooks, wasCached } from '../../model/state.ts';
import { badge } from '../badge.ts';

/** Up to this many cells the table stands open. */
const openUpTo = 24;
/** Cells listed one by one: a page of more is slow to open. */
const listedCells = 1500;

export function cellsSection(input: ReportInput): Html | null {
  if (input.cells.length === 0) return null;
  const withResults = input.cells.filter(({ state }) => hasResults(state)).length;
  const listed = input.cells.length <= listedCells ? input.cells : mostTelling(input.cells);
  const all = listed.length === input.cells.length;
  return html`<section id="work"><h2>What ran, and what was cached</h2>
<p class="note">${withResults} of ${countText(input.cells.length, 'cell')} have their results: ${countStates(
    input.cells,
  )
    .map(([state, count]) => `${count} ${stateLooks[state].word}`)
    .join(', ')}.${takenText(input.cells)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Work by stage"><table class="sortable"><thead><tr><th scope="col">Stage</th><th scope="col">Cells</th><th scope="col" class="num">Ran</th><th scope="col" class="num">Cached</th><th scope="col" class="num">Failed</th><th scope="col" class="num">Not run</th><th scope="col" class="num">Time spent</th><th scope="col" class="num">Time saved</th><th scope="col">Why it ran</th></tr></thead><tbody>${input.stages.map(
    (stage) =>
      stageRow(
        stage.name,
        input.cells.filter((cell) => cell.stage === stage.name),
      ),
  )}</tbody></table></div>
<details class="cells"${input.cells.length <= openUpTo ? html` open` : null}><summary>${all ? 'Every cell' : 'Failed and slowest cells'} <span class="quiet">${all ? countText(listed.length, 'cell') : `${listed.length} of ${countText(input.cells.length, 'cell')}`}</span></summary>
<div class="scroll tall" tabindex="0" role="region" aria-label="${all ? 'Every cell' : 'Failed and slowest cells'}"><table class="sortable filtered"><thead><tr><th scope="col">Cell</th><th scope="col">State</th><th scope="col" class="num">Time</th><th scope="col" class="num">Size</th>${memoryHead(listed)}<th scope="col">Why</th><th scope="col">Key</th></tr></thead><tbody>${listed.map((cell) => cellRow(cell, knowsMemory(listed)))}</tbody></table></div>${all ? null : html`<p class="note">${listed.length} of ${countText(input.cells.length, 'cell')}: failed ones first, then the slowest. The other ${input.cells.length - listed.length} are counted in the table by stage; <code>report.json</code> has them all.</p>`}</details></section>`;
}

/** What one looks for among thousands: failures, then what took longest. */
function mostTelling(cells: readonly ReportCell[]): readonly ReportCell[] {
  const rank = ({ state, ms }: ReportCell) => (hasFailed(state) ? Number.POSITIVE_INFINITY : (ms ?? 0));
  return [...cells]
    .sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0))
    .slice(0, listedCells);
}

/** Which results another machine made, and what that saved. */
function takenText(cells: readonly ReportCell[]): string {
  const taken = cells.filter(({ from }) => from !== null);
  const remote = taken[0]?.from;
  if (remote === undefined) return '';
  return ` ${countText(taken.length, 'result')} came from ${remote}, ${durationText(sumMs(taken))} saved.`;
}

function stageRow(name: string, cells: readonly ReportCell[]): Html {
  const ran = cells.filter(({ state }) => state === 'done');
  const cached = cells.filter(({ state }) => wasCached(state));
  const failed = cells.filter(({ state }) => hasFailed(state));
  const spent = sumMs([...ran, ...failed]);
  const saved = sumMs(cached);
  return html`<tr><th scope="row">${name}</th><td class="count" data-v="${cells.length}">${countText(cells.length, 'cell')}</td>${[
    ran.length,
    cached.length,
    failed.length,
    cells.length - ran.length - cached.length - failed.length,
  ].map(
    (count) => html`<td class="num">${count}</td>`,
  )}<td class="num" data-v="${spent}">${spent === 0 ? '–' : durationText(spent)}</td><td class="num" data-v="${saved}">${saved === 0 ? '–' : durationText(saved)}</td><td class="why">${commonReasons(cells)}</td></tr>`;
}

/** The first reason of each cell, equal ones counted. */
function commonReasons(cells: readonly ReportCell[]): string {
  const counts = new Map<string, number>();
  for (const { reasons } of cells) {
    const [first] = reasons;
    if (first === undefined) continue;
    // Aligned stages: each cell has another cell above it, the reason is one.
    const text = first.kind === 'upstream' ? `${first.cell.replace(/\[.*$/, '')} changed` : reasonText(first);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const texts = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([text, count]) => (count === 1 ? text : `${text} (${count})`));
  return texts.length > 3
    ? `${texts.slice(0, 3).join('; ')}; and ${texts.length - 3} more`
    : texts.join('; ');
}

/** A column that only a run in which memory was measured has. */
function knowsMemory(cells: readonly ReportCell[]): boolean {
  return cells.some(({ peakBytes }) => peakBytes !== null);
}

function memoryHead(cells: readonly ReportCell[]): Html | null {
  return knowsMemory(cells) ? html`<th scope="col" class="num">Memory</th>` : null;
}

function cellRow(cell: ReportCell, withMemory: boolean): Html {
  const why = cell.cause === null ? cell.reasons.map(reasonText).join('; ') : `${cell.cause} failed`;
  return html`<tr><th scope="row"><code>${cell.id}</code></th><td>${badge(stateLooks[cell.state])}${
    cell.from === null ? null : html` <span class="quiet">from ${cell.from}</span>`
  }${
    cell.attempts > 1 ? html` <span class="quiet">attempt ${cell.attempts}</span>` : null
  }</td><td class="num" data-v="${cell.ms ?? ''}">${durationText(cell.ms)}</td><td class="num" data-v="${cell.outBytes ?? ''}">${bytesText(cell.outBytes)}</td>${
    withMemory
      ? html`<td class="num" data-v="${cell.peakBytes ?? ''}">${bytesText(cell.peakBytes)}</td>`
      : null
  }<td class="why">${why}</td><td><code>${cell.key?.slice(0, 10) ?? '–'}</code></td></tr>`;
}

function sumMs(cells: readonly ReportCell[]): number {
  return cells.reduce((sum, { ms }) => sum + (ms ?? 0), 0);
}
