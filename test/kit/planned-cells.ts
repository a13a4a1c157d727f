/** Cells and graphs written by hand, for tests of what only reads them. */
import type { Cell, CellId, DepBinding, Graph } from '../../src/pipe/plan/graph.ts';

const at = { file: 'pipeline.yaml', line: 1, column: 1 };

export function id(text: string): CellId {
  return text as CellId;
}

export function cellOf(name: string, more: Partial<Cell> = {}): Cell {
  return {
    id: id(name),
    stage: name.split('[')[0] ?? name,
    axes: {},
    axisValues: {},
    run: { kind: 'command', python: null, command: 'true', shell: null, values: {}, at },
    params: {},
    deps: [],
    outs: [],
    resources: { cpu: 1, gpu: 0, memory: 0, named: {} },
    executor: null,
    env: { set: {}, keyed: [], pass: [] },
    tools: new Map(),
    checkpoint: null,
    frozen: null,
    always: false,
    retries: 0,
    timeoutMs: null,
    estimateMs: null,
    upstream: [],
    ...more,
  };
}

export function reading(...cells: readonly string[]): Pick<Cell, 'deps' | 'upstream'> {
  return {
    deps: cells.map((cell): DepBinding => ({ kind: 'out', name: cell, cell: id(cell), out: 'out' })),
    upstream: cells.map(id),
  };
}

export function gathering(
  min: Readonly<Record<string, number>>,
  items: readonly (readonly [string, Readonly<Record<string, string>>])[],
): Pick<Cell, 'deps' | 'upstream'> {
  const over = Object.keys(items[0]?.[1] ?? {});
  return {
    deps: [
      {
        kind: 'gather',
        name: 'all',
        over,
        min,
        items: items.map(([cell, axes]) => ({ cell: id(cell), out: 'out', axes })),
      },
    ],
    upstream: items.map(([cell]) => id(cell)),
  };
}

/** `cells` in topological order. */
export function graphOf(cells: readonly Cell[]): Graph {
  return {
    cells: new Map(cells.map((cell) => [cell.id, cell])),
    stages: new Map(),
    sources: new Map(),
    resources: new Map(),
    executors: new Map(),
    executor: null,
    profile: null,
  };
}
