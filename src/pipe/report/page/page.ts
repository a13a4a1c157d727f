/**
 * The report: one HTML file that needs nothing else. Its policy allows one style sheet and one script, by their
 * digests, and no request at all; the same input gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../../../lib/diagnostics/diagnostic.ts';
import { timeText } from '../../../lib/format.ts';
import { type Html, html, raw } from '../../../lib/html.ts';
import { pageScript } from '../client/script.ts';
import { drawFigures, type FigureStore } from '../figure/figure.ts';
import { figureData } from '../figure/figure-data.ts';
import type { Baseline } from '../model/baseline.ts';
import { problemLine, type ReportInput } from '../model/input.ts';
import { packed } from './assets.ts';
import { cellsSection } from './section/cells.ts';
import { claimsSection } from './section/claims.ts';
import { comparisonSection } from './section/comparison.ts';
import { dagSection } from './section/dag.ts';
import { failuresSection } from './section/failures.ts';
import { figuresSection } from './section/figures.ts';
import { headSection } from './section/head.ts';
import { metricsSection } from './section/metrics.ts';
import { provenanceSection, reproduceSection } from './section/provenance.ts';
import { tablesSection } from './section/tables.ts';
import { timelineSection } from './section/timeline.ts';
import { styleSheet } from './style.ts';
import { embeddable, reportTwin } from './twin.ts';

export interface BuiltReport {
  readonly html: string;
  readonly json: string;
  /** What the author of the pipeline should know: figures that were not drawn, a page that is getting large. */
  readonly warnings: readonly string[];
  /** Marks that could not be read or drawn, each with its file and place; among the warnings too. */
  readonly faults: readonly string[];
}

export interface ReportOptions {
  /** Where drawn figures are kept between reports. */
  readonly store?: FigureStore | null;
  /** Text of the runtime for interaction (see runtime.ts); null: figures are pictures with descriptions only. */
  readonly runtime?: string | null;
  /** An earlier report to compare with. */
  readonly baseline?: Baseline | null;
}

/** Sizes in bytes at which a report is called large, and refused. */
export const reportLimits = { warn: 2_000_000, refuse: 10_000_000 } as const;

/** Draws the page and its JSON twin. No I/O but importing vega and dagre. Throws UserError above `reportLimits.refuse`. */
export async function buildReport(
  input: ReportInput,
  { store = null, runtime = null, baseline = null }: ReportOptions = {},
): Promise<BuiltReport> {
  const figures = await drawFigures(input.figures, store);
  const json = JSON.stringify(reportTwin(input, figures, { figureData: true }));
  const inside = JSON.stringify(reportTwin(input, figures, { figureData: false }));
  const sections: readonly (readonly [string, string, Html | null])[] = [
    ['comparison', 'Since the baseline', comparisonSection(input, baseline)],
    ['metrics', 'Key figures', metricsSection(input)],
    ['figures', 'Figures', figuresSection(input, figures)],
    ['results', 'Tables', tablesSection(input, baseline)],
    ['claims', 'Claims', claimsSection(input)],
    ['failures', 'Failures', failuresSection(input)],
    ['pipeline', 'Pipeline', await dagSection(input)],
    ['work', 'What ran', cellsSection(input)],
    ['timeline', 'Timeline', timelineSection(input)],
    ['provenance', 'Provenance', provenanceSection(input)],
    ['reproduce', 'Reproduce', reproduceSection(input)],
  ];
  const shown = sections.filter(([, , body]) => body !== null);
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<div class="wrap"><nav aria-label="Sections">${shown.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
<main class="page" id="content">${headSection(input)}${shown.map(([, , section]) => section)}
<footer class="foot"><p>Made by pipe ${input.provenance.version}${input.run === null ? null : ` from run ${input.run.id} of ${timeText(input.run.started)}`}. One file, nothing loaded from anywhere: its Content-Security-Policy is <code>default-src 'none'</code>. The same content as JSON stands in <code>#report-data</code> and beside this file.</p></footer></main></div>`;
  const live = figures.some((one) => one.live !== null) ? runtime : null;
  const widths = [...body.text.matchAll(/class="fit w(\d+)"/g)].map((match) => Number(match[1]));
  const style = styleSheet(widths);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${digest(style)}'; script-src '${digest(pageScript)}'${live === null ? null : ` '${digest(live)}'`}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="pipe ${input.provenance.version}">
<title>${input.title}</title>
<style>${raw(style)}</style></head>
<body>
${body}
<script type="application/json" id="report-data">${raw(embeddable(inside))}</script>
${
  figures.length === 0
    ? null
    : html`<script type="text/plain" id="figure-data">${raw(packed(JSON.stringify(figureData(figures, live !== null))))}</script>
`
}${
  live === null
    ? null
    : html`<script type="text/plain" id="live-runtime" data-names="${JSON.stringify(figures.flatMap((one) => (one.live === null ? [] : [one.figure.name])))}">${raw(packed(live))}</script>
`
}<script>${raw(pageScript)}</script>
</body></html>
`.text;
  const size = Buffer.byteLength(page);
  if (size > reportLimits.refuse)
    throw new UserError(
      `the report would be ${megabytes(size)} (at most ${megabytes(reportLimits.refuse)})`,
      {
        hint: 'bin or aggregate the data of its figures, or mark fewer outs for the report',
      },
    );
  const faults = [
    ...input.problems.map(problemLine),
    ...figures.flatMap(({ figure, error }) =>
      error === null ? [] : [`figure ${figure.name} of ${figure.origin.cell} could not be drawn: ${error}`],
    ),
  ];
  return {
    html: page,
    json,
    faults,
    warnings: [
      ...faults,
      ...(size > reportLimits.warn ? [`the report is ${megabytes(size)}: large to open and to send`] : []),
    ],
  };
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
