/** Tables that stages marked for the report: sortable, mean ± std with n where it is short of what was planned. */

import { countText, numberText, signedText } from '../../../../lib/format.ts';
import { anchor, type Html, html } from '../../../../lib/html.ts';
import type { Json } from '../../../../lib/json.ts';
import { isJsonObject, jsonText } from '../../../../lib/json.ts';
import type { TableColumn, TableRead } from '../../../report-format.ts';
import { type Baseline, baselineRow } from '../../model/baseline.ts';
import type { Origin, ReportInput } from '../../model/input.ts';
import { originLine } from '../origin.ts';

export function tablesSection(input: ReportInput, baseline: Baseline | null): Html | null {
  if (input.tables.length === 0) return null;
  const shown = input.tables.filter(({ value }) => hasData(value));
  const empty = input.tables.filter(({ value }) => !hasData(value));
  return html`<section id="results"><h2>Tables</h2>${shown.map(
    ({ value, origin }) => html`<div class="result" id="${anchor('table', `${origin.cell}-${origin.out}`)}">
<h3>${value.title}</h3><p class="caption">${value.caption}</p>
${resultTable(value, origin, baseline)}
${commonN(value) === null ? null : html`<p class="quiet common">Each mean is of n = ${commonN(value)} unless noted.</p>`}
${value.notes.length === 0 ? null : html`<ul class="notes">${value.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${originLine(origin, input)}</div>`,
  )}${empty.length === 0 ? null : html`<p class="note">${countText(empty.length, 'table')} left out, without data in this run: ${empty.map(({ value }) => value.title).join('; ')}.</p>`}</section>`;
}

/** At least one value besides what names the row: the texts before its numbers, or the first of nothing but texts. */
function hasData({ columns, rows }: TableRead): boolean {
  const first = columns.findIndex(({ kind }) => kind !== 'text');
  const values = columns.slice(first < 0 ? Math.min(1, columns.length - 1) : first);
  return rows.some((row) =>
    values.some(({ name, kind }) => {
      const value = row[name] ?? null;
      return kind === 'text' ? value !== null && value !== '' : asSpread(value).mean !== null;
    }),
  );
}

/** The best value of each column that says which direction is better; nothing where all are the same. */
function bestValues({ columns, rows }: TableRead): ReadonlyMap<string, number> {
  const best = new Map<string, number>();
  for (const { name, better } of columns) {
    if (better === undefined) continue;
    const means = rows.flatMap((row) => asSpread(row[name] ?? null).mean ?? []);
    if (new Set(means).size > 1)
      best.set(name, better === 'higher' ? Math.max(...means) : Math.min(...means));
  }
  return best;
}

function resultTable(table: TableRead, origin: Origin, baseline: Baseline | null): Html {
  const common = commonN(table);
  const best = bestValues(table);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${table.title}"><table class="sortable"><thead><tr>${table.columns.map(
    (column) =>
      html`<th scope="col"${column.kind === 'text' ? null : html` class="num"`}${groupOf(column)}>${column.label}${column.unit === undefined ? null : html` <span class="unit">${column.unit}</span>`}</th>`,
  )}</tr></thead><tbody>${table.rows.map((row) => {
    const before = baseline === null ? null : baselineRow(baseline, origin, table.columns, row);
    return html`<tr>${table.columns.map((column, i) => tableCell(column, row[column.name] ?? null, i === 0, before?.[column.name] ?? null, { common, best: best.get(column.name) ?? null }))}</tr>`;
  })}</tbody></table></div>`;
}

/** The script folds the columns of a group behind a button; without it they stand there. */
function groupOf({ group }: TableColumn): Html | null {
  return group === undefined ? null : html` data-group="${group}"`;
}

function tableCell(
  column: TableColumn,
  value: Json,
  isFirst: boolean,
  before: Json,
  { common, best }: { common: number | null; best: number | null },
): Html {
  if (column.kind === 'text') {
    const text = value === null ? '–' : jsonText(value);
    return isFirst ? html`<th scope="row">${text}</th>` : html`<td${groupOf(column)}>${text}</td>`;
  }
  const now = asSpread(value);
  const short = now.n !== null && now.planned !== null && now.n < now.planned;
  const n = short
    ? `n = ${now.n} of ${now.planned}`
    : now.n === null || now.n === common
      ? null
      : `n = ${now.n}`;
  return html`<td class="num" data-v="${now.mean ?? ''}"${groupOf(column)}>${now.mean !== null && now.mean === best ? html`<b class="best" title="best of its column">${numberText(now.mean, column.digits)}</b>` : numberText(now.mean, column.digits)}${
    now.std === null ? null : html` <span class="quiet">± ${numberText(now.std, column.digits)}</span>`
  }${n === null ? null : html` <span class="${short ? 'short' : 'quiet'}">${n}</span>`}${delta(column, now, asSpread(before))}</td>`;
}

/** The n that every complete mean of a table has; null when they differ or there is none. */
function commonN(table: TableRead): number | null {
  const complete = table.columns
    .filter(({ kind }) => kind === 'spread')
    .flatMap(({ name }) => table.rows.map((row) => asSpread(row[name] ?? null)))
    .filter(({ n, planned }) => n !== null && n === planned);
  const [first] = complete;
  return first !== undefined && complete.every(({ n }) => n === first.n) ? first.n : null;
}

interface Value {
  readonly mean: number | null;
  readonly std: number | null;
  readonly n: number | null;
  readonly planned: number | null;
}

/** A plain number is a mean without spread. */
function asSpread(value: Json): Value {
  if (typeof value === 'number') return { mean: value, std: null, n: null, planned: null };
  const spread = isJsonObject(value) ? value : {};
  const number = (item: Json | undefined): number | null => (typeof item === 'number' ? item : null);
  const n = number(spread.n);
  return { mean: number(spread.mean), std: number(spread.std), n, planned: number(spread.planned) ?? n };
}

/** Change since the baseline, with its 95 % interval (normal, unequal variances) where both sides have a spread. */
function delta(column: TableColumn, now: Value, before: Value): Html | null {
  if (now.mean === null || before.mean === null) return null;
  const change = now.mean - before.mean;
  if (change === 0) return null;
  const spread =
    now.std !== null && before.std !== null && (now.n ?? 0) > 1 && (before.n ?? 0) > 1
      ? 1.96 * Math.sqrt(now.std ** 2 / now.n! + before.std ** 2 / before.n!)
      : null;
  // A change that its own interval does not tell from none is neither better nor worse.
  const significant = spread === null || Math.abs(change) > spread;
  const better =
    column.better === undefined || !significant ? null : change > 0 === (column.better === 'higher');
  const word = better === null ? null : better ? 'better' : 'worse';
  return html`<br><span class="delta">Δ ${signedText(change, column.digits)}${spread === null ? null : ` ± ${numberText(spread, column.digits)}`}${word === null ? null : html` <span class="${word === 'better' ? 'good' : 'bad'}">${word}</span>`}</span>`;
}
