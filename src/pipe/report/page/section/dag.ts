/** The pipeline as a graph, the matrix collapsed: one box a stage with its cells by state. Laid out by dagre. */

import type { EdgeLabel, GraphLabel, NodeLabel } from '@dagrejs/dagre';
import { countText } from '../../../../lib/format.ts';
import { type Html, html, raw } from '../../../../lib/html.ts';
import { textWidth } from '../../figure/text-width.ts';
import type { ReportCell, ReportInput } from '../../model/input.ts';
import { countStates, stateLooks } from '../../model/state.ts';

interface Box {
  readonly name: string;
  readonly lines: readonly string[];
  readonly cells: readonly ReportCell[] | null;
  readonly width: number;
  readonly height: number;
}

/** Widest graph that is drawn from left to right; wider ones go down the page. */
const widest = 900;

export async function dagSection(input: ReportInput): Promise<Html | null> {
  if (input.stages.length === 0) return null;
  const boxes = stageBoxes(input);
  const edges = input.stages.flatMap((stage) => stage.reads.map((from) => [from, stage.name] as const));
  const across = await layout(boxes, edges, 'LR');
  const laid = across.width <= widest ? across : await layout(boxes, edges, 'TB');
  return html`<section id="pipeline"><h2>Pipeline</h2>
<p class="note">One box per stage, its matrix collapsed; a thin bar shows its cells by state.</p>
<div class="canvas" tabindex="0" role="group" aria-label="Graph of stages"><div class="fit w${Math.ceil(laid.width / 20) * 20}">${raw(laid.svg)}</div></div>
${stageTable(input)}</section>`;
}

function stageBoxes(input: ReportInput): ReadonlyMap<string, Box> {
  const boxes = new Map<string, Box>();
  for (const source of input.sources) boxes.set(`source.${source.name}`, box(source.name, ['source'], null));
  for (const stage of input.stages) {
    for (const read of stage.reads)
      if (read.startsWith('source.') && !boxes.has(read))
        boxes.set(read, box(read.slice(7), ['source'], null));
    const cells = input.cells.filter((cell) => cell.stage === stage.name);
    const matrix =
      stage.axes.length === 0 ? '' : `${stage.axes.join(' × ')}: ${countText(cells.length, 'cell')}`;
    boxes.set(stage.name, box(stage.name, [...(matrix === '' ? [] : [matrix]), stateLine(cells)], cells));
  }
  return boxes;
}

function box(name: string, lines: readonly string[], cells: readonly ReportCell[] | null): Box {
  const width = Math.max(textWidth(name, 13, true), ...lines.map((line) => textWidth(line, 11)), 72) + 28;
  return {
    name,
    lines,
    cells,
    width: Math.ceil(width),
    height: 30 + 15 * lines.length + (cells === null ? 0 : 8),
  };
}

function stateLine(cells: readonly ReportCell[]): string {
  return countStates(cells)
    .map(([state, count]) => `${stateLooks[state].sign} ${count} ${stateLooks[state].word}`)
    .join('  ');
}

async function layout(
  boxes: ReadonlyMap<string, Box>,
  edges: readonly (readonly [string, string])[],
  direction: 'LR' | 'TB',
): Promise<{ readonly svg: string; readonly width: number }> {
  const { Graph, layout: place } = await import('@dagrejs/dagre');
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  graph.setGraph({
    rankdir: direction,
    nodesep: 22,
    ranksep: direction === 'LR' ? 44 : 36,
    marginx: 8,
    marginy: 8,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, { width, height }] of boxes) graph.setNode(id, { width, height });
  for (const [from, to] of edges) if (boxes.has(from)) graph.setEdge(from, to);
  place(graph);
  const { width = 0, height = 0 } = graph.graph();
  const lines = edges
    .filter(([from]) => boxes.has(from))
    .map(([from, to]) => edgePath(graph.edge(from, to).points ?? []));
  const nodes = [...boxes].map(([id, content]) => {
    const { x = 0, y = 0 } = graph.node(id);
    return boxSvg(content, { x, y });
  });
  const svg = html`<svg class="dag" role="img" aria-label="${describe(boxes, edges)}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}">
<defs><marker id="dag-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0.5L7.5,4L0,7.5Z"/></marker></defs>
${lines}${nodes}</svg>`;
  return { svg: svg.text, width };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A smooth line through dagre's points: quadratic curves between the middles of its legs. */
function edgePath(points: readonly Point[]): Html {
  const first = points[0]!;
  const last = points.at(-1)!;
  let path = `M${at(first)}`;
  for (let i = 1; i < points.length - 1; i++) {
    const point = points[i]!;
    const next = points[i + 1]!;
    const end = i === points.length - 2 ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    path += `Q${at(point)} ${at(end)}`;
  }
  if (points.length === 2) path += `L${at(last)}`;
  return html`<path class="edge" d="${path}" marker-end="url(#dag-arrow)"/>`;
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}

function boxSvg({ name, lines, cells, width, height }: Box, center: Point): Html {
  const left = Math.round(center.x - width / 2);
  const top = Math.round(center.y - height / 2);
  return html`<g class="${cells === null ? 'source' : 'stage'}"><rect x="${left}" y="${top}" width="${width}" height="${height}" rx="${cells === null ? height / 2 : 6}"/>
<text class="name" x="${center.x}" y="${top + 19}">${name}</text>${lines.map((line, i) => html`<text x="${center.x}" y="${top + 35 + 15 * i}">${line}</text>`)}${
    cells === null ? null : stateBar(cells, left + 12, top + height - 10, width - 24)
  }</g>`;
}

function stateBar(cells: readonly ReportCell[], left: number, top: number, width: number): readonly Html[] {
  let x = left;
  return countStates(cells).map(([state, count]) => {
    const share = (count / cells.length) * width;
    const bar = html`<rect class="bar ${stateLooks[state].tone}" x="${round(x)}" y="${top}" width="${round(share)}" height="4"/>`;
    x += share;
    return bar;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function describe(boxes: ReadonlyMap<string, Box>, edges: readonly (readonly [string, string])[]): string {
  return `Stages: ${[...boxes.values()]
    .filter(({ cells }) => cells !== null)
    .map(({ name, lines }) => `${name} (${lines.join(', ')})`)
    .join('; ')}. Edges: ${edges.map(([from, to]) => `${from} to ${to}`).join(', ')}.`;
}

/** The same graph as a table, for those who cannot see it and for numbers that a box has no room for. */
function stageTable(input: ReportInput): Html {
  return html`<details><summary>Stages as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Stages"><table><thead><tr><th scope="col">Stage</th><th scope="col">What it does</th><th scope="col">Reads</th><th scope="col">Matrix</th><th scope="col">Cells</th></tr></thead><tbody>${input.stages.map(
    (stage) => {
      const cells = input.cells.filter((cell) => cell.stage === stage.name);
      return html`<tr><th scope="row">${stage.name}</th><td>${stage.description}</td><td>${stage.reads.join(', ')}</td><td>${stage.axes.join(' × ')}</td><td>${stateLine(cells)}</td></tr>`;
    },
  )}</tbody></table></div></details>`;
}
