/** A run as a row of a list: when, of what, how it went, and the numbers that came out of it. */
import type { CellId } from '../plan/graph.ts';
import { cachedOf, failedOf, notRunOf } from '../run/cell-state.ts';
import type { RecordedPlan } from '../run/recorded-plan.ts';
import type { Layout } from '../store/layout.ts';
import { type RecordedRun, recordedRuns } from '../store/recorded-runs.ts';
import { type RunLabels, readLabels } from './run-labels.ts';
import { recordedResults, storedCells } from './run-results.ts';
import { metricsIn, readStored } from './stored-results.ts';

export interface RunRow extends RunLabels {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly outcome: 'done' | 'up-to-date' | 'failed' | 'interrupted' | 'not ended';
  readonly pipeline: string;
  readonly profile: string | null;
  readonly set: readonly string[];
  readonly revision: string | null;
  readonly cells: number;
  /** Of the cells: that ran, needed no run, failed, and did not run. */
  readonly done: number;
  readonly cached: number;
  readonly failed: number;
  readonly notRun: number;
  readonly ms: number;
  readonly savedMs: number;
  /** `stage.metric` → the mean over the cells of the stage that have it. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Newest first. `most`: so many of the newest runs are read. */
export async function runRows(
  layout: Layout,
  now: RecordedPlan | null,
  most = Number.POSITIVE_INFINITY,
): Promise<readonly RunRow[]> {
  const rows: RunRow[] = [];
  for (const run of recordedRuns(layout).toReversed()) {
    if (rows.length >= most) break;
    const row = await runRow(layout, run, now);
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** Null: the run recorded no start. */
export async function runRow(
  layout: Layout,
  { name, folder }: Pick<RecordedRun, 'name' | 'folder'>,
  now: RecordedPlan | null,
): Promise<RunRow | null> {
  const recorded = await recordedResults(folder, now);
  if (recorded?.state.started == null) return null;
  const { state } = recorded;
  const { started, finished } = state;
  if (started === null) return null;
  const counts = state.counts();
  const withMetrics = storedCells(recorded).filter(({ marks }) => [...marks.values()].includes('metrics'));
  const { marks } = await readStored(layout, withMetrics, 'metrics');
  return {
    run: name,
    ...readLabels(folder),
    started: started.time,
    outcome: finished?.outcome ?? 'not ended',
    pipeline: started.pipeline,
    profile: started.profile,
    set: started.set ?? [],
    revision: started.revision,
    cells: state.cells.size,
    done: counts.done,
    cached: cachedOf(counts),
    failed: failedOf(counts),
    notRun: notRunOf(counts),
    ms: finished?.ms ?? Math.max(0, Date.parse(state.lastTime) - state.startedAt),
    savedMs: finished?.savedMs ?? state.savedMs,
    metrics: meansOf(
      metricsIn(marks).map(({ cell, name: metric, value }) => ({
        name: `${state.cells.get(cell as CellId)?.stage ?? cell}.${metric}`,
        value,
      })),
    ),
  };
}

function meansOf(
  values: readonly { readonly name: string; readonly value: number | null }[],
): Readonly<Record<string, number>> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { name, value } of values) {
    if (value === null) continue;
    const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
    sums.set(name, { sum: sum + value, count: count + 1 });
  }
  return Object.fromEntries(Array.from(sums, ([name, { sum, count }]) => [name, sum / count]));
}
