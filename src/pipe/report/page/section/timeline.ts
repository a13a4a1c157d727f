/** When each cell of this run worked, by resource: a lane for each GPU and for as many at once as the processors had. */

import { countText, durationText } from '../../../../lib/format.ts';
import { type Html, html, raw } from '../../../../lib/html.ts';
import { textWidth } from '../../figure/text-width.ts';
import type { ReportCell, ReportInput } from '../../model/input.ts';
import { hasFailed, stateLooks } from '../../model/state.ts';

interface Span {
  readonly cell: ReportCell;
  /** Cells of the same stage right after it that are drawn as one with it. */
  readonly others?: number;
  readonly from: number;
  readonly to: number;
}
interface Lane {
  readonly label: string;
  readonly spans: readonly Span[];
}

const width = 860;
const left = 74;
const laneHeight = 22;
const laneGap = 4;
/** Stages get one of this many colours, by their place in the pipeline. */
const colours = 8;

export function timelineSection(input: ReportInput): Html | null {
  const spans = input.cells.flatMap((cell): readonly Span[] =>
    cell.startedMs === null || cell.endedMs === null
      ? []
      : [{ cell, from: cell.startedMs, to: Math.max(cell.endedMs, cell.startedMs + 1) }],
  );
  if (spans.length === 0) return null;
  const lanes = [...gpuLanes(spans), ...processorLanes(spans)];
  const end = Math.max(...spans.map(({ to }) => to));
  const busy = spans.reduce((sum, { from, to }) => sum + to - from, 0) / (end * lanes.length);
  const stages = input.stages.map(({ name }) => name);
  const seen = stages.filter((stage) => spans.some(({ cell }) => cell.stage === stage));
  return html`<section id="timeline"><h2>Timeline</h2>
<p class="note">${countText(spans.length, 'cell')} in ${durationText(end)} on ${countText(lanes.length, 'lane')}, which were busy ${Math.round(busy * 100)} % of the time.</p>
<ul class="legend">${seen.map((stage) => html`<li><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><rect class="c${stages.indexOf(stage) % colours}" width="12" height="12" rx="2"/></svg> ${stage}</li>`)}</ul>
<div class="canvas" tabindex="0" role="group" aria-label="Timeline"><div class="fit w${width}">${raw(timelineSvg(lanes, end, stages))}</div></div></section>`;
}

function gpuLanes(spans: readonly Span[]): readonly Lane[] {
  const ids = [...new Set(spans.flatMap(({ cell }) => cell.gpus))].sort((a, b) => a - b);
  return ids.map((id) => ({ label: `GPU ${id}`, spans: spans.filter(({ cell }) => cell.gpus.includes(id)) }));
}

/** Cells without a GPU, packed: each takes the first lane that is free when it starts. */
function processorLanes(spans: readonly Span[]): readonly Lane[] {
  const lanes: Span[][] = [];
  const free: number[] = [];
  const sorted = spans.filter(({ cell }) => cell.gpus.length === 0).sort((a, b) => a.from - b.from);
  for (const span of sorted) {
    const found = free.findIndex((time) => time <= span.from);
    const lane = found < 0 ? lanes.length : found;
    const members = lanes[lane];
    if (members) members.push(span);
    else lanes[lane] = [span];
    free[lane] = span.to;
  }
  return lanes.map((members, i) => ({ label: `process ${i + 1}`, spans: members }));
}

/** Of more bars than this in a lane, those that would be too narrow to be told apart are drawn as one. */
const barsApart = 300;

/** `least`: milliseconds that the narrowest bar of its own takes. A failed cell is never hidden in another's bar. */
function together(spans: readonly Span[], least: number): readonly Span[] {
  if (spans.length <= barsApart) return spans;
  const bars: Span[] = [];
  const isNarrow = ({ from, to, cell }: Span) => to - from < least && !hasFailed(cell.state);
  for (const span of spans) {
    const last = bars.at(-1);
    const joins =
      last !== undefined &&
      last.cell.stage === span.cell.stage &&
      isNarrow(span) &&
      (isNarrow(last) || (last.others ?? 0) > 0) &&
      span.from - last.to < least;
    if (joins) bars[bars.length - 1] = { ...last, to: span.to, others: (last.others ?? 0) + 1 };
    else bars.push(span);
  }
  return bars;
}

function timelineSvg(lanes: readonly Lane[], end: number, stages: readonly string[]): string {
  const height = lanes.length * (laneHeight + laneGap) + 26;
  const scale = (width - left - 12) / end;
  const x = (ms: number): number => Math.round((left + ms * scale) * 10) / 10;
  return html`<svg class="timeline" role="img" aria-label="Timeline of ${countText(lanes.length, 'lane')} over ${durationText(end)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${ticks(end).map((ms) => html`<path class="grid" d="M${x(ms)},0V${height - 22}"/><text class="tick" x="${x(ms)}" y="${height - 7}">${tickText(ms)}</text>`)}
${lanes.map(
  ({ label, spans }, i) =>
    html`<text class="lane" x="${left - 8}" y="${i * (laneHeight + laneGap) + 15}">${label}</text>${together(spans, 2 / scale).map((span) => bar(span, i * (laneHeight + laneGap), x, stages))}`,
)}</svg>`.text;
}

function bar(
  { cell, from, to, others = 0 }: Span,
  y: number,
  x: (ms: number) => number,
  stages: readonly string[],
): Html {
  const wide = Math.max(x(to) - x(from), 1.5);
  const failed = hasFailed(cell.state);
  const name = others === 0 ? cell.id : `${others + 1} cells of ${cell.stage}`;
  const text = failed ? `${stateLooks[cell.state].sign} ${name}` : name;
  return html`<rect class="c${Math.max(stages.indexOf(cell.stage), 0) % colours}${failed ? ' failed' : ''}" x="${x(from)}" y="${y}" width="${Math.round(wide * 10) / 10}" height="${laneHeight}" rx="2" data-l="${name}: ${stateLooks[cell.state].word}, ${durationText(to - from)} from ${durationText(from)}"/>${
    textWidth(text, 11) + 10 > wide
      ? null
      : html`<text class="in" x="${x(from) + 5}" y="${y + 15}">${text}</text>`
  }`;
}

/** Four to eight round times. */
function ticks(end: number): readonly number[] {
  const steps = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18_000, 36_000, 86_400, 172_800, 604_800,
  ];
  const wanted = end / 1000 / 6;
  const fine = wanted < 1 ? 10 ** Math.ceil(Math.log10(wanted)) : null;
  const step =
    (fine ?? steps.find((candidate) => candidate >= wanted) ?? Math.ceil(wanted / 604_800) * 604_800) * 1000;
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step);
}

function tickText(ms: number): string {
  if (ms === 0) return '0';
  const seconds = Math.round(ms) / 1000;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return seconds % 60 === 0 ? `${seconds / 60} min` : `${(seconds / 60).toFixed(1)} min`;
  if (seconds < 172_800)
    return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round((seconds / 86_400) * 10) / 10} d`;
}
