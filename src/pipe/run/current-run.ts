/** A run under way: what it was asked for, what it works with, and how its start and end are reported. */
import type { CellStatus } from '../cell/cell-status.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { version } from '../version.ts';
import type { RunId } from './event.ts';
import type { EventStream, UnstampedEvent } from './event-stream.ts';
import type { RunEnd, RunOptions, RunOutcome } from './run-options.ts';

export interface Run {
  readonly id: RunId;
  readonly options: RunOptions;
  readonly events: EventStream;
  readonly workspace: Workspace;
  /** The cells asked for and all that they need. */
  readonly wanted: ReadonlySet<CellId>;
  readonly forced: ReadonlySet<CellId>;
  /** Milliseconds, by `performance.now()`. */
  readonly started: number;
}

export function announce(
  { id, options, events, wanted }: Run,
  resources: Readonly<Record<string, number>>,
  revision: string | null,
): void {
  const { graph, file, set } = options.pipeline;
  events.say({
    type: 'run-started',
    run: id,
    pipeline: file,
    profile: graph.profile,
    set,
    targets: options.goal.targets,
    version,
    revision,
    cells: [...wanted].map((cell) => {
      const { stage, axes } = cellOf(graph, cell);
      return { id: cell, stage, axes };
    }),
    resources,
  });
}

export function endOf({ started, events }: Run, outcome: RunEnd['outcome']): RunEnd {
  return { outcome, ms: Math.round(performance.now() - started), savedMs: events.state.savedMs };
}

export function finish(
  run: Run,
  outcome: RunEnd['outcome'],
  code: number,
  report: string | null,
): RunOutcome {
  const end = endOf(run, outcome);
  run.events.say({
    type: 'run-finished',
    run: run.id,
    counts: run.events.state.counts(),
    report,
    ...end,
  });
  return { run: run.id, exitCode: code, report, ...end };
}

export async function writeReport({ options, events, workspace }: Run, end: RunEnd): Promise<string | null> {
  if (options.report === null) return null;
  try {
    const { page, warnings } = await options.report.write(end, workspace);
    for (const text of warnings) events.say({ type: 'warning', text });
    return page;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    events.say({ type: 'warning', text: `the report could not be written: ${reason}` });
    return null;
  }
}

export type CachedEvent = UnstampedEvent & { readonly type: 'cell-cached' };

export function cachedEvent(cell: CellId, status: CellStatus): CachedEvent | null {
  if (status.state !== 'up-to-date' && status.state !== 'frozen') return null;
  return {
    type: 'cell-cached',
    cell,
    key: status.key,
    how: status.state,
    savedMs: status.ms,
  };
}

export function cellOf(graph: Graph, id: CellId): Cell {
  const cell = graph.cells.get(id);
  if (!cell) throw new Error(`${id} is not in the graph`);
  return cell;
}
