/** `pipe ls`: cells with their state, and where their outs lie. */

import { relative } from 'node:path';
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText, countText, durationText } from '../../lib/format.ts';
import { lastEndLine, originOf, shortened, stateOf, viewJson, viewsOf } from './cell-view.ts';
import { allFlag, type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

export const ls: Command = {
  name: 'ls',
  summary: 'list cells, their state and their outs',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    ...allFlag,
    outs: { type: 'boolean', help: 'Also list the outs and their paths' },
  },
  examples: [
    ["pipe ls 'train[*,0]'", 'training cells of one seed'],
    ['pipe ls evaluate --outs', 'where the predictions are'],
  ],
  async run(parsed, invocation) {
    const opened = await planOf(parsed, invocation);
    const rows = await withWorkspace(opened, invocation, async (workspace) => {
      const views = await viewsOf(await workspace.status(), opened, invocation);
      return targeted(opened.graph, parsed.arguments)
        .flatMap((id) => views.get(id) ?? [])
        .map((view) => {
          const outs = (opened.graph.cells.get(view.id)?.outs ?? []).map(({ name }) => ({
            name,
            path: relative(invocation.project, workspace.outPath(view.id, name)),
            size: workspace.placed(view.id)?.outs[name]?.size ?? null,
          }));
          return { view, ms: workspace.lastMs(view.id), took: workspace.took(view.id), outs };
        });
    });
    if (parsed.is('json')) {
      const json = rows.map(({ view, ms, took, outs }) => {
        const from = originOf(view, invocation);
        return { cell: view.id, ...viewJson(view), ms, ...took, ...(from === null ? {} : { from }), outs };
      });
      printJson(invocation, json);
      return exitCode.ok;
    }
    const { shown, more } = shortened(rows, parsed.is('all'));
    const lines = shown.flatMap(({ view, ms, took, outs }) => [
      [
        view.id,
        stateOf(view),
        ms === null ? '' : durationText(ms),
        took === null ? '' : bytesText(took.peakBytes),
        lastEndLine(view) ?? fromText(originOf(view, invocation)),
      ],
      ...(parsed.is('outs')
        ? outs.map(({ name, path, size }) => [`  ${name}`, size === null ? 'absent' : bytesText(size), path])
        : []),
    ]);
    invocation.stdout.write(columns(lines));
    if (more > 0) invocation.stdout.write(`${countText(more, 'more cell')}: pipe ls --all\n`);
    return exitCode.ok;
  },
};

function fromText(origin: string | null): string {
  return origin === null ? '' : `from ${origin}`;
}
