/** A difference as a page: one file like the report, with changed figures side by side. */
import { anchor, type Html, html, raw } from '../../lib/html.ts';
import type { DrawnFigure, FigureStore } from '../report/figure/figure.ts';
import { clientFiles } from '../report/page/client-files.ts';
import { figureStyle } from '../report/page/figure-style.ts';
import { shellPage } from '../report/page/shell.ts';
import { version } from '../version.ts';
import type { FigureChange, ResultsDifference } from './difference.ts';
import { drawSide } from './difference-figures.ts';
import { type DifferencePart, differenceParts, sameText, sideText } from './difference-text.ts';
import type { ResultFigure } from './results.ts';

/** `store`: where drawn figures are kept. */
export async function differencePage(
  difference: ResultsDifference,
  store: FigureStore | null,
): Promise<string> {
  const { from, to, figures } = difference;
  const before = await drawSide(figures, 'before', store);
  const after = await drawSide(figures, 'after', store);
  const pairs = figures.map((change) => pairItem(change, before.get(change.name), after.get(change.name)));
  const title = `${from.label} and ${to.label}`;
  const notes = [...from.notes, ...to.notes];
  const parts = differenceParts(difference).filter((part) => part.title !== 'Figures');
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<div class="wrap"><nav aria-label="Sections">${[...parts.map(({ title }) => title), ...(pairs.length === 0 ? [] : ['Figures'])].map((title) => html`<a href="#${anchor('part', title)}">${title}</a>`)}</nav>
<main class="page" id="content"><header class="head"><p class="kicker">Comparison</p>
<h1>${title}</h1><p class="facts"><span>before: ${sideText(from)}</span> <span aria-hidden="true">·</span> <span>after: ${sideText(to)}</span> <span aria-hidden="true">·</span> <span>${sameText(difference)}</span></p></header>
${notes.length === 0 ? null : html`<aside class="notice info" aria-label="Notes"><h2><span class="sign" aria-hidden="true">i</span> How this was found</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></aside>`}
${parts.length + pairs.length === 0 ? html`<p class="note">Nothing differs.</p>` : null}
${parts.slice(0, 2).map(partSection)}
${pairs.length === 0 ? null : html`<section id="${anchor('part', 'Figures')}"><h2>Figures</h2>${pairs}</section>`}
${parts.slice(2).map(partSection)}
<footer class="foot"><p>Made by pipe ${version}. One file, nothing loaded from anywhere.</p></footer></main></div>`;
  const { script, style } = await clientFiles();
  const widths = [...body.text.matchAll(/class="fit w(\d+)"/g)].map((match) => Number(match[1]));
  return shellPage({ title, style: style.trimEnd() + figureStyle(widths), body, script });
}

function partSection({ title, header, rows }: DifferencePart): Html {
  return html`<section id="${anchor('part', title)}"><h2>${title}</h2><div class="scroll" tabindex="0" role="region" aria-label="${title} that differ"><table class="sortable"><thead><tr>${header.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.map(
    ([first, ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map((text) => html`<td>${text}</td>`)}</tr>`,
  )}</tbody></table></div></section>`;
}

function pairItem(
  { name, title, how, before, after }: FigureChange,
  from: DrawnFigure | undefined,
  to: DrawnFigure | undefined,
): Html {
  return html`<div class="pair" role="group" aria-label="${title}"><h3>${title} <span class="quiet">${name}, ${how}</span></h3>
${picture('before', before, from)}${picture('after', after, to)}</div>`;
}

function picture(side: string, figure: ResultFigure | null, one: DrawnFigure | undefined): Html {
  const title = `${figure?.meta.title ?? ''}, ${side}`;
  if (figure === null)
    return html`<div class="side"><h4>${side}</h4><p class="quiet">There is none.</p></div>`;
  if (one === undefined || one.drawn === null)
    return html`<div class="side"><h4>${side}</h4><p class="missing">It cannot be drawn: ${one?.error ?? 'the report holds no specification'}</p></div>`;
  const width = Math.min(Math.ceil(one.drawn.width / 20) * 20, 1400);
  return html`<div class="side"><h4>${side}</h4><div class="canvas" tabindex="0" role="group" aria-label="${title}"><div class="fit w${width}">${raw(one.drawn.svg)}</div></div></div>`;
}
