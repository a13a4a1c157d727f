/** Tables that stages marked for the report: sortable, mean ± std with n where it is short of what was planned. */

import type { Json } from '../../json.ts';
import { isJsonObject } from '../../json.ts';
import { anchor, type Html, html } from '../html.ts';
import { jsonText, type ReportInput } from '../input.ts';
import type { TableColumn, TableDoc } from '../mark.ts';
import { numberText } from '../number.ts';

export function tablesSection(input: ReportInput): Html | null {
  if (input.tables.length === 0) return null;
  return html`<section id="results"><h2>Results</h2>${input.tables.map(
    ({ value, origin }) => html`<div class="result" id="${anchor('table', `${origin.cell}-${origin.out}`)}">
<h3>${value.title}</h3><p class="caption">${value.caption}</p>
${resultTable(value)}
${value.notes.length === 0 ? null : html`<ul class="notes">${value.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<p class="origin">from <code>${origin.cell}</code></p></div>`,
  )}</section>`;
}

function resultTable(table: TableDoc): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${table.title}"><table class="sortable"><thead><tr>${table.columns.map(
    (column) =>
      html`<th scope="col"${column.kind === 'text' ? null : html` class="num"`}>${column.label}${column.unit === undefined ? null : html` <span class="unit">${column.unit}</span>`}</th>`,
  )}</tr></thead><tbody>${table.rows.map(
    (row) =>
      html`<tr>${table.columns.map((column, i) => tableCell(column, row[column.name] ?? null, i === 0))}</tr>`,
  )}</tbody></table></div>`;
}

function tableCell(column: TableColumn, value: Json, isFirst: boolean): Html {
  if (column.kind === 'text') {
    const text = value === null ? '–' : jsonText(value);
    return isFirst ? html`<th scope="row">${text}</th>` : html`<td>${text}</td>`;
  }
  if (column.kind === 'number') {
    const number = typeof value === 'number' ? value : null;
    return html`<td class="num" data-v="${number ?? ''}">${numberText(number, column.digits)}</td>`;
  }
  const spread = isJsonObject(value) ? value : {};
  const mean = asNumber(spread.mean);
  const std = asNumber(spread.std);
  const n = asNumber(spread.n) ?? 0;
  const planned = asNumber(spread.planned) ?? n;
  return html`<td class="num" data-v="${mean ?? ''}">${numberText(mean, column.digits)}${
    std === null ? null : html` <span class="quiet">± ${numberText(std, column.digits)}</span>`
  }${n < planned ? html` <span class="short">n = ${n} of ${planned}</span>` : null}</td>`;
}

function asNumber(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
