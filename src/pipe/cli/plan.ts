/** `pipe plan`: what a run would do, without doing it, with the time it is likely to take. */

import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { durationText } from '../../lib/format.ts';
import type { CellStatus, Workspace } from '../cell/work.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { withUpstream } from '../plan/target.ts';
import { type Command, jsonFlag, type Parsed, pipelineFlags, type Surroundings } from './command.ts';
import { planOf, targeted, workspaceOf } from './project.ts';
import { isFresh, statusJson } from './status.ts';
import { columns } from './table.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'list what a run would do, without doing it',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    cells: { type: 'boolean', help: 'List every cell, not only a line a stage' },
  },
  examples: [
    ['pipe plan', 'what would run, per stage'],
    ['pipe plan --profile paper --cells', 'every cell of a profile'],
  ],
  run: showPlan,
};

/** The verb's body; `run --dry-run` calls it too. */
export async function showPlan(parsed: Parsed, surroundings: Surroundings): Promise<number> {
  const opened = await planOf(parsed, surroundings);
  const { graph } = opened;
  const wanted = withUpstream(graph, targeted(graph, parsed.arguments));
  const cells = [...graph.cells.keys()].filter((id) => wanted.has(id));
  const workspace = await workspaceOf(opened, surroundings);
  const all = await workspace.status();
  const rows = cells.map((id) => ({
    id,
    status: all.get(id),
    ms: workspace.expectedMs(id),
    gpus: graph.cells.get(id)!.resources.gpu,
  }));
  await workspace.close();
  const todo = rows.filter(({ status }) => !isFresh(status));
  const gpuMs = todo.reduce((sum, { ms, gpus }) => sum + (ms ?? 0) * gpus, 0);
  const unknown = todo.filter(({ ms }) => ms === null).length;
  const known = todo.reduce((sum, { ms }) => sum + (ms ?? 0), 0);
  if (parsed.is('json')) {
    const json = {
      cells: rows.map(({ id, status, ms }) => ({ cell: id, expectedMs: ms, ...statusJson(status) })),
      toRun: todo.length,
      expectedMs: known,
      gpuHours: gpuMs / 3_600_000,
      unknown,
      total: rows.length,
    };
    surroundings.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    return exitCode.ok;
  }
  surroundings.stdout.write(
    parsed.is('cells') ? cellTable(todo, all) : stageTable(graph, wanted, all, workspace),
  );
  surroundings.stdout.write(
    `${todo.length} of ${rows.length} cells may run${known > 0 ? `, about ${durationText(known)} of work by earlier runs and estimates` : ''}${
      gpuMs > 0 ? `, ${(gpuMs / 3_600_000).toFixed(1)} GPU hours` : ''
    }${unknown > 0 ? `, ${unknown} of unknown length` : ''}\n`,
  );
  return exitCode.ok;
}

interface Row {
  readonly id: CellId;
  readonly status: CellStatus | undefined;
  readonly ms: number | null;
}

function cellTable(rows: readonly Row[], all: ReadonlyMap<CellId, CellStatus>): string {
  return columns(rows.map(({ id, ms }) => [id, word(all.get(id)), ms === null ? '' : durationText(ms)]));
}

function stageTable(
  graph: Graph,
  wanted: ReadonlySet<CellId>,
  all: ReadonlyMap<CellId, CellStatus>,
  workspace: Pick<Workspace, 'expectedMs'>,
): string {
  const rows: string[][] = [];
  for (const stage of graph.stages.values()) {
    const cells = stage.cells.filter((id) => wanted.has(id));
    if (cells.length === 0) continue;
    const counts = new Map<string, number>();
    for (const id of cells) counts.set(word(all.get(id)), (counts.get(word(all.get(id))) ?? 0) + 1);
    const ms = cells
      .filter((id) => !isFresh(all.get(id)))
      .reduce((sum, id) => sum + (workspace.expectedMs(id) ?? 0), 0);
    rows.push([
      stage.name,
      [...counts].map(([name, count]) => `${count} ${name}`).join(', '),
      ms > 0 ? durationText(ms) : '',
    ]);
  }
  return columns(rows);
}

function word(status: CellStatus | undefined): string {
  switch (status?.state) {
    case 'stale':
      return 'to run';
    case 'restorable':
      return 'to restore';
    case 'waiting':
      return 'to look at again';
    default:
      return status?.state.replace('-', ' ') ?? 'unknown';
  }
}
