/** How long a run and its cells will still take, as far as its events let one say. */
import type { CellProgress } from '../run/cell-progress.ts';
import type { RunState } from '../run/run-state.ts';

/** Milliseconds until the run ends, from what cells of the same stage took; null: too little is known. */
export function remainingMs(state: RunState, now: number): number | null {
  let work = 0;
  for (const stage of state.stages.values()) {
    const open = stage.counts.waiting + stage.counts.running;
    if (open === 0) continue;
    const mean = meanOf(stage.took);
    if (mean === null && stage.counts.waiting > 0) return null;
    work += (mean ?? 0) * stage.counts.waiting;
  }
  let longest = 0;
  for (const running of state.running.values()) {
    const left = cellRemainingMs(state, running, now);
    if (left === null) return null;
    work += left;
    longest = Math.max(longest, left);
  }
  return Math.max(longest, work / state.widest);
}

export function cellRemainingMs(state: RunState, running: CellProgress, now: number): number | null {
  const spent = now - (running.startedAt ?? now);
  const { progress } = running;
  // The first steps say little: a stage compiles or reads its data before it is at full speed.
  if (progress !== null && progress.total > 0 && progress.done > 0 && spent > 2000) {
    return (spent * (progress.total - progress.done)) / progress.done;
  }
  const expected = running.expectedMs ?? meanOf(state.stageOf(running.cell)?.took ?? []);
  return expected === null ? null : Math.max(0, expected - spent);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
