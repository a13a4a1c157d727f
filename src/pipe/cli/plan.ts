/** `pipe plan`: what a run would do, without doing it, with the time it is likely to take. */

import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { countText, durationText, numberText } from '../../lib/format.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { withUpstream } from '../plan/target.ts';
import { type CellView, isFresh, stateOf, viewJson, viewsOf } from './cell-view.ts';
import { type Command, type Invocation, jsonFlag, type Parsed, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'list what a run would do, without doing it',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    cells: { type: 'boolean', help: 'List every cell, not only a line per stage' },
  },
  examples: [
    ['pipe plan', 'what would run, per stage'],
    ['pipe plan --profile paper --cells', 'every cell of a profile'],
  ],
  run: showPlan,
};

/** The verb's body; `run --dry-run` calls it too. */
export async function showPlan(parsed: Parsed, invocation: Invocation): Promise<number> {
  const opened = await planOf(parsed, invocation);
  const { graph } = opened;
  const wanted = withUpstream(graph, targeted(graph, parsed.arguments));
  const cells = [...graph.cells.values()].filter(({ id }) => wanted.has(id));
  const rows = await withWorkspace(opened, invocation, async (workspace) => {
    const views = await viewsOf(await workspace.status(), opened, invocation);
    return cells.flatMap(({ id, stage, resources }): Row[] => {
      const view = views.get(id);
      return view === undefined
        ? []
        : [{ id, stage, view, ms: workspace.expectedMs(id), gpus: resources.gpu }];
    });
  });
  const sums = sumsOf(rows);
  if (parsed.is('json')) {
    const asJson = rows.map(({ id, view, ms }) => ({ cell: id, expectedMs: ms, ...viewJson(view) }));
    printJson(invocation, { cells: asJson, ...sums, total: rows.length });
    return exitCode.ok;
  }
  const table = parsed.is('cells') ? cellTable(rows.filter(mayRun)) : stageTable(graph, rows);
  invocation.stdout.write(`${table}${sumText(sums, rows.length)}\n`);
  return exitCode.ok;
}

interface Row {
  readonly id: CellId;
  readonly stage: string;
  readonly view: CellView;
  /** Milliseconds it is expected to take; null: not known. */
  readonly ms: number | null;
  readonly gpus: number;
}

function mayRun({ view }: Row): boolean {
  return !isFresh(view.status);
}

function sumsOf(rows: readonly Row[]) {
  const todo = rows.filter(mayRun);
  return {
    toRun: todo.length,
    expectedMs: todo.reduce((sum, { ms }) => sum + (ms ?? 0), 0),
    gpuHours: todo.reduce((sum, { ms, gpus }) => sum + (ms ?? 0) * gpus, 0) / 3_600_000,
    unknown: todo.filter(({ ms }) => ms === null).length,
  };
}

function sumText({ toRun, expectedMs, gpuHours, unknown }: ReturnType<typeof sumsOf>, total: number): string {
  return [
    `${toRun} of ${countText(total, 'cell')} may run`,
    ...(expectedMs > 0 ? [`about ${durationText(expectedMs)} of work by earlier runs and estimates`] : []),
    ...(gpuHours > 0 ? [`${numberText(gpuHours, 1)} GPU hours`] : []),
    ...(unknown > 0 ? [`${unknown} of unknown length`] : []),
  ].join(', ');
}

function cellTable(rows: readonly Row[]): string {
  return columns(rows.map(({ id, view, ms }) => [id, word(view), ms === null ? '' : durationText(ms)]));
}

function stageTable(graph: Graph, rows: readonly Row[]): string {
  const lines: string[][] = [];
  for (const { name } of graph.stages.values()) {
    const cells = rows.filter(({ stage }) => stage === name);
    if (cells.length === 0) continue;
    const counts = new Map<string, number>();
    for (const { view } of cells) counts.set(word(view), (counts.get(word(view)) ?? 0) + 1);
    const ms = cells.filter(mayRun).reduce((sum, cell) => sum + (cell.ms ?? 0), 0);
    lines.push([
      name,
      [...counts].map(([what, count]) => `${count} ${what}`).join(', '),
      ms > 0 ? durationText(ms) : '',
    ]);
  }
  return columns(lines);
}

function word(view: CellView): string {
  const state = stateOf(view);
  switch (state) {
    case 'stale':
    case 'cancelled':
      return 'to run';
    case 'failed':
      return 'to run again after a failure';
    case 'restorable':
      return 'to restore';
    case 'waiting':
      return 'to look at again';
    default:
      return state.replaceAll('-', ' ');
  }
}
