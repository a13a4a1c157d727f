/** `pipe ls`: cells with their state, and where their outs lie. */

import { relative } from 'node:path';
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText, durationText } from '../../lib/format.ts';
import { type Command, jsonFlag, pipelineFlags } from './command.ts';
import { planOf, targeted, workspaceOf } from './project.ts';
import { statusJson } from './status.ts';
import { columns } from './table.ts';

export const ls: Command = {
  name: 'ls',
  summary: 'list cells, their state and their outs',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    outs: { type: 'boolean', help: 'Also list the outs and their paths' },
  },
  examples: [
    ["pipe ls 'train[*,0]'", 'training cells of one seed'],
    ['pipe ls evaluate --outs', 'where the predictions are'],
  ],
  async run(parsed, surroundings) {
    const opened = await planOf(parsed, surroundings);
    const workspace = await workspaceOf(opened, surroundings);
    const all = await workspace.status();
    const rows = targeted(opened.graph, parsed.arguments).map((id) => {
      const outs = (opened.graph.cells.get(id)?.outs ?? []).map(({ name }) => ({
        name,
        path: relative(surroundings.project, workspace.outPath(id, name)),
        size: workspace.placed(id)?.outs[name]?.size ?? null,
      }));
      return { id, status: all.get(id), ms: workspace.lastMs(id), outs };
    });
    await workspace.close();
    if (parsed.is('json')) {
      const json = rows.map(({ id, status, ms, outs }) => ({ cell: id, ...statusJson(status), ms, outs }));
      surroundings.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
      return exitCode.ok;
    }
    const lines = rows.flatMap(({ id, status, ms, outs }) => [
      [id, status?.state ?? 'unknown', ms === null ? '' : durationText(ms)],
      ...(parsed.is('outs')
        ? outs.map(({ name, path, size }) => [`  ${name}`, size === null ? 'absent' : bytesText(size), path])
        : []),
    ]);
    surroundings.stdout.write(columns(lines));
    return exitCode.ok;
  },
};
