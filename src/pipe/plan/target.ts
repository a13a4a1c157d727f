/** Targets of a command: which cells `train`, `train[*,3]`, `seed=3`, `+X` and `X+` mean. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean, listOf } from '../../lib/diagnostics/suggest.ts';
import { parseCellId } from './cell-id.ts';
import type { CellId, Graph } from './graph.ts';

/**
 * The union of what each target names, in the graph's order. A target is a stage, a cell, a cell with `*` for axes left
 * open, or `axis=value`; a `+` before it adds all upstream cells, a `+` behind it all downstream ones.
 * Throws UserError (exit 2) for one that names nothing.
 */
export function selectCells(graph: Graph, targets: readonly string[]): ReadonlySet<CellId> {
  const chosen = new Set<CellId>();
  for (const target of targets) {
    const up = target.startsWith('+');
    const down = target.length > 1 && target.endsWith('+');
    const cells = named(graph, target.slice(up ? 1 : 0, down ? -1 : undefined));
    for (const id of cells) chosen.add(id);
    if (up) for (const id of withUpstream(graph, cells)) chosen.add(id);
    if (down) for (const id of withDownstream(graph, cells)) chosen.add(id);
  }
  return inGraphOrder(graph, chosen);
}

/** The cells and everything they need, in the graph's order: what running them means. */
export function withUpstream(graph: Graph, cells: Iterable<CellId>): ReadonlySet<CellId> {
  const seen = new Set(cells);
  // Cells come after what they need, so one walk from the back reaches everything.
  for (const cell of [...graph.cells.values()].reverse()) {
    if (seen.has(cell.id)) for (const id of cell.upstream) seen.add(id);
  }
  return inGraphOrder(graph, seen);
}

/** The cells and everything that needs them, in the graph's order. */
export function withDownstream(graph: Graph, cells: Iterable<CellId>): ReadonlySet<CellId> {
  const seen = new Set(cells);
  for (const cell of graph.cells.values()) {
    if (cell.upstream.some((id) => seen.has(id))) seen.add(cell.id);
  }
  return inGraphOrder(graph, seen);
}

function inGraphOrder(graph: Graph, chosen: ReadonlySet<CellId>): ReadonlySet<CellId> {
  return new Set([...graph.cells.keys()].filter((id) => chosen.has(id)));
}

function named(graph: Graph, text: string): readonly CellId[] {
  const equals = text.includes('[') ? -1 : text.indexOf('=');
  if (equals > 0) return cellsOfValue(graph, text.slice(0, equals), text.slice(equals + 1));
  const pattern = parseCellId(text);
  const stage = pattern ? graph.stages.get(pattern.stage) : undefined;
  if (!pattern || !stage) {
    const name = pattern?.stage ?? text.split('[')[0] ?? text;
    throw unknown(text, didYouMean(name, graph.stages.keys()) ?? `there is ${listOf(graph.stages.keys())}`);
  }
  if (!text.includes('[')) return stage.cells;
  if (pattern.names.length !== stage.axes.length) {
    const form = stage.axes.length === 0 ? stage.name : `${stage.name}[${stage.axes.join(',')}]`;
    throw unknown(text, `a cell of this stage is written ${form}, with * for any value`);
  }
  const matching = stage.cells.filter((id) => {
    const axes = graph.cells.get(id)?.axes ?? {};
    return pattern.names.every((name, index) => name === null || axes[stage.axes[index] ?? ''] === name);
  });
  if (matching.length === 0) {
    throw unknown(text, didYouMean(text, stage.cells) ?? `the stage has ${listOf(stage.cells)}`);
  }
  return matching;
}

function cellsOfValue(graph: Graph, axis: string, name: string): readonly CellId[] {
  const values = new Set<string>();
  const axes = new Set<string>();
  const matching: CellId[] = [];
  for (const cell of graph.cells.values()) {
    for (const known of Object.keys(cell.axes)) axes.add(known);
    const value = cell.axes[axis];
    if (value === undefined) continue;
    values.add(value);
    if (value === name) matching.push(cell.id);
  }
  const text = `${axis}=${name}`;
  if (!axes.has(axis)) throw unknown(text, didYouMean(axis, axes) ?? `axes are ${listOf(axes)}`);
  if (matching.length === 0)
    throw unknown(text, didYouMean(name, values) ?? `\`${axis}\` has ${listOf(values)}`);
  return matching;
}

function unknown(target: string, hint: string): UserError {
  return new UserError(`no cell is called \`${target}\``, { code: exitCode.usage, hint });
}
