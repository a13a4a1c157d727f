/** `pipe status`: per stage, how many cells are up to date, and why the others are not. */

import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { countText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import type { CellStatus } from '../cell/cell-status.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Reason } from '../key/fingerprint.ts';
import { rootCauses } from '../key/reason.ts';
import { reasonLine } from '../key/reason-line.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import type { PlannedPipeline } from '../project/plan-json.ts';
import {
  type CellView,
  isFresh,
  lastEndLine,
  reasonsOf,
  shortened,
  stateOf,
  viewJson,
  viewsOf,
} from './cell-view.ts';
import { allFlag, type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf, reportIsDue, reportOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

type Views = ReadonlyMap<CellId, CellView>;

export const status: Command = {
  name: 'status',
  summary: 'say what is up to date and what is not',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    ...allFlag,
    check: {
      type: 'boolean',
      help: 'Exit with 3 when something is not up to date; in a CI, write the report too',
    },
  },
  examples: [
    ['pipe status', 'the whole pipeline, a line per stage'],
    ['pipe status --check seed=0', 'for scripts: is everything of seed 0 there?'],
  ],
  async run(parsed, invocation) {
    const opened = await planOf(parsed, invocation);
    const cells = targeted(opened.graph, parsed.arguments);
    const statuses = await withWorkspace(opened, invocation, async (workspace) => {
      const found = await workspace.status();
      if (parsed.is('check') && invocation.env.CI)
        await reportWhenDue(opened, workspace, { ...invocation, set: parsed.texts('set') }, found);
      return found;
    });
    const views = await viewsOf(statuses, opened, invocation);
    const chosen = cells.flatMap((id) => views.get(id) ?? []);
    const fresh = chosen.every((view) => isFresh(view.status));
    if (parsed.is('json')) {
      const rows = chosen.map((view) => ({ cell: view.id, ...viewJson(view) }));
      printJson(invocation, { upToDate: fresh, cells: rows });
    } else {
      const all = parsed.is('all');
      invocation.stdout.write(byStage(opened.graph, chosen, all));
      invocation.stdout.write(printable(because(chosen, views, all)));
    }
    return parsed.is('check') && !fresh ? exitCode.notUpToDate : exitCode.ok;
  },
};

/** A check is a CI's run with a restored cache: what is there is to be seen where a run's results would be. */
async function reportWhenDue(
  opened: PlannedPipeline,
  workspace: Workspace,
  { project, set }: { readonly project: string; readonly set: readonly string[] },
  all: ReadonlyMap<CellId, CellStatus>,
): Promise<void> {
  const known = new Map(
    [...all].flatMap(([id, one]) =>
      isFresh(one) && 'key' in one ? [[id, one.key ?? 'frozen'] as const] : [],
    ),
  );
  if (await reportIsDue(opened, workspace, project, known))
    await reportOf(opened, workspace, project, { set });
}

/** What the cells that must run go back to: `12 cells because src/nas/space/mask.ts changed`. */
function because(chosen: readonly CellView[], views: Views, all: boolean): string {
  const ended = new Map<string, CellId[]>();
  const reasons = new Map<CellId, readonly Reason[]>();
  for (const view of views.values()) if (!isFresh(view.status)) reasons.set(view.id, reasonsOf(view));
  const wanted = new Set(chosen.map(({ id }) => id));
  for (const view of chosen) {
    const state = stateOf(view);
    if (state !== 'failed' && state !== 'cancelled' && state !== 'running') continue;
    const line = lastEndLine(view) ?? state;
    const cause = view.lastEnd?.error?.message.split('\n')[0] ?? line;
    const group = ended.get(cause);
    if (group) group.push(view.id);
    else ended.set(cause, [view.id]);
  }
  const failures = Array.from(ended.values(), (ids) => {
    const [first] = ids.flatMap((id) => views.get(id) ?? []);
    const more = ids.length > 1 ? ` and ${countText(ids.length - 1, 'more cell')}` : '';
    return first === undefined ? '' : `${first.id}${more}: ${lastEndLine(first)}`;
  });
  const causes = rootCauses(reasons)
    .map(({ reason, cells }) => ({ reason, count: cells.filter((id) => wanted.has(id)).length }))
    .filter(({ count }) => count > 0)
    .map(({ reason, count }) => `${countText(count, 'cell')} because: ${reasonLine(reason)}`);
  const { shown, more } = shortened([...failures, ...causes], all);
  const rest = more > 0 ? [`${countText(more, 'more cause')}: pipe status --all`] : [];
  return [...shown, ...rest].map((line) => `${line}\n`).join('');
}

function byStage(graph: Graph, chosen: readonly CellView[], all: boolean): string {
  const stages = new Map<string, CellView[]>();
  for (const view of chosen) {
    const stage = graph.cells.get(view.id)?.stage ?? '';
    const views = stages.get(stage);
    if (views) views.push(view);
    else stages.set(stage, [view]);
  }
  const names = [...graph.stages.keys()].filter((name) => stages.has(name));
  const { shown, more } = shortened(names, all);
  const rows = shown.map((name) => {
    const views = stages.get(name) ?? [];
    const stale = views.filter((view) => !isFresh(view.status));
    return [name, `${views.length - stale.length}/${views.length} up to date`, firstWord(stale)];
  });
  return `${columns(rows)}${more > 0 ? `${countText(more, 'more stage')}: pipe status --all\n` : ''}`;
}

/** The state that says most of a stage, with a cell that is in it. */
function firstWord(stale: readonly CellView[]): string {
  const telling = ['failed', 'running', 'blocked', 'cancelled'];
  const view = telling.flatMap((state) => stale.find((one) => stateOf(one) === state) ?? [])[0] ?? stale[0];
  if (view === undefined) return '';
  const { id, status } = view;
  const last = lastEndLine(view);
  if (last !== null && telling.includes(stateOf(view))) return `${id}: ${stateOf(view)}, ${last}`;
  if (status.state === 'blocked') return `${id}: blocked, ${status.obstacles[0]?.message ?? ''}`;
  if (status.state === 'restorable') return `${id}: in the cache, not in place`;
  if (status.state === 'waiting') return `${id}: waits for ${status.on[0]}`;
  const [reason] = reasonsOf(view);
  return reason ? `${id}: ${reasonLine(reason)}` : `${last ?? id}`;
}
