/** How a cell's state and a claim's verdict are shown: a word and a sign, with a colour beside, never by colour alone. */

import type { JudgedClaim } from '../../report-format.ts';
import { isCached, isFailed, isInPlace } from '../../run/cell-state.ts';
import type { CellState } from '../../run/event.ts';

export interface Badge {
  readonly word: string;
  readonly sign: string;
  /** Colour class in the style sheet. */
  readonly tone: 'good' | 'cached' | 'bad' | 'warn' | 'quiet';
}

/** `outdated`: what is in place was made by another configuration than the pipeline as it stands. */
export type ReportState = CellState | 'outdated';

/** In the order counts are listed. */
export const stateLooks: Readonly<Record<ReportState, Badge>> = {
  done: { word: 'ran', sign: '✓', tone: 'good' },
  'up-to-date': { word: 'cached', sign: '↺', tone: 'cached' },
  restored: { word: 'restored', sign: '↺', tone: 'cached' },
  frozen: { word: 'frozen', sign: '■', tone: 'cached' },
  failed: { word: 'failed', sign: '✕', tone: 'bad' },
  'dirty-inputs': { word: 'inputs changed', sign: '!', tone: 'warn' },
  outdated: { word: 'out of date', sign: '≠', tone: 'warn' },
  running: { word: 'running', sign: '▸', tone: 'warn' },
  blocked: { word: 'blocked', sign: '⊘', tone: 'quiet' },
  cancelled: { word: 'cancelled', sign: '–', tone: 'quiet' },
  waiting: { word: 'not run', sign: '○', tone: 'quiet' },
};

export const verdictLooks: Readonly<Record<JudgedClaim['verdict'], Badge>> = {
  supported: { word: 'supported', sign: '✓', tone: 'good' },
  contradicted: { word: 'contradicted', sign: '✕', tone: 'bad' },
  undecided: { word: 'undecided', sign: '?', tone: 'quiet' },
};

/** Its results are in place and are those of the pipeline as it stands. */
export function hasResults(state: ReportState): boolean {
  return state !== 'outdated' && isInPlace(state);
}

export function wasCached(state: ReportState): boolean {
  return state !== 'outdated' && isCached(state);
}

export function hasFailed(state: ReportState): boolean {
  return state !== 'outdated' && isFailed(state);
}

/** How many cells are in each state, states in listing order, none left out but empty ones. */
export function countStates(
  cells: readonly { readonly state: ReportState }[],
): readonly (readonly [ReportState, number])[] {
  const counts = new Map<ReportState, number>();
  for (const { state } of cells) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = Object.keys(stateLooks) as ReportState[];
  return states.filter((state) => counts.has(state)).map((state) => [state, counts.get(state)!] as const);
}
