/** `pipe metrics`: the numbers of every out marked `report: metrics`; `metrics diff REPORT` sets them beside an earlier report's. */
import { resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { CellId } from '../plan/graph.ts';
import type { PlannedPipeline } from '../project/plan-json.ts';
import type { Origin } from '../report/model/input.ts';
import type { MarkedOut } from '../report/model/read-marked-outs.ts';
import { layoutOf } from '../store/layout.ts';
import { type Command, type Invocation, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

export const metrics: Command = {
  name: 'metrics',
  summary: 'print metrics, or compare them with an earlier report',
  usage: '[TARGET…] [flags]\n       pipe metrics diff REPORT [flags]',
  flags: { ...pipelineFlags, ...jsonFlag },
  examples: [
    ['pipe metrics', 'every metric that is in place'],
    ['pipe metrics diff before/report.json', 'old and new value of what changed'],
  ],
  async run(parsed, invocation) {
    const [mode, report, ...more] = parsed.arguments;
    if (mode === 'diff' && (report === undefined || more.length > 0)) {
      throw new UserError('pipe metrics diff needs one report to compare with', {
        code: exitCode.usage,
        hint: 'pipe metrics diff before/report.json',
      });
    }
    const opened = await planOf(parsed, invocation);
    const cells = targeted(opened.graph, mode === 'diff' ? [] : parsed.arguments);
    const marked = await marksOf(opened, invocation, cells);
    const { readMarkedOuts } = await import('../report/model/read-marked-outs.ts');
    const read = await readMarkedOuts(marked);
    const [problem] = read.problems;
    if (problem) throw new UserError(`${problem.file}: ${problem.message}`);
    const rows = read.metrics.flatMap(({ origin, value }) =>
      Object.entries(value).map(([name, number]) => ({ cell: origin.cell, name, value: number, origin })),
    );
    if (mode === 'diff' && report !== undefined) return compare(rows, report, parsed.is('json'), invocation);
    const { madeText } = await import('../report/model/outdated.ts');
    if (parsed.is('json')) {
      const plain = rows.map(({ origin: { stale, made }, ...row }) => ({ ...row, stale, made }));
      printJson(invocation, plain);
    } else {
      const lines = rows.map(({ cell, name, value, origin: { stale, made } }) => [
        cell,
        name,
        numberText(value),
        stale ? `out of date: ${madeText(made, opened.params)}` : '',
      ]);
      invocation.stdout.write(columns(lines));
    }
    return exitCode.ok;
  },
};

/** Outs of these cells that hold metrics and are in place. */
async function marksOf(
  opened: PlannedPipeline,
  invocation: Invocation,
  cells: readonly CellId[],
): Promise<readonly MarkedOut[]> {
  const { project } = invocation;
  const layout = layoutOf(project, opened.file);
  const { cellNow, markedOuts } = await import('../report/model/look-at-cells.ts');
  return withWorkspace(opened, invocation, async (workspace) => {
    const statuses = await workspace.status();
    return cells.flatMap((id) => {
      const cell = opened.graph.cells.get(id);
      if (cell === undefined) return [];
      const now = cellNow(cell, statuses.get(id), { workspace, layout });
      if (now.inPlace === null) return [];
      const outs = cell.outs.filter(({ report: mark }) => mark === 'metrics');
      return markedOuts({ ...cell, outs }, { inPlace: now.inPlace, project, stale: !now.current });
    });
  });
}

interface Row {
  readonly origin: Origin;
  readonly cell: string;
  readonly name: string;
  readonly value: number | null;
}

async function compare(
  rows: readonly Row[],
  report: string,
  json: boolean,
  { project, stdout }: Invocation,
): Promise<number> {
  const { readBaseline } = await import('../report/model/baseline.ts');
  const baseline = await readBaseline(resolve(project, report));
  const before = new Map<string, number | null>();
  for (const { cell, values } of baseline.metrics) {
    for (const [name, value] of Object.entries(values)) before.set(`${cell} ${name}`, value);
  }
  const after = new Map(rows.map(({ cell, name, value }) => [`${cell} ${name}`, value]));
  const changes = [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => ({ metric: key, from: before.get(key), to: after.get(key) }));
  if (json) stdout.write(`${JSON.stringify(changes, null, 2)}\n`);
  else if (changes.length === 0) stdout.write('no metric changed\n');
  else {
    stdout.write(
      columns(
        changes.map(({ metric, from, to }) => [
          metric,
          `${numberText(from)} →`,
          numberText(to),
          typeof from === 'number' && typeof to === 'number'
            ? `${to > from ? '+' : ''}${numberText(to - from)}`
            : '',
        ]),
      ),
    );
  }
  return exitCode.ok;
}

function numberText(value: number | null | undefined): string {
  if (value === undefined) return 'absent';
  return value === null ? 'undefined' : String(Number(value.toPrecision(6)));
}
