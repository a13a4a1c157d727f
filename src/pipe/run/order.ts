/** What decides which cell goes first, and whether one may go on without some of what it gathers. */
import type { Cell, CellId, DepBinding, Graph } from '../plan/graph.ts';

/**
 * Milliseconds from the start of a cell to the end of the longest chain below it: what is on the longest path goes
 * first, because the run cannot end before it does. A cell without history counts as the mean of those with one.
 */
export function longestRemaining(
  graph: Graph,
  wanted: ReadonlySet<CellId>,
  expectedMs: (cell: CellId) => number | null,
): ReadonlyMap<CellId, number> {
  const known = [...wanted].flatMap((id) => expectedMs(id) || []);
  const usual = known.length === 0 ? 1 : known.reduce((sum, ms) => sum + ms, 0) / known.length;
  const result = new Map<CellId, number>();
  for (const cell of [...graph.cells.values()].reverse()) {
    if (!wanted.has(cell.id)) continue;
    const own = (result.get(cell.id) ?? 0) + (expectedMs(cell.id) ?? usual);
    result.set(cell.id, own);
    for (const id of cell.upstream) result.set(id, Math.max(result.get(id) ?? 0, own));
  }
  return result;
}

/** Whether a cell has all it reads, or for each gathered dep that lacks items the minimum that it declares. */
export function enoughGathered(cell: Cell, had: (id: CellId) => boolean): boolean {
  return cell.deps.every((dep) => {
    if (dep.kind === 'out') return had(dep.cell);
    return dep.kind !== 'gather' || enoughItems(dep, had);
  });
}

/** The minimum of an axis holds for each combination of the other gathered axes: 3 of 5 seeds of every variant. */
function enoughItems(dep: DepBinding & { kind: 'gather' }, had: (id: CellId) => boolean): boolean {
  if (dep.items.every((item) => had(item.cell))) return true;
  const minima = Object.entries(dep.min);
  if (minima.length === 0) return false;
  return minima.every(([axis, least]) => {
    const groups = new Map<string, number>();
    for (const item of dep.items) {
      const group = JSON.stringify(dep.over.filter((name) => name !== axis).map((name) => item.axes[name]));
      groups.set(group, (groups.get(group) ?? 0) + (had(item.cell) ? 1 : 0));
    }
    return [...groups.values()].every((count) => count >= least);
  });
}
