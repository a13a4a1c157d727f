/** The line under a result that says which cell it is from and, when it is out of date, what made it. */
import { type Html, html } from '../../../lib/html.ts';
import type { Origin, ReportInput } from '../model/input.ts';
import { madeText } from '../model/outdated.ts';
import { stateLooks } from '../model/state.ts';
import { badge } from './badge.ts';

export function originLine(origin: Origin, { params }: ReportInput): Html {
  const { cell, stale, made } = origin;
  if (!stale) return html`<p class="origin">from <code>${cell}</code></p>`;
  return html`<p class="origin">${badge(stateLooks.outdated)} from <code>${cell}</code>, ${madeText(made, params)}</p>`;
}
