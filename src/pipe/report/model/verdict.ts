/** What a report says in one line: how much of the plan is there, and of which revision. */

import { countText } from '../../../lib/format.ts';
import type { ReportInput } from './input.ts';
import { type Badge, hasFailed, hasResults, stateLooks } from './state.ts';

/** The page's one verdict: what of the plan is there. */
export function verdict(input: ReportInput): readonly [Badge, string] {
  const all = input.cells.length;
  const withResults = input.cells.filter(({ state }) => hasResults(state)).length;
  const failed = input.cells.filter(({ state }) => hasFailed(state)).length;
  if (all === 0) return [stateLooks.waiting, 'Nothing planned'];
  if (failed > 0)
    return [stateLooks.failed, `${failed} failed, ${withResults} of ${countText(all, 'cell')} there`];
  const outdated = input.cells.filter(({ state }) => state === 'outdated').length;
  if (outdated > 0) return [stateLooks.outdated, `Out of date: ${outdated} of ${countText(all, 'cell')}`];
  if (withResults < all) return [stateLooks.running, `Partial: ${withResults} of ${countText(all, 'cell')}`];
  return [stateLooks.done, `Complete: ${countText(all, 'cell')}`];
}

/** A git revision short enough to read; what follows it ("+ changes") stays. */
export function shortRevision(revision: string): string {
  return revision.replace(/[0-9a-f]{13,}/, (whole) => whole.slice(0, 10));
}
