/** What a recorded run came to: the keys that its events name, and what the store still has of them. */
import { join } from 'node:path';
import { isFailed, isInPlace } from '../run/cell-state.ts';
import { foldEvents, readEvents } from '../run/read-events.ts';
import { type RecordedPlan, readPlanRecord } from '../run/recorded-plan.ts';
import type { RunState } from '../run/run-state.ts';
import type { Layout } from '../store/layout.ts';
import type { ResultCell, Results } from './results.ts';
import { metricsIn, readStored, type StoredCell } from './stored-results.ts';

export interface RecordedResults {
  readonly state: RunState;
  readonly plan: RecordedPlan;
}

const nothing: RecordedPlan = { text: null, params: {}, marks: new Map() };

/** Null: the folder holds no run. `now`: what the pipeline says today, for runs that did not record their plan. */
export async function recordedResults(
  folder: string,
  now: RecordedPlan | null,
): Promise<RecordedResults | null> {
  const state = foldEvents(await readEvents(join(folder, 'events.jsonl')));
  return state && { state, plan: readPlanRecord(folder) ?? now ?? nothing };
}

/** The cells of a run that have results, with what of them a report reads. */
export function storedCells({ state, plan }: RecordedResults): readonly StoredCell[] {
  return [...state.cells.values()].flatMap(({ cell, stage, key, state: how }) =>
    key !== null && isInPlace(how)
      ? [{ id: cell, stage, key, marks: plan.marks.get(stage) ?? new Map() }]
      : [],
  );
}

export async function resultsOfRun(layout: Layout, recorded: RecordedResults): Promise<Results> {
  const { state, plan } = recorded;
  const { marks, software, gone } = await readStored(layout, storedCells(recorded));
  const lost = new Set(gone);
  const started = state.started;
  const cells = (started?.cells ?? []).map(({ id, stage, axes }): ResultCell => {
    const how = state.cells.get(id)?.state ?? 'waiting';
    const there = isInPlace(how) && !lost.has(id);
    return { id, stage, axes, state: there ? 'there' : isFailed(how) ? 'failed' : 'missing' };
  });
  return {
    label: `run ${started?.run ?? ''}`,
    run: started?.run ?? null,
    revision: started?.revision ?? null,
    profile: started?.profile ?? null,
    params: plan.params,
    cells,
    metrics: metricsIn(marks),
    ...marksOf(marks),
    software,
    notes: gone.length === 0 ? [] : [`results of ${gone.length} cells were cleaned from the cache`],
  };
}

/** Tables, figures and claims as they are compared. */
export function marksOf(
  marks: Awaited<ReturnType<typeof readStored>>['marks'],
): Pick<Results, 'tables' | 'figures' | 'claims'> {
  return {
    tables: marks.tables.map(({ value: { title, rows }, origin: { cell, out } }) => ({
      title,
      rows,
      cell,
      out,
    })),
    figures: marks.figures.map(({ name, meta, spec, csv, origin: { cell } }) => ({
      name,
      meta,
      spec,
      csv,
      cell,
    })),
    claims: marks.claims.flatMap(({ value }) =>
      value.map(({ id, statement, verdict }) => ({ id, statement, verdict })),
    ),
  };
}
