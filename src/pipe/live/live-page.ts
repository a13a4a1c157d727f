/** The live page as it is first sent: whole without its script, which only replaces parts as they change. */
import { html } from '../../lib/html.ts';
import { clientFiles, liveScript } from '../report/page/client-files.ts';
import { shellPage } from '../report/page/shell.ts';
import { version } from '../version.ts';
import type { liveParts, PartName } from './live-parts.ts';

/** In the page's order, with what the list of sections calls them. */
const sections: readonly (readonly [PartName, string])[] = [
  ['head', 'Run'],
  ['failures', 'Failures'],
  ['stages', 'Stages'],
  ['running', 'At work'],
  ['curves', 'Metrics by step'],
];

export async function livePage(title: string, parts: ReturnType<typeof liveParts>): Promise<string> {
  const [{ style }, script] = await Promise.all([clientFiles(), liveScript()]);
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<div class="wrap"><nav aria-label="Sections">${sections.map(([name, title]) => html`<a href="#part-${name}">${title}</a>`)}</nav>
<main class="page live" id="content"><header class="head"><p class="kicker">live <span id="link" role="status"></span></p>
<h1>${title}</h1></header>${sections.map(([name]) => html`<section id="part-${name}">${parts[name]}</section>`)}
<section id="log" hidden><h2>Log of <code id="log-cell"></code></h2><p><button type="button" id="log-close">Close</button></p><pre tabindex="0" role="region" aria-label="Log" id="log-text"></pre></section>
<noscript><p class="note">Without scripts this page stands still: load it again to see how far the run is.</p></noscript>
<footer class="foot"><p>Made by pipe ${version} on this machine, for whoever has its address. It shows and changes nothing.</p></footer></main></div>`;
  return shellPage({ title: `${title}: live`, style, body, script, connect: "'self'" });
}
