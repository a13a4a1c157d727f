/** Where the results come from, to the digest: code, data, params, software; and how to make them again. */

import { type Html, html } from '../../../../lib/html.ts';
import type { ReportInput } from '../../model/input.ts';
import { otherParams } from '../../model/outdated.ts';
import { flatParams } from '../../model/params.ts';

export function provenanceSection(input: ReportInput): Html {
  const { provenance } = input;
  const others = otherParams(input);
  const params = flatParams(input.params).map(([name, value]) => {
    const made = others.get(name);
    return made === undefined
      ? [name, value]
      : [name, `${value}; results out of date were made with ${made.join(', ')}`];
  });
  return html`<section id="provenance"><h2>Provenance</h2>
<dl class="facts-list">${[
    ['Pipeline', input.pipeline],
    ['Revision', provenance.revision ?? (input.run === null ? 'no run is recorded' : 'not a git repository')],
    ['pipe', provenance.version],
    ...Object.entries(provenance.environment),
  ].map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${nameTable(
  'Data',
  ['Source', 'Found at', 'sha256'],
  input.sources.map(({ name, path, sha256 }) => [name, path ?? 'not found', sha256 ?? 'not known']),
)}
${nameTable('Parameters', ['Name', 'Value'], params)}
${nameTable('Code', ['Stage', 'sha256 of its code'], Object.entries(provenance.code))}
${nameTable('Packages that the stages use', ['Package', 'Version'], Object.entries(provenance.packages))}
${nameTable('Tools', ['Probe', 'Output'], Object.entries(provenance.tools))}</section>`;
}

export function reproduceSection(input: ReportInput): Html {
  const { revision } = input.provenance;
  return html`<section id="reproduce"><h2>How to reproduce</h2>
<pre tabindex="0" role="region" aria-label="Commands">${input.commands.join('\n')}</pre>
${
  revision !== null && !/^[0-9a-f]+$/.test(revision)
    ? html`<p class="short">The working tree had changes that are not in this revision; the digests above tell the code apart.</p>`
    : null
}
<p class="note">A cell's key is the sha256 of everything that decides its results: code, parameters, data, environment. The same key means the same inputs; <code>npx pipe why CELL</code> names the first thing that differs.</p></section>`;
}

function nameTable(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Html | null {
  if (rows.length === 0) return null;
  return html`<details><summary>${title} <span class="quiet">${rows.length}</span></summary><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="sortable"><thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((text, i) => (i === 0 ? html`<th scope="row">${text}</th>` : html`<td><code>${text}</code></td>`))}</tr>`,
  )}</tbody></table></div></details>`;
}
