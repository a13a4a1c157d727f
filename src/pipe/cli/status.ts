/** `pipe status`: per stage, how many cells are up to date and what the others wait for. */

import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import type { CellStatus } from '../cell/work.ts';
import type { Reason } from '../key/fingerprint.ts';
import { rootCauses } from '../key/reason.ts';
import { reasonLine } from '../key/reason-line.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { type Command, jsonFlag, pipelineFlags } from './command.ts';
import { planOf, reportIsDue, reportOf, targeted, workspaceOf } from './project.ts';
import { columns } from './table.ts';

export const status: Command = {
  name: 'status',
  summary: 'say what is up to date and what is not',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    check: {
      type: 'boolean',
      help: 'Exit with 3 when something is not up to date; in a CI, write the report too',
    },
  },
  examples: [
    ['pipe status', 'the whole pipeline, a line a stage'],
    ['pipe status --check seed=0', 'for scripts: is everything of seed 0 there?'],
  ],
  async run(parsed, surroundings) {
    const opened = await planOf(parsed, surroundings);
    const cells = targeted(opened.graph, parsed.arguments);
    const workspace = await workspaceOf(opened, surroundings);
    const all = await workspace.status();
    // A check is a CI's run with a restored cache: what is there is to be seen where a run's results would be.
    if (parsed.is('check') && surroundings.env.CI) {
      const known = new Map(
        [...all].flatMap(([id, one]) => (isFresh(one) && 'key' in one ? [[id, one.key ?? 'frozen']] : [])),
      );
      if (await reportIsDue(opened, workspace, surroundings.project, known))
        await reportOf(opened, workspace, surroundings.project, { set: parsed.texts('set') });
    }
    await workspace.close();
    const fresh = cells.every((id) => isFresh(all.get(id)));
    if (parsed.is('json')) {
      const rows = cells.map((id) => ({ cell: id, ...statusJson(all.get(id)) }));
      surroundings.stdout.write(`${JSON.stringify({ upToDate: fresh, cells: rows }, null, 2)}\n`);
    } else {
      surroundings.stdout.write(byStage(opened.graph, new Set(cells), all));
      if (!fresh) surroundings.stdout.write(because(cells, all));
    }
    return parsed.is('check') && !fresh ? exitCode.notUpToDate : exitCode.ok;
  },
};

export function isFresh(status: CellStatus | undefined): boolean {
  return status?.state === 'up-to-date' || status?.state === 'frozen';
}

/** What scripts get of a cell's status. */
export function statusJson(status: CellStatus | undefined) {
  if (status === undefined) return { state: 'unknown' };
  const { state } = status;
  return {
    state,
    ...('key' in status ? { key: status.key } : {}),
    ...('reasons' in status ? { reasons: status.reasons } : {}),
    ...('on' in status ? { waitsFor: status.on } : {}),
    ...('obstacles' in status ? { obstacles: status.obstacles } : {}),
  };
}

const causesShown = 5;

/** What the cells that must run go back to: `12 cells because src/nas/space/mask.ts changed`. */
function because(cells: readonly CellId[], all: ReadonlyMap<CellId, CellStatus>): string {
  const reasons = new Map<CellId, readonly Reason[]>();
  for (const [id, status] of all) if ('reasons' in status) reasons.set(id, status.reasons);
  const wanted = new Set(cells);
  const causes = rootCauses(reasons)
    .map(({ reason, cells: found }) => ({ reason, count: found.filter((id) => wanted.has(id)).length }))
    .filter(({ count }) => count > 0);
  const lines = causes
    .slice(0, causesShown)
    .map(
      ({ reason, count }) => `${count === 1 ? '1 cell' : `${count} cells`} because: ${reasonLine(reason)}\n`,
    );
  const more = causes.length - lines.length;
  return `${lines.join('')}${more > 0 ? `${more} more ${more === 1 ? 'cause' : 'causes'}: pipe why CELL\n` : ''}`;
}

function byStage(graph: Graph, cells: ReadonlySet<CellId>, all: ReadonlyMap<CellId, CellStatus>): string {
  const rows: string[][] = [];
  for (const stage of graph.stages.values()) {
    const chosen = stage.cells.filter((id) => cells.has(id));
    if (chosen.length === 0) continue;
    const stale = chosen.filter((id) => !isFresh(all.get(id)));
    rows.push([
      stage.name,
      `${chosen.length - stale.length}/${chosen.length} up to date`,
      firstWord(stale[0], all),
    ]);
  }
  return columns(rows);
}

function firstWord(cell: CellId | undefined, all: ReadonlyMap<CellId, CellStatus>): string {
  if (cell === undefined) return '';
  const status = all.get(cell);
  if (status?.state === 'blocked') return `${cell}: blocked, ${status.obstacles[0]?.message ?? ''}`;
  if (status?.state === 'restorable') return `${cell}: in the cache, not in place`;
  if (status?.state === 'waiting') return `${cell}: waits for ${status.on[0]}`;
  const reason = status && 'reasons' in status ? status.reasons[0] : undefined;
  return reason ? `${cell}: ${reasonLine(reason)}` : `${cell}`;
}
