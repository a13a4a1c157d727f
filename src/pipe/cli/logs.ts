/** `pipe logs CELL`: what a cell printed when it last ran. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { cellFolder } from '../plan/cell-id.ts';
import type { CellId } from '../plan/graph.ts';
import { layoutOf } from '../store/layout.ts';
import { type Command, jsonFlag, pipelineFlags } from './command.ts';
import { planOf, targeted } from './project.ts';

export const logs: Command = {
  name: 'logs',
  summary: 'print the last log of a cell',
  usage: 'TARGET… [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    path: { type: 'boolean', help: 'Print the path of the log, not its text' },
  },
  examples: [
    ["pipe logs 'train[no-zero,3]'", 'what the cell printed'],
    ["less $(pipe logs --path 'train[no-zero,3]')", 'in a pager'],
  ],
  async run(parsed, surroundings) {
    if (parsed.arguments.length === 0) {
      throw new UserError('pipe logs needs a cell or a stage', {
        code: exitCode.usage,
        hint: '`pipe ls` lists the cells',
      });
    }
    const { project, stdout } = surroundings;
    const { graph } = await planOf(parsed, surroundings);
    const cells = targeted(graph, parsed.arguments);
    const found = lastLogs(project, cells);
    if (found.size === 0) {
      throw new UserError(`${cells[0]} has no log: it never ran here`, { hint: '`pipe run` runs it' });
    }
    if (parsed.is('json')) {
      const rows = Array.from(found, ([cell, path]) => ({ cell, log: relative(project, path) }));
      stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return exitCode.ok;
    }
    for (const [cell, path] of found) {
      if (parsed.is('path')) stdout.write(`${relative(project, path)}\n`);
      else {
        if (found.size > 1) stdout.write(`== ${cell}\n`);
        stdout.write(readFileSync(path));
      }
    }
    return exitCode.ok;
  },
};

/** Absolute path of the newest log of each cell that has one. */
function lastLogs(project: string, cells: readonly CellId[]): ReadonlyMap<CellId, string> {
  const { runs } = layoutOf(project);
  const newestFirst = names(runs).sort().reverse();
  const found = new Map<CellId, string>();
  for (const cell of cells) {
    const folder = cellFolder(cell);
    for (const run of newestFirst) {
      const attempts = join(runs, run, 'cells', folder);
      const last = names(attempts)
        .sort((a, b) => Number(a) - Number(b))
        .at(-1);
      if (last === undefined || !names(join(attempts, last)).includes('log.txt')) continue;
      found.set(cell, join(attempts, last, 'log.txt'));
      break;
    }
  }
  return found;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
