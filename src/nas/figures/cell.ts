/** Figure 1: the cell of an architecture, its four nodes and six edges, each edge in the colour of its operation. */
import { type Architecture, edges, operations, toBenchmarkString, toDigits } from '../space/architecture.ts';
import type { Datum, Figure } from './figure.ts';
import { operationColour } from './palette.ts';

const nodeNames = ['in', '1', '2', 'out'];
/** How far an edge bends away from the line of nodes, in distances between neighbours: none crosses another's label. */
const bends = [0, 0.75, 0, 1.5, -0.75, 0] as const;
const steps = 24;

/** The drawing and, as its data, a row per edge. `what` is said of the architecture in the caption. */
export function cellFigure(
  architecture: Architecture,
  what: string,
  words: { readonly name: string; readonly title: string },
): Figure {
  const data = edges.map(
    ([from, to], edge): Datum => ({
      edge,
      from,
      to,
      operation: operations[architecture[edge]!],
    }),
  );
  return {
    ...words,
    caption:
      `${what} ${toBenchmarkString(architecture)}, digits ${toDigits(architecture)}. Edges lead from left to right; a node takes the ` +
      'mean or the sum of what arrives; zero (dashed) lets nothing through.',
    section: 'The benchmark',
    // Behind what the run found: this is what was there before it.
    order: 101,
    statement: 'A NAS-Bench-201 cell with operations on the edges between its nodes (figure 1).',
    spec: {
      width: 420,
      height: 190,
      view: { stroke: null },
      layer: [...edgeLayers(architecture), ...nodeLayers()],
    },
    data,
  };
}

const x = { field: 'x', type: 'quantitative', scale: { domain: [-0.3, 3.3] }, axis: null };
const y = { field: 'y', type: 'quantitative', scale: { domain: [-0.65, 0.95] }, axis: null };

/** Curves, and their operations' names beside them. */
function edgeLayers(architecture: Architecture): object[] {
  const curves = edges.flatMap(([from, to], edge) =>
    Array.from({ length: steps + 1 }, (_, step) => ({
      ...pointOn(from, to, bends[edge]!, step / steps),
      edge,
      step,
      operation: operations[architecture[edge]!],
    })),
  );
  const labels = edges.map(([from, to], edge) => ({
    ...pointOn(from, to, bends[edge]!, 0.5),
    operation: operations[architecture[edge]!],
  }));
  const used = operations.filter((_, id) => architecture.some((own) => own === id));
  const color = {
    field: 'operation',
    type: 'nominal',
    scale: { domain: used, range: used.map((name) => operationColour[name]) },
    legend: null,
  };
  return [
    {
      data: { values: curves },
      mark: { type: 'line', strokeWidth: 2.5 },
      encoding: {
        x,
        y,
        color,
        detail: { field: 'edge' },
        order: { field: 'step' },
        strokeDash: { condition: { test: "datum.operation === 'zero'", value: [5, 5] }, value: [1, 0] },
      },
    },
    {
      data: { values: labels },
      mark: { type: 'text', dy: -9, fontSize: 12 },
      encoding: { x, y, text: { field: 'operation' }, color },
    },
  ];
}

function nodeLayers(): object[] {
  const nodes = nodeNames.map((name, position) => ({ x: position, y: 0, name }));
  return [
    {
      data: { values: nodes },
      mark: { type: 'circle', size: 900, color: '#8b919b', opacity: 1 },
      encoding: { x, y },
    },
    {
      data: { values: nodes },
      mark: { type: 'text', fontSize: 10, color: 'white', fontWeight: 'bold' },
      encoding: { x, y, text: { field: 'name' } },
    },
  ];
}

/** A quadratic Bézier curve between two nodes of the line; half of `bend` is its height in the middle. */
function pointOn(from: number, to: number, bend: number, t: number): { x: number; y: number } {
  return { x: round(from + (to - from) * t), y: round(2 * t * (1 - t) * bend) };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
