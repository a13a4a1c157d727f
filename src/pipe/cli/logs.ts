/** `pipe logs CELL`: what a cell printed when it last ran. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { countText, numberText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import { readRegularFile } from '../../lib/regular-file.ts';
import { cellFolder } from '../plan/cell-id.ts';
import type { CellId } from '../plan/graph.ts';
import type { CellProgress } from '../run/cell-progress.ts';
import { foldEvents, readEvents } from '../run/read-events.ts';
import type { RunState } from '../run/run-state.ts';
import { layoutOf } from '../store/layout.ts';
import { type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted } from './project.ts';
import { columns } from './table.ts';

export const logs: Command = {
  name: 'logs',
  summary: 'print the last log of a cell, and what it reported',
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
  async run(parsed, invocation) {
    if (parsed.arguments.length === 0) {
      throw new UserError('pipe logs needs a cell or a stage', {
        code: exitCode.usage,
        hint: '`pipe ls` lists the cells',
      });
    }
    const { project, stdout } = invocation;
    const { graph, file } = await planOf(parsed, invocation);
    const cells = targeted(graph, parsed.arguments);
    const found = lastLogs(project, file, cells);
    if (found.size === 0) {
      throw new UserError(`${cells[0]} has no log: it never ran here`, { hint: '`pipe run` runs it' });
    }
    const reported = await reportedBy(found);
    if (parsed.is('json')) {
      const rows = Array.from(found, ([cell, { log }]) => {
        const { metrics = new Map(), messages = [] } = reported.get(cell) ?? {};
        return { cell, log: relative(project, log), metrics: Object.fromEntries(metrics), messages };
      });
      printJson(invocation, rows);
      return exitCode.ok;
    }
    for (const [cell, { log }] of found) {
      if (parsed.is('path')) stdout.write(`${relative(project, log)}\n`);
      else {
        if (found.size > 1) stdout.write(`== ${cell}\n`);
        stdout.write(printable(readRegularFile(log).toString('utf8')));
        stdout.write(reportedText(reported.get(cell)));
      }
    }
    return exitCode.ok;
  },
};

interface FoundLog {
  /** Absolute, as is `run`: the folder of the run that wrote it. */
  readonly log: string;
  readonly run: string;
}

/** What each cell reported besides its log in the run that wrote it: metrics and messages. */
async function reportedBy(found: ReadonlyMap<CellId, FoundLog>): Promise<ReadonlyMap<CellId, CellProgress>> {
  const runs = new Map<string, RunState | null>();
  const reported = new Map<CellId, CellProgress>();
  for (const [cell, { run }] of found) {
    if (!runs.has(run)) runs.set(run, foldEvents(await readEvents(join(run, 'events.jsonl'))));
    const progress = runs.get(run)?.cells.get(cell);
    if (progress) reported.set(cell, progress);
  }
  return reported;
}

function reportedText(cell: CellProgress | undefined): string {
  const metrics = Array.from(cell?.metrics ?? [], ([name, { first, last, count, step }]) => [
    `· ${name}`,
    count > 1 ? `${numberText(first)} → ${numberText(last)}` : numberText(last),
    [countText(count, 'value'), ...(step === null ? [] : [`step ${step}`])].join(', '),
  ]);
  const messages = (cell?.messages ?? []).map(
    ({ level, text }) => `${level === 'warning' ? '!' : '·'} ${text}\n`,
  );
  return `${columns(metrics)}${printable(messages.join(''))}`;
}

/** Absolute path of the newest log of each cell that has one. */
function lastLogs(
  project: string,
  pipeline: string,
  cells: readonly CellId[],
): ReadonlyMap<CellId, FoundLog> {
  const { runs } = layoutOf(project);
  const newestFirst = names(runs)
    .sort()
    .reverse()
    .filter((run) => startedWith(join(runs, run, 'events.jsonl'), pipeline));
  const found = new Map<CellId, FoundLog>();
  for (const cell of cells) {
    const folder = cellFolder(cell);
    for (const run of newestFirst) {
      const attempts = join(runs, run, 'cells', folder);
      const last = names(attempts)
        .sort((a, b) => Number(a) - Number(b))
        .at(-1);
      if (last === undefined || !names(join(attempts, last)).includes('log.txt')) continue;
      found.set(cell, { log: join(attempts, last, 'log.txt'), run: join(runs, run) });
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

/** Whether the run's first event names this pipeline: another one may have a stage of the same name. */
function startedWith(events: string, pipeline: string): boolean {
  try {
    const [first = ''] = readRegularFile(events).toString('utf8').split('\n', 1);
    const event: unknown = JSON.parse(first);
    return typeof event === 'object' && event !== null && 'pipeline' in event && event.pipeline === pipeline;
  } catch {
    return false;
  }
}
