/** Figures under their headings, each with caption, the source's statement, the numbers behind it, and how it was made. */

import { parseCsv } from '../../../../lib/csv.ts';
import { countText } from '../../../../lib/format.ts';
import { anchor, type Html, html, raw } from '../../../../lib/html.ts';
import type { DrawnFigure } from '../../figure/figure.ts';
import type { ReportInput } from '../../model/input.ts';
import { originLine } from '../origin.ts';

/** Rows of the table behind a figure that stand in the page; the rest is in the report's data. */
const rowsShown = 50;
/** Up to this width, in px, two figures stand side by side. */
const halfWidth = 420;

export function figuresSection(input: ReportInput, figures: readonly DrawnFigure[]): Html | null {
  // What could not be drawn stays: its place says why. What has nothing to draw is named once.
  const empty = figures.filter(({ drawn }) => drawn?.marks === 0);
  const shown = figures.filter((one) => !empty.includes(one));
  if (figures.length === 0) return null;
  const sections = new Map<string, DrawnFigure[]>();
  for (const drawn of shown) {
    const name = drawn.figure.meta.section;
    sections.set(name, [...(sections.get(name) ?? []), drawn]);
  }
  return html`<section id="figures"><h2>Figures</h2>${[...sections].map(
    ([name, members]) =>
      html`<section class="figure-section" id="${anchor('section', name)}">${name === '' ? null : html`<h3>${name}</h3>`}${members.map((one) => figureItem(one, input))}</section>`,
  )}${empty.length === 0 ? null : html`<p class="note">${countText(empty.length, 'figure')} left out, without data in this run: ${empty.map(({ figure }) => figure.meta.title).join('; ')}.</p>`}</section>`;
}

function figureItem({ figure, drawn, error }: DrawnFigure, input: ReportInput): Html {
  const { meta, name, origin } = figure;
  const notDrawn = Math.max(meta.notDrawn ?? 0, drawn?.notDrawn ?? 0);
  return html`<figure id="${anchor('figure', name)}"${drawn !== null && drawn.width <= halfWidth ? html` class="half"` : null} data-figure="${name}">
<h4>${meta.title}</h4>
${
  drawn === null
    ? html`<p class="missing"><span class="sign" aria-hidden="true">✕</span> This figure could not be drawn: ${error}</p>`
    : html`<div class="canvas" tabindex="0" role="group" aria-label="${meta.title}"><div class="fit w${widthStep(drawn.width)}">${raw(drawn.svg)}</div></div>`
}
<figcaption><p>${meta.caption}</p>${meta.partial === undefined ? null : html`<p class="short">Partial: ${meta.partial}</p>`}${
    notDrawn === 0
      ? null
      : html`<p class="short">${countText(notDrawn, 'row')} not drawn: a value is missing or not a number.</p>`
  }${drawn === null ? null : warningNote(drawn.warnings)}</figcaption>
${origin.stale ? originLine(origin, input) : null}
${meta.statement === undefined ? null : html`<blockquote><p>${meta.statement}</p><footer>what the source says</footer></blockquote>`}
${figure.csv === null ? null : numbersTable(figure.csv, meta.title)}
<details class="made"><summary>How this was made</summary><p>Written by <code>${origin.cell}</code> as <code>${origin.out}/${name}.vl.json</code>${
    origin.key === null ? null : html`, key <code title="${origin.key}">${origin.key.slice(0, 12)}</code>`
  }. Drawn to SVG with Vega-Lite; the specification, data inside, stands under <code>figures</code> in <code>report.json</code>.</p></details>
</figure>`;
}

/** Widths go up in steps of 20 px, as classes: a strict policy allows no style attribute. */
export const widthSteps: readonly number[] = Array.from({ length: 70 }, (_, i) => 20 * (i + 1));

function widthStep(width: number): number {
  return Math.min(Math.ceil(width / 20) * 20, widthSteps.at(-1)!);
}

function numbersTable(csv: string, title: string): Html {
  const { header, rows } = parseCsv(csv);
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => isNumeric(row[i] ?? '')));
  return html`<details class="numbers"><summary>The numbers behind it <span class="quiet">${countText(rows.length, 'row')}</span></summary>
<div class="scroll" tabindex="0" role="region" aria-label="Numbers behind ${title}"><table class="sortable"><thead><tr>${header.map((name, i) => html`<th scope="col"${numeric[i] ? html` class="num"` : null}>${name}</th>`)}</tr></thead><tbody>${rows
    .slice(0, rowsShown)
    .map(
      (row) =>
        html`<tr>${header.map((_, i) => html`<td${numeric[i] ? html` class="num"` : null}>${numeric[i] ? shortNumber(row[i] ?? '') : (row[i] ?? '')}</td>`)}</tr>`,
    )}</tbody></table></div>${
    rows.length <= rowsShown
      ? null
      : html`<p class="quiet more">The first ${rowsShown} of ${rows.length} rows; the CSV has all of them, in full.</p>`
  }</details>`;
}

const longestWarning = 300;

function warningNote(warnings: readonly string[]): Html | null {
  if (warnings.length === 0) return null;
  const short = warnings.map((text) =>
    text.length > longestWarning ? `${text.slice(0, longestWarning)}…` : text,
  );
  if (short.length === 1) return html`<p class="short">${short[0]}</p>`;
  return html`<details class="short"><summary>${short.length} warnings of Vega-Lite</summary><ul>${short.map((text) => html`<li>${text}</li>`)}</ul></details>`;
}

/** Six significant digits; the CSV has the rest. */
function shortNumber(text: string): string {
  return text.length <= 8 ? text : String(Number(Number(text).toPrecision(6)));
}

function isNumeric(text: string): boolean {
  return text === '' || Number.isFinite(Number(text));
}
