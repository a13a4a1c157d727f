/** `pipe why CELL`: every reason with the old and the new value, and the root of a chain. */

import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { CellStatus } from '../cell/work.ts';
import { reasonLine } from '../key/reason-line.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { type Command, jsonFlag, pipelineFlags } from './command.ts';
import { planOf, targeted, workspaceOf } from './project.ts';
import { isFresh, statusJson } from './status.ts';

export const why: Command = {
  name: 'why',
  summary: 'say why a cell must run, or why it need not',
  usage: 'TARGET… [flags]',
  flags: { ...pipelineFlags, ...jsonFlag },
  examples: [
    ["pipe why 'train[no-zero,3]'", 'one cell'],
    ['pipe why evaluate', 'every cell of a stage that must run, equal reasons together'],
  ],
  async run(parsed, surroundings) {
    const opened = await planOf(parsed, surroundings);
    if (parsed.arguments.length === 0) {
      throw new UserError('pipe why needs a cell or a stage', {
        code: exitCode.usage,
        hint: '`pipe ls` lists the cells',
      });
    }
    const cells = targeted(opened.graph, parsed.arguments);
    const workspace = await workspaceOf(opened, surroundings);
    const all = await workspace.status();
    await workspace.close();
    if (parsed.is('json')) {
      const rows = cells.map((id) => ({ cell: id, ...statusJson(all.get(id)) }));
      surroundings.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return exitCode.ok;
    }
    const groups = new Map<string, CellId[]>();
    for (const id of cells) {
      const text = explain(id, all, opened.graph);
      groups.set(text, [...(groups.get(text) ?? []), id]);
    }
    for (const [text, ids] of groups) {
      const more = ids.length > 1 ? ` and ${ids.length - 1} more` : '';
      surroundings.stdout.write(`${ids[0]}${more} ${text}\n`);
    }
    return exitCode.ok;
  },
};

function explain(id: CellId, all: ReadonlyMap<CellId, CellStatus>, graph: Graph): string {
  const status = all.get(id);
  if (!status) return 'is not known';
  if (status.state === 'up-to-date') return 'is up to date';
  if (status.state === 'frozen') return `is frozen: ${status.because}`;
  if (status.state === 'blocked') {
    return `cannot run:${status.obstacles.map((o) => `\n  ${o.message}${o.hint ? `\n    ${o.hint}` : ''}`).join('')}`;
  }
  const lines = status.reasons.map((reason) => `\n  ${reasonLine(reason)}`).join('');
  if (status.state === 'restorable') return `is in the cache and will be restored:${lines}`;
  if (status.state === 'waiting') {
    const roots = rootsOf(id, all, graph);
    const named = roots.slice(0, 3).join(', ');
    const more = roots.length > 3 ? ` and ${roots.length - 3} more` : '';
    return `depends on what ${named}${more} will make:${lines}${roots
      .slice(0, 3)
      .map((root) => `\n  ${root} ${explainRoot(root, all)}`)
      .join('')}`;
  }
  return `must run:${lines}`;
}

/** The cells upstream that must run for reasons of their own. */
function rootsOf(id: CellId, all: ReadonlyMap<CellId, CellStatus>, graph: Graph): CellId[] {
  const roots = new Set<CellId>();
  const seen = new Set<CellId>();
  const visit = (cell: CellId) => {
    if (seen.has(cell)) return;
    seen.add(cell);
    const status = all.get(cell);
    if (isFresh(status)) return;
    if (status?.state === 'waiting') for (const up of status.on) visit(up);
    else if (cell !== id) roots.add(cell);
  };
  for (const up of graph.cells.get(id)?.upstream ?? []) visit(up);
  return [...roots];
}

function explainRoot(root: CellId, all: ReadonlyMap<CellId, CellStatus>): string {
  const status = all.get(root);
  if (status && 'reasons' in status && status.reasons[0]) return `must run: ${reasonLine(status.reasons[0])}`;
  if (status?.state === 'blocked') return `cannot run: ${status.obstacles[0]?.message ?? ''}`;
  return 'must run';
}
