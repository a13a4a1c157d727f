/** `pipe plan`: what a run would do, without doing it, with the time it is likely to take. */

import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText, countText, durationText, numberText } from '../../lib/format.ts';
import { localName } from '../config/executor-doc.ts';
import { executorChoice, executorOf } from '../plan/executor-choice.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { withUpstream } from '../plan/target.ts';
import { type CellView, isFresh, stateOf, viewJson, viewsOf } from './cell-view.ts';
import {
  type Command,
  executorFlag,
  type Invocation,
  jsonFlag,
  type Parsed,
  pipelineFlags,
  printJson,
} from './command.ts';
import { planOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'list what a run would do, without doing it',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    ...executorFlag,
    cells: { type: 'boolean', help: 'List every cell, not only a line per stage' },
  },
  examples: [
    ['pipe plan', 'what would run, per stage'],
    ['pipe plan --profile paper --cells', 'every cell of a profile'],
    ['pipe plan --executor lab', 'also how long it would take there'],
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
        : [
            {
              ...{ id, stage, view, ms: workspace.expectedMs(id), gpus: resources.gpu },
              memory: resources.memory,
              peak: resources.memory === 0 ? null : (workspace.took(id)?.peakBytes ?? null),
            },
          ];
    });
  });
  const sums = { ...sumsOf(rows), ...(await wallTime(graph, rows, parsed, invocation)) };
  if (parsed.is('json')) {
    const asJson = rows.map(({ id, view, ms, memory, peak }) => ({
      cell: id,
      expectedMs: ms,
      ...(peak === null ? {} : { memory, peakBytes: peak }),
      ...viewJson(view),
    }));
    printJson(invocation, { cells: asJson, ...sums, total: rows.length });
    return exitCode.ok;
  }
  const table = parsed.is('cells') ? cellTable(rows.filter(mayRun)) : stageTable(graph, rows);
  invocation.stdout.write(`${table}${sumText(sums, rows.length)}\n`);
  return exitCode.ok;
}

/**
 * How long the run would take with what its executors have, by the scheduler itself; nothing where every cell runs on
 * this machine and nobody asked.
 */
async function wallTime(
  graph: Graph,
  rows: readonly Row[],
  parsed: Parsed,
  { env }: Invocation,
): Promise<{ readonly wallMs?: number; readonly on?: readonly string[] }> {
  const words = parsed.texts('executor');
  const choice = executorChoice(graph, words);
  const todo = rows.filter(mayRun);
  const nameOf = (cell: Cell) => executorOf(cell, graph, choice);
  const on = new Set(todo.flatMap(({ id }) => graph.cells.get(id) ?? []).map(nameOf));
  const asked = words.length > 0 || [...on].some((name) => name !== localName);
  const expected = expectedOf(rows);
  if (!asked || todo.every(({ id }) => expected.get(id) == null)) return {};
  const [{ forecast }, { machineCapacity }, { machineGpus }] = await Promise.all([
    import('../run/forecast.ts'),
    import('../exec/capacity.ts'),
    import('../run/executors.ts'),
  ]);
  const cells = rows.flatMap(({ id }) => graph.cells.get(id) ?? []);
  const local = cells.filter((cell) => nameOf(cell) === localName);
  const gpus = await machineGpus(local, { gpus: null, env });
  const { ms } = await forecast({
    graph,
    wanted: new Set(rows.map(({ id }) => id)),
    inPlace: new Set(rows.flatMap((row) => (mayRun(row) ? [] : [row.id]))),
    local: machineCapacity(gpus, graph.resources, null),
    executorOf: nameOf,
    expectedMs: (id) => expected.get(id) ?? null,
  });
  return { wallMs: ms, on: [...on] };
}

/** A cell that never ran is likely to take as long as others of its stage. */
function expectedOf(rows: readonly Row[]): ReadonlyMap<CellId, number | null> {
  const sums = new Map<string, { ms: number; count: number }>();
  for (const { stage, ms } of rows) {
    if (ms === null) continue;
    const sum = sums.get(stage) ?? { ms: 0, count: 0 };
    sums.set(stage, { ms: sum.ms + ms, count: sum.count + 1 });
  }
  return new Map(
    rows.map(({ id, stage, ms }) => {
      const sum = sums.get(stage);
      return [id, ms ?? (sum === undefined ? null : sum.ms / sum.count)];
    }),
  );
}

interface Row {
  readonly id: CellId;
  readonly stage: string;
  readonly view: CellView;
  /** Milliseconds it is expected to take; null: not known. */
  readonly ms: number | null;
  readonly gpus: number;
  /** Bytes that it asks for; 0: it says nothing. */
  readonly memory: number;
  /** Bytes that what is in place took; null: it asks for none, or nothing was measured. */
  readonly peak: number | null;
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

function sumText(
  {
    toRun,
    expectedMs,
    gpuHours,
    unknown,
    wallMs,
    on = [],
  }: ReturnType<typeof sumsOf> & Awaited<ReturnType<typeof wallTime>>,
  total: number,
): string {
  return [
    `${toRun} of ${countText(total, 'cell')} may run`,
    ...(expectedMs > 0 ? [`about ${durationText(expectedMs)} of work by earlier runs and estimates`] : []),
    ...(gpuHours > 0 ? [`${numberText(gpuHours, 1)} GPU hours`] : []),
    ...(unknown > 0 ? [`${unknown} of unknown length`] : []),
    ...(wallMs === undefined ? [] : [`done in about ${durationText(wallMs)} on ${on.join(' and ')}`]),
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
      memoryText(cells),
    ]);
  }
  return columns(lines);
}

/** What was asked for beside what was taken: asking for less lets more run at once. */
function memoryText(cells: readonly Row[]): string {
  const asked = cells.reduce((most, { memory }) => Math.max(most, memory), 0);
  const peak = cells.reduce((most, cell) => Math.max(most, cell.peak ?? 0), 0);
  return peak === 0 ? '' : `asks ${bytesText(asked)}, peaked at ${bytesText(peak)}`;
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
