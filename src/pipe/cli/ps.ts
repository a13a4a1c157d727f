/** `pipe ps`: which runs of this project have not ended, who drives each, and what queues have of it. */
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { countText } from '../../lib/format.ts';
import { notRunOf } from '../run/cell-state.ts';
import { recordedState } from '../run/read-events.ts';
import { type KnownRun, runsOf } from '../run/runs.ts';
import { layoutOf } from '../store/layout.ts';
import { batchFolder, type OpenJob } from '../store/open-jobs.ts';
import { allFlag, type Command, jsonFlag, printJson } from './command.ts';
import { columns } from './table.ts';

export const ps: Command = {
  name: 'ps',
  summary: 'list runs that have not ended, who drives them, and their jobs in queues',
  usage: '[flags]',
  flags: { ...allFlag, ...jsonFlag },
  examples: [
    ['pipe ps', 'runs that are driven, or left with jobs in a queue'],
    ['pipe ps --all', 'those that have ended too'],
  ],
  async run(parsed, invocation) {
    const { project, stdout } = invocation;
    const layout = layoutOf(project);
    const runs = runsOf(layout).filter(({ state }) => parsed.is('all') || state !== 'ended');
    const rows = [];
    for (const one of runs) rows.push({ ...one, cells: await cellsOf(project, one.id) });
    if (parsed.is('json')) {
      printJson(
        invocation,
        rows.map(({ id, state, driver, jobs, cells }) => ({
          run: id,
          state,
          driver,
          cells,
          jobs: jobs.map(({ cell, executor, batch }) => ({
            cell,
            executor,
            folder: batchFolder(layout, batch),
          })),
        })),
      );
      return exitCode.ok;
    }
    if (rows.length === 0) stdout.write('no run is under way here\n');
    stdout.write(
      columns(
        rows.map((row) => [
          row.id,
          stateText(row),
          row.cells === null
            ? ''
            : `${row.cells.all - row.cells.open} of ${countText(row.cells.all, 'cell')} ended`,
          jobsText(row.jobs),
        ]),
      ),
    );
    return exitCode.ok;
  },
};

async function cellsOf(
  project: string,
  run: string,
): Promise<{ readonly all: number; readonly open: number } | null> {
  const state = await recordedState(project, run);
  if (state === null) return null;
  const counts = state.counts();
  return { all: state.cells.size, open: notRunOf(counts) };
}

function stateText({ id, state, driver }: KnownRun): string {
  if (driver !== null) return `driven by process ${driver.pid} on ${driver.host}`;
  return state === 'left' ? `left: pipe attach ${id}` : 'ended';
}

function jobsText(jobs: readonly OpenJob[]): string {
  const counts = new Map<string, number>();
  for (const { executor } of jobs) counts.set(executor, (counts.get(executor) ?? 0) + 1);
  return Array.from(counts, ([name, count]) => `${countText(count, 'cell')} in ${name}`).join(', ');
}
