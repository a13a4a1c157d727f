/** `pipe why CELL`: every reason with the old and the new value, and the root of a chain. */

import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { countText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import {
  type CellView,
  causeLines,
  isFresh,
  originOf,
  shortened,
  stateOf,
  viewCells,
  viewJson,
} from './cell-view.ts';
import { allFlag, type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted } from './project.ts';

export const why: Command = {
  name: 'why',
  summary: 'say why a cell must run, or why it need not',
  usage: '[TARGET…] [flags]',
  flags: { ...pipelineFlags, ...jsonFlag, ...allFlag },
  examples: [
    ["pipe why 'train[no-zero,3]'", 'one cell'],
    ['pipe why', 'the whole pipeline: of many cells, how they stand and what most of it goes back to'],
    ['pipe why evaluate', 'every cell of a stage that must run, equal reasons together'],
  ],
  async run(parsed, invocation) {
    const opened = await planOf(parsed, invocation);
    const cells = targeted(opened.graph, parsed.arguments);
    const views = await viewCells(opened, invocation);
    if (parsed.is('json')) {
      const rows = cells
        .flatMap((id) => views.get(id) ?? [])
        .map((view) => {
          const from = originOf(view, invocation);
          return { cell: view.id, ...viewJson(view), ...(from === null ? {} : { from }) };
        });
      printJson(invocation, rows);
      return exitCode.ok;
    }
    const groups = new Map<string, CellId[]>();
    for (const id of cells) {
      const view = views.get(id);
      const origin = view === undefined ? null : originOf(view, invocation);
      const text = `${explain(id, { views, graph: opened.graph, all: parsed.is('all') })}${
        origin === null ? '' : `; its result was taken from ${origin}`
      }`;
      const group = groups.get(text);
      if (group) group.push(id);
      else groups.set(text, [id]);
    }
    if (groups.size > toldApart && !parsed.is('all')) {
      const { storyLines } = await import('./why-story.ts');
      const chosen = cells.flatMap((id) => views.get(id) ?? []);
      for (const line of storyLines(chosen, views)) invocation.stdout.write(`${printable(line)}\n`);
      return exitCode.ok;
    }
    const { shown, more } = shortened([...groups], parsed.is('all'));
    for (const [text, [first, ...others]] of shown) {
      const line =
        others.length > 0 ? `${first} and ${others.length} more ${ofSeveral(text)}` : `${first} ${text}`;
      invocation.stdout.write(`${printable(line)}\n`);
    }
    if (more > 0) invocation.stdout.write(`${countText(more, 'more group')} of cells: add --all\n`);
    return exitCode.ok;
  },
};

/** What is said of one cell, of several. */
function ofSeveral(text: string): string {
  return text.replace(/^is /, 'are ').replace(/^depends /, 'depend ');
}

/** Up to so many groups of cells are listed one by one; of more, what they have in common. */
const toldApart = 5;

type Views = ReadonlyMap<CellId, CellView>;

interface Known {
  readonly views: Views;
  readonly graph: Graph;
  /** Every line, however many. */
  readonly all: boolean;
}

/** One line each, indented; of a great many the first, and how many more there are. */
function listed(lines: readonly string[], all: boolean): string {
  const { shown, more } = shortened(lines, all);
  const rest = more > 0 ? [`${countText(more, 'more reason')}: add --all`] : [];
  return [...shown, ...rest].map((line) => `\n  ${line}`).join('');
}

function explain(id: CellId, known: Known): string {
  const { views, all } = known;
  const view = views.get(id);
  if (!view) return 'is not known';
  const { status } = view;
  if (status.state === 'up-to-date') return 'is up to date';
  if (status.state === 'frozen') return `is frozen: ${status.because}`;
  if (status.state === 'blocked') {
    const obstacles = status.obstacles.map(({ message, hint }) => `${message}${hint ? `\n    ${hint}` : ''}`);
    return `cannot run:${listed(obstacles, all)}`;
  }
  const lines = listed(causeLines(view), all);
  if (status.state === 'restorable') return `is in the cache and will be restored:${lines}`;
  if (status.state === 'waiting') {
    const roots = rootsOf(id, known);
    const named = roots.slice(0, 3).join(', ');
    const more = roots.length > 3 ? ` and ${roots.length - 3} more` : '';
    return `depends on what ${named}${more} will make:${lines}${roots
      .slice(0, 3)
      .map((root) => `\n  ${root} ${explainRoot(root, views)}`)
      .join('')}`;
  }
  const words = {
    running: 'is running',
    failed: 'failed and must run again',
    cancelled: 'was cancelled and must run',
  };
  const state = stateOf(view);
  return `${state in words ? words[state as keyof typeof words] : 'must run'}:${lines}`;
}

/** The cells upstream that must run for reasons of their own. */
function rootsOf(id: CellId, { views, graph }: Known): CellId[] {
  const roots = new Set<CellId>();
  const seen = new Set<CellId>();
  const visit = (cell: CellId) => {
    if (seen.has(cell)) return;
    seen.add(cell);
    const status = views.get(cell)?.status;
    if (isFresh(status)) return;
    if (status?.state === 'waiting') for (const up of status.on) visit(up);
    else if (cell !== id) roots.add(cell);
  };
  for (const up of graph.cells.get(id)?.upstream ?? []) visit(up);
  return [...roots];
}

function explainRoot(root: CellId, views: Views): string {
  const view = views.get(root);
  if (view?.status.state === 'blocked') return `cannot run: ${view.status.obstacles[0]?.message ?? ''}`;
  const [line] = view ? causeLines(view) : [];
  return line === undefined ? 'must run' : `must run: ${line}`;
}
