/** Failures, equal ones grouped, each with the end of its log, the command that reruns it, and what it kept from running. */

import { countText, durationText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../lib/html.ts';
import { runCommand } from '../../../run/rerun.ts';
import { type FailureGroup, failureGroups } from '../../model/failure-groups.ts';
import type { ReportInput } from '../../model/input.ts';
import { stateLooks } from '../../model/state.ts';
import { badge } from '../badge.ts';

const namedCells = 6;

/** What of a report its failures are made of. */
type Failing = Pick<ReportInput, 'cells' | 'pipeline' | 'profile' | 'set'>;

export function failuresSection(input: ReportInput): Html | null {
  const boxes = failureBoxes(input);
  return boxes.length === 0 ? null : html`<section id="failures"><h2>Failures</h2>${boxes}</section>`;
}

/** A box per group of equal failures; the live page shows them too. */
export function failureBoxes(input: Failing): readonly Html[] {
  return failureGroups(input.cells).map((group) => failureBox(group, input));
}

function failureBox({ cells, blocked }: FailureGroup, input: Failing): Html {
  const first = cells[0]!;
  const named = cells.slice(0, namedCells);
  const tail = first.error?.tail.slice(-20) ?? [];
  return html`<article class="failure"><h3>${badge(stateLooks[first.state], cells.length === 1 ? stateLooks[first.state].word : `${cells.length} × ${stateLooks[first.state].word}`)} ${named.map((cell, i) => html`${i > 0 ? ', ' : null}<code>${cell.id}</code>`)}${cells.length > namedCells ? html` <span class="quiet">and ${cells.length - namedCells} more</span>` : null}</h3>
<p>${first.error?.message ?? 'No message was left.'}${first.error?.hint ? html` <span class="hint">${first.error.hint}</span>` : null}</p>
${tail.length === 0 ? null : html`<pre tabindex="0" role="region" aria-label="End of the log of ${first.id}">${tail.join('\n')}</pre>`}
<dl class="line"><div><dt>After</dt><dd>${durationText(first.ms)}${first.attempts > 1 ? `, attempt ${first.attempts}` : null}</dd></div>${
    first.log === null ? null : html`<div><dt>Log</dt><dd><code>${first.log}</code></dd></div>`
  }${blocked === 0 ? null : html`<div><dt>Not run because of it</dt><dd>${countText(blocked, 'cell')}</dd></div>`}<div><dt>Run it again</dt><dd><code>${runCommand(input, [first.id])}</code></dd></div></dl></article>`;
}
