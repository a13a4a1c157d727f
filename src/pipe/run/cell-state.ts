/** What the states of cells mean, alone and counted. */
import type { CellError, CellState } from './event.ts';

/** A cell's outs are there, whether it ran or not. */
export function isInPlace(state: CellState): boolean {
  return state === 'done' || isCached(state);
}

export function isCached(state: CellState): boolean {
  return state === 'up-to-date' || state === 'restored' || state === 'frozen';
}

export function isFailed(state: CellState): boolean {
  return state === 'failed' || state === 'dirty-inputs';
}

/** The state of a cell that ended with `error`. */
export function failedState(error: CellError): CellState {
  return error.kind === 'dirty-inputs' ? 'dirty-inputs' : 'failed';
}

export type CellCounts = Record<CellState, number>;

export function noCells(): CellCounts {
  return {
    waiting: 0,
    running: 0,
    'up-to-date': 0,
    restored: 0,
    done: 0,
    failed: 0,
    'dirty-inputs': 0,
    blocked: 0,
    frozen: 0,
    cancelled: 0,
  };
}

export function cachedOf(counts: Readonly<CellCounts>): number {
  return sumOf(counts, isCached);
}

export function failedOf(counts: Readonly<CellCounts>): number {
  return sumOf(counts, isFailed);
}

export function notRunOf(counts: Readonly<CellCounts>): number {
  return sumOf(counts, (state) => !isInPlace(state) && !isFailed(state));
}

/** No cell waits or runs any more. */
export function isOver(counts: Readonly<CellCounts>): boolean {
  return counts.waiting === 0 && counts.running === 0;
}

function sumOf(counts: Readonly<CellCounts>, counted: (state: CellState) => boolean): number {
  let sum = 0;
  for (const [state, count] of Object.entries(counts)) if (counted(state as CellState)) sum += count;
  return sum;
}
