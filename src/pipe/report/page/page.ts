/**
 * The report: one HTML file that needs nothing else. Its policy allows one style sheet and one script, by their
 * digests, and no request at all; the same input gives the same bytes.
 */
import { UserError } from '../../../lib/diagnostics/diagnostic.ts';
import { bytesText, timeText } from '../../../lib/format.ts';
import { type Html, html, raw } from '../../../lib/html.ts';
import { type DrawnFigure, drawFigures, type FigureStore } from '../figure/figure.ts';
import { figureData } from '../figure/figure-data.ts';
import type { Baseline } from '../model/baseline.ts';
import { problemLine, type ReportInput } from '../model/input.ts';
import { type ClientFiles, clientFiles, packed } from './client-files.ts';
import { figureStyle } from './figure-style.ts';
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
import { shellPage } from './shell.ts';
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
  /** Text of the runtime for interaction (client-files.ts); null: figures are pictures with descriptions only. */
  readonly runtime?: string | null;
  /** An earlier report to compare with. */
  readonly baseline?: Baseline | null;
}

/** Sizes in bytes at which a report is called large, and refused. */
export const reportLimits = { warn: 1.9 * 2 ** 20, refuse: 9.5 * 2 ** 20 } as const;

/**
 * Draws the page and its JSON twin. No I/O but importing vega and dagre, and reading what was built for the browser.
 * Throws UserError above `reportLimits.refuse`.
 */
export async function buildReport(
  input: ReportInput,
  { store = null, runtime = null, baseline = null }: ReportOptions = {},
): Promise<BuiltReport> {
  const figures = await drawFigures(input.figures, store);
  const body = bodyOf(input, await sectionsOf(input, figures, baseline));
  const html = wholePage(input, figures, { ...(await clientFiles()), runtime, body });
  const size = Buffer.byteLength(html);
  if (size > reportLimits.refuse)
    throw new UserError(
      `the report would be ${bytesText(size)} (at most ${bytesText(reportLimits.refuse)})`,
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
    html,
    json: JSON.stringify(reportTwin(input, figures, { figureData: true })),
    faults,
    warnings: [
      ...faults,
      ...(size > reportLimits.warn ? [`the report is ${bytesText(size)}: large to open and to send`] : []),
    ],
  };
}

interface Section {
  readonly id: string;
  readonly name: string;
  readonly content: Html;
}

/** In the page's order; those that have nothing to say are left out. */
async function sectionsOf(
  input: ReportInput,
  figures: readonly DrawnFigure[],
  baseline: Baseline | null,
): Promise<readonly Section[]> {
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
  return sections.flatMap(([id, name, content]) => (content === null ? [] : [{ id, name, content }]));
}

function bodyOf(input: ReportInput, sections: readonly Section[]): Html {
  return html`<a class="skip" href="#content">Skip to the content</a>
<div class="wrap"><nav aria-label="Sections">${sections.map(({ id, name }) => html`<a href="#${id}">${name}</a>`)}</nav>
<main class="page" id="content">${headSection(input)}${sections.map(({ content }) => content)}
<footer class="foot"><p>Made by pipe ${input.provenance.version}${input.run === null ? null : ` from run ${input.run.id} of ${timeText(input.run.started)}`}. One file, nothing loaded from anywhere: its Content-Security-Policy is <code>default-src 'none'</code>. The same content as JSON stands in <code>#report-data</code> and beside this file.</p></footer></main></div>`;
}

/** Everything in one file, under a policy that names what may run by its digest. */
function wholePage(
  input: ReportInput,
  figures: readonly DrawnFigure[],
  { script, style, runtime, body }: ClientFiles & { readonly runtime: string | null; readonly body: Html },
): string {
  const live = figures.some((one) => one.live !== null) ? runtime : null;
  const widths = [...body.text.matchAll(/class="fit w(\d+)"/g)].map((match) => Number(match[1]));
  const styles = style.trimEnd() + figureStyle(widths);
  return shellPage({
    title: input.title,
    style: styles,
    body,
    script,
    more: live === null ? [] : [live],
    data: html`<script type="application/json" id="report-data">${raw(embeddable(JSON.stringify(reportTwin(input, figures, { figureData: false }))))}</script>
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
}`,
  });
}
