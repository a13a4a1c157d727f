/** Why a great many cells must run, in five lines: how they stand, what most of it goes back to, and where to look next. */
import { countText } from '../../lib/format.ts';
import type { Reason } from '../key/fingerprint.ts';
import { rootCauses } from '../key/reason.ts';
import { reasonLine } from '../key/reason-line.ts';
import type { CellId } from '../plan/graph.ts';
import { type CellView, isFresh, lastEndLine, reasonsOf, stateOf } from './cell-view.ts';

/** Causes that get a line of their own. */
const causesShown = 3;

/** `views`: of the whole pipeline, because causes lie upstream of what was asked for. */
export function storyLines(
  chosen: readonly CellView[],
  views: ReadonlyMap<CellId, CellView>,
): readonly string[] {
  const stale = chosen.filter(({ status }) => !isFresh(status));
  const causes = [...failuresOf(stale), ...causesOf(stale, views)].sort((a, b) => b.count - a.count);
  const shown = causes.slice(0, causesShown);
  const rest = causes.length - shown.length;
  const [example] = stale;
  return [
    `${countText(chosen.length, 'cell')}: ${standing(chosen)}`,
    ...shown.map(({ count, text }) => `${countText(count, 'cell')} because: ${text}`),
    ...(example === undefined
      ? []
      : [
          `${rest > 0 ? `${countText(rest, 'more cause')}; ` : ''}one cell: pipe why '${example.id}'; every group of cells: --all`,
        ]),
  ];
}

/** `40 up to date, 900 must run, 60 wait for others`. */
function standing(chosen: readonly CellView[]): string {
  const words: Readonly<Record<string, string>> = {
    'up-to-date': 'up to date',
    stale: 'must run',
    restorable: 'in the cache',
    waiting: 'wait for others',
    cancelled: 'were cancelled',
  };
  const counts = new Map<string, number>();
  for (const view of chosen) {
    const state = stateOf(view);
    const word = words[state] ?? state;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([word, count]) => `${count} ${word}`).join(', ');
}

interface Cause {
  readonly count: number;
  readonly text: string;
}

function failuresOf(stale: readonly CellView[]): readonly Cause[] {
  const groups = new Map<string, { count: number; text: string }>();
  for (const view of stale) {
    if (stateOf(view) !== 'failed') continue;
    const key = view.lastEnd?.error?.message.split('\n')[0] ?? '';
    const group = groups.get(key) ?? { count: 0, text: `${view.id}: ${lastEndLine(view) ?? 'it failed'}` };
    group.count++;
    groups.set(key, group);
  }
  return [...groups.values()];
}

function causesOf(stale: readonly CellView[], views: ReadonlyMap<CellId, CellView>): readonly Cause[] {
  const reasons = new Map<CellId, readonly Reason[]>();
  for (const view of views.values()) if (!isFresh(view.status)) reasons.set(view.id, reasonsOf(view));
  const wanted = new Set(stale.map(({ id }) => id));
  return rootCauses(reasons)
    .map(({ reason, cells }) => ({
      count: cells.filter((id) => wanted.has(id)).length,
      text: reasonLine(reason),
    }))
    .filter(({ count }) => count > 0);
}
