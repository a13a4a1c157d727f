/** Failures of a run, equal ones together. */

import type { ReportCell } from './input.ts';
import { hasFailed } from './state.ts';

export interface FailureGroup {
  readonly cells: readonly ReportCell[];
  /** Cells that did not run because of these. */
  readonly blocked: number;
}

/** Failed cells of one stage with the same error are one group; the group with most cells first. */
export function failureGroups(cells: readonly ReportCell[]): readonly FailureGroup[] {
  const groups = new Map<string, ReportCell[]>();
  for (const cell of cells) {
    if (!hasFailed(cell.state)) continue;
    const key = JSON.stringify([cell.stage, cell.error?.kind ?? '', sameMessage(cell)]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()]
    .map((members) => {
      const ids = new Set(members.map(({ id }) => id));
      return {
        cells: members,
        blocked: cells.filter(({ cause }) => cause !== null && ids.has(cause)).length,
      };
    })
    .sort((a, b) => b.cells.length - a.cells.length);
}

/** The message without what differs between equal failures: the cell's own name, numbers, hexadecimal digests. */
function sameMessage(cell: ReportCell): string {
  return (cell.error?.message ?? '').replaceAll(cell.id, 'CELL').replace(/\b(?:0x)?[0-9a-f]{6,}\b|\d+/g, '#');
}
