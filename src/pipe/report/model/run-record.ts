/** A run as its event file records it: what each cell did, when, and how it ended. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellProgress } from '../../run/cell-progress.ts';
import type { RunEvent } from '../../run/event.ts';
import { foldEvents, readEvents } from '../../run/read-events.ts';
import type { ReportCell, ReportRun } from './input.ts';

export interface RunRecord {
  readonly run: ReportRun;
  readonly revision: string | null;
  readonly version: string;
  readonly profile: string | null;
  /** --set arguments; null: the run did not record them. */
  readonly set: readonly string[] | null;
  readonly pipeline: string;
  readonly cells: ReadonlyMap<string, CellRecord>;
}

/** What a run recorded of a cell. */
export type CellRecord = Omit<ReportCell, 'id' | 'stage' | 'axes'>;

/** Of a cell that no event was about. */
export const unrecorded: CellRecord = {
  state: 'waiting',
  ms: null,
  startedMs: null,
  endedMs: null,
  gpus: [],
  attempts: 0,
  key: null,
  reasons: [],
  outBytes: null,
  peakBytes: null,
  cpuMs: null,
  from: null,
  error: null,
  log: null,
  cause: null,
  metrics: {},
  warnings: [],
};

/** The record of a run out of its events. Null when they do not begin with the start of a run. */
export function foldRun(events: Iterable<RunEvent>): RunRecord | null {
  const state = foldEvents(events);
  if (state?.started == null) return null;
  const { started, finished } = state;
  const since = (at: number): number => at - state.startedAt;
  return {
    run: {
      id: started.run,
      started: started.time,
      ms: finished?.ms ?? since(Date.parse(state.lastTime)),
      savedMs: finished?.savedMs ?? 0,
      outcome: finished?.outcome ?? 'running',
      targets: started.targets,
      resources: started.resources,
      warnings: state.warnings,
    },
    revision: started.revision,
    version: started.version,
    profile: started.profile,
    set: started.set ?? null,
    pipeline: started.pipeline,
    cells: new Map(Array.from(state.cells, ([id, cell]) => [id, recordOf(cell, since)])),
  };
}

function recordOf(cell: CellProgress, since: (at: number) => number): CellRecord {
  const { state, from, ms, gpus, attempts, key, reasons, outBytes, error, log, cause, peakBytes, cpuMs } =
    cell;
  return {
    ...{ state, from, ms, gpus, attempts, key, reasons, outBytes, error, log, cause, peakBytes, cpuMs },
    startedMs: cell.startedAt === null ? null : since(cell.startedAt),
    endedMs: cell.endedAt === null ? null : since(cell.endedAt),
    metrics: Object.fromEntries(Array.from(cell.metrics, ([name, { last }]) => [name, last])),
    warnings: cell.messages.flatMap(({ level, text }) => (level === 'warning' ? [text] : [])),
  };
}

/**
 * The run a report is about: the newest of this pipeline and profile that did something, else the newest. Null when
 * there is none. `runs` is the folder of runs, whose names begin with the second they started in.
 */
export async function latestRun(
  runs: string,
  { pipeline, profile }: { pipeline: string; profile: string | null },
): Promise<RunRecord | null> {
  const names = (await readdir(runs).catch(() => [])).sort().reverse();
  let best: RunRecord | null = null;
  let second = '';
  for (const name of names) {
    // Older than what was found, to the second: the rest is older too.
    if (best !== null && best.run.outcome !== 'up-to-date' && !name.startsWith(second)) break;
    const record = foldRun(await readEvents(join(runs, name, 'events.jsonl')));
    if (record === null || record.pipeline !== pipeline || record.profile !== profile) continue;
    if (best === null || isBetter(record.run, best.run)) {
      best = record;
      second = name.slice(0, '20261124-130501'.length);
    }
  }
  return best;
}

function isBetter(run: ReportRun, than: ReportRun): boolean {
  const idle = (one: ReportRun): boolean => one.outcome === 'up-to-date';
  return idle(run) === idle(than) ? run.started > than.started : !idle(run);
}
