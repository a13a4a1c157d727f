/** A run as its event file tells it: what each cell did, when, and how it ended. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failedState } from '../../run/cell-state.ts';
import type { RunEvent } from '../../run/event.ts';
import type { ReportCell, ReportRun } from './input.ts';

export interface RunRecord {
  readonly run: ReportRun;
  readonly revision: string | null;
  readonly version: string;
  readonly profile: string | null;
  /** --set arguments; null: the run does not tell them. */
  readonly set: readonly string[] | null;
  readonly pipeline: string;
  readonly cells: ReadonlyMap<string, CellRecord>;
}

/** What a run tells of a cell. */
export type CellRecord = Omit<ReportCell, 'id' | 'stage' | 'axes'>;

/** Of a cell that no event was about. */
export const untold: CellRecord = {
  state: 'waiting',
  ms: null,
  startedMs: null,
  endedMs: null,
  gpus: [],
  attempts: 0,
  key: null,
  reasons: [],
  outBytes: null,
  error: null,
  log: null,
  cause: null,
  metrics: {},
  warnings: [],
};

/** Most warnings kept of one cell: a stage may write one a batch. */
const warningsKept = 20;

/** Folds a run's events, in order. Null when they do not begin with the start of a run. */
export function foldRun(events: Iterable<RunEvent>): RunRecord | null {
  let start: (RunEvent & { type: 'run-started' }) | null = null;
  let end: (RunEvent & { type: 'run-finished' }) | null = null;
  let last = '';
  const cells = new Map<string, CellRecord>();
  const warnings: string[] = [];
  const update = (cell: string, change: Partial<CellRecord>): void => {
    cells.set(cell, { ...(cells.get(cell) ?? untold), ...change });
  };
  const since = (time: string): number => Date.parse(time) - Date.parse(start?.time ?? time);
  for (const event of events) {
    last = event.time;
    switch (event.type) {
      case 'run-started':
        start = event;
        for (const { id } of event.cells) cells.set(id, untold);
        break;
      case 'cell-cached':
        update(event.cell, { state: event.how, key: event.key, ms: event.savedMs });
        break;
      case 'cell-ready':
        update(event.cell, { reasons: event.reasons });
        break;
      case 'cell-started':
        update(event.cell, {
          state: 'running',
          key: event.key,
          attempts: event.attempt,
          gpus: event.gpus,
          log: event.log,
          startedMs: since(event.time),
        });
        break;
      case 'cell-metric':
        update(event.cell, { metrics: { ...cells.get(event.cell)?.metrics, [event.name]: event.value } });
        break;
      case 'cell-message': {
        const kept = cells.get(event.cell)?.warnings ?? [];
        if (event.level === 'warning' && kept.length < warningsKept)
          update(event.cell, { warnings: [...kept, event.text] });
        break;
      }
      case 'cell-finished':
        update(event.cell, {
          state: 'done',
          key: event.key,
          ms: event.ms,
          endedMs: since(event.time),
          outBytes: event.outBytes,
        });
        break;
      case 'cell-failed':
        update(event.cell, {
          state: failedState(event.error),
          error: event.error,
          ms: event.ms,
          endedMs: since(event.time),
          log: event.log,
        });
        break;
      case 'cell-not-run':
        update(event.cell, { state: event.state, cause: event.cause });
        break;
      case 'warning':
        warnings.push(event.text);
        break;
      case 'run-finished':
        end = event;
        break;
    }
  }
  if (start === null) return null;
  return {
    run: {
      id: start.run,
      started: start.time,
      ms: end?.ms ?? since(last),
      savedMs: end?.savedMs ?? 0,
      outcome: end?.outcome ?? 'running',
      targets: start.targets,
      resources: start.resources,
      warnings,
    },
    revision: start.revision,
    version: start.version,
    profile: start.profile,
    set: start.set ?? null,
    pipeline: start.pipeline,
    cells,
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

/** Events of one run, oldest first; a last line cut off by a crash is left out. */
export async function readEvents(file: string): Promise<readonly RunEvent[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const events: RunEvent[] = [];
  for (const line of text.split('\n')) {
    const event = parseEvent(line);
    if (event !== null) events.push(event);
  }
  return events;
}

function parseEvent(line: string): RunEvent | null {
  if (line === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === 'object' && value !== null && 'type' in value && 'time' in value;
    // Written by this engine's own run; the report reads only fields of this version's union.
    return isEvent ? (value as RunEvent) : null;
  } catch {
    return null;
  }
}
