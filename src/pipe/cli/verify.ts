/** `pipe verify CELL`: runs cells twice from scratch and compares what they made; `--trace`: once, to see what they open. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { countText, numberText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import type { Advice } from '../access/advice.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import type { PlannedPipeline } from '../project/plan-json.ts';
import type { Difference } from '../run/verify-cell.ts';
import { shortened } from './cell-view.ts';
import {
  allFlag,
  type Command,
  type Invocation,
  jsonFlag,
  type Parsed,
  pipelineFlags,
  printJson,
} from './command.ts';
import { gpusFor } from './gpus-for.ts';
import { planOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

export const verify: Command = {
  name: 'verify',
  summary:
    'run a cell twice and compare: is it deterministic? Or once, to see whether it declares all that it opens',
  usage: 'TARGET… [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    ...allFlag,
    trace: {
      type: 'boolean',
      help: 'Run it once under strace (Linux) and list the files that it opens without declaring them',
    },
    tolerance: {
      type: 'string',
      value: 'X',
      help: 'Relative difference that numbers of metrics may have (default: 0)',
    },
  },
  examples: [
    ["pipe verify 'train[baseline,0]'", 'exit code 1 and the files that differ when it is not'],
    ['pipe verify evaluate --tolerance 1e-6', 'every cell of a stage, metrics compared as numbers'],
    [
      "pipe verify --trace 'train[baseline,0]'",
      'exit code 1 and a line to add for each file that is not declared',
    ],
  ],
  async run(parsed, invocation) {
    if (parsed.arguments.length === 0) {
      throw new UserError('pipe verify needs a cell or a stage', {
        code: exitCode.usage,
        hint: '`pipe ls` lists the cells',
      });
    }
    const opened = await planOf(parsed, invocation);
    const cells = targeted(opened.graph, parsed.arguments).flatMap((id) => opened.graph.cells.get(id) ?? []);
    return parsed.is('trace')
      ? traceCells(parsed, invocation, opened, cells)
      : verifyCells(parsed, invocation, opened, cells);
  },
};

type Work = (
  parsed: Parsed,
  invocation: Invocation,
  opened: PlannedPipeline,
  cells: readonly Cell[],
) => Promise<number>;

const verifyCells: Work = async (parsed, invocation, opened, cells) => {
  const tolerance = Number(parsed.text('tolerance') ?? 0);
  if (!(tolerance >= 0)) {
    throw new UserError('--tolerance takes a number of at least 0', { code: exitCode.usage });
  }
  const { project, env, stdout } = invocation;
  const { localExecutor } = await import('../exec/local.ts');
  const { verifyCell } = await import('../run/verify-cell.ts');
  const executor = localExecutor();
  const verdicts: { cell: CellId; differences: readonly Difference[] }[] = [];
  try {
    await withWorkspace(
      opened,
      invocation,
      async (workspace) => {
        await workspace.status();
        for (const cell of cells) {
          const gpus = await gpusFor(cell, env);
          const differences = await verifyCell({ project, cell, env, workspace, executor, gpus, tolerance });
          verdicts.push({ cell: cell.id, differences });
          if (parsed.is('json')) continue;
          stdout.write(`${cell.id}: ${differences.length === 0 ? 'the same twice' : 'not the same twice'}\n`);
          for (const { out, path, what } of differences) {
            stdout.write(`  ${path === '' ? out : `${out}/${path}`}: ${what}\n`);
          }
        }
      },
      { runs: true },
    );
  } finally {
    await executor.close();
  }
  if (parsed.is('json')) printJson(invocation, verdicts);
  return verdicts.some(({ differences }) => differences.length > 0) ? exitCode.failed : exitCode.ok;
};

const traceCells: Work = async (parsed, invocation, opened, cells) => {
  if (parsed.text('tolerance') !== null)
    throw new UserError('--trace compares nothing: leave --tolerance out', { code: exitCode.usage });
  const { project, env, stdout } = invocation;
  const { findStrace } = await import('../access/strace.ts');
  const { traceCell } = await import('../run/trace-cell.ts');
  const strace = await findStrace(env);
  const { graph, file: pipeline } = opened;
  const found: { cell: CellId; undeclared: readonly Advice[] }[] = [];
  await withWorkspace(
    opened,
    invocation,
    async (workspace) => {
      await workspace.status();
      for (const cell of cells) {
        const gpus = await gpusFor(cell, env);
        const options = { project, cell, env, workspace, gpus, graph, pipeline, strace };
        const undeclared = await traceCell(options);
        found.push({ cell: cell.id, undeclared });
        if (!parsed.is('json')) stdout.write(printable(tracedText(cell, undeclared, parsed.is('all'))));
      }
    },
    { runs: true },
  );
  if (parsed.is('json')) printJson(invocation, found);
  return found.some(({ undeclared }) => undeclared.length > 0) ? exitCode.failed : exitCode.ok;
};

function tracedText(cell: Cell, undeclared: readonly Advice[], all: boolean): string {
  if (undeclared.length === 0) return `${cell.id}: declares all that it opens\n`;
  const { shown, more } = shortened(undeclared, all);
  const rows = shown.map(({ path, what, folder, line }) => [
    `  ${what === 'read' ? 'reads' : 'writes'}`,
    folder ? `${path}/` : path,
    line,
  ]);
  const count = countText(undeclared.length, 'file');
  const rest = more > 0 ? `  ${numberText(more)} more: add --all\n` : '';
  return `${cell.id}: opens ${count} that stage ${cell.stage} does not declare\n${columns(rows)}${rest}`;
}
