/** `pipe verify CELL`: runs cells twice from scratch and compares what they made. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import type { Difference } from '../run/verify-cell.ts';
import { type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted, withWorkspace } from './project.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'run a cell twice and compare: is it deterministic?',
  usage: 'TARGET… [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    tolerance: {
      type: 'string',
      value: 'X',
      help: 'Relative difference that numbers of metrics may have (default: 0)',
    },
  },
  examples: [
    ["pipe verify 'train[baseline,0]'", 'exit code 1 and the files that differ when it is not'],
    ['pipe verify evaluate --tolerance 1e-6', 'every cell of a stage, metrics compared as numbers'],
  ],
  async run(parsed, invocation) {
    if (parsed.arguments.length === 0) {
      throw new UserError('pipe verify needs a cell or a stage', {
        code: exitCode.usage,
        hint: '`pipe ls` lists the cells',
      });
    }
    const tolerance = Number(parsed.text('tolerance') ?? 0);
    if (!(tolerance >= 0)) {
      throw new UserError('--tolerance takes a number of at least 0', { code: exitCode.usage });
    }
    const { project, env, stdout } = invocation;
    const opened = await planOf(parsed, invocation);
    const cells = targeted(opened.graph, parsed.arguments).flatMap((id) => opened.graph.cells.get(id) ?? []);
    const { localExecutor } = await import('../exec/local.ts');
    const { defaultGrace } = await import('../exec/grace.ts');
    const { verifyCell } = await import('../run/verify-cell.ts');
    const executor = localExecutor(defaultGrace);
    const verdicts: { cell: CellId; differences: readonly Difference[] }[] = [];
    try {
      await withWorkspace(
        opened,
        invocation,
        async (workspace) => {
          await workspace.status();
          for (const cell of cells) {
            const gpus = await gpusFor(cell, env);
            const differences = await verifyCell({
              project,
              cell,
              env,
              workspace,
              executor,
              gpus,
              tolerance,
            });
            verdicts.push({ cell: cell.id, differences });
            if (parsed.is('json')) continue;
            stdout.write(
              `${cell.id}: ${differences.length === 0 ? 'the same twice' : 'not the same twice'}\n`,
            );
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
  },
};

async function gpusFor(cell: Cell, env: NodeJS.ProcessEnv): Promise<readonly number[]> {
  if (cell.resources.gpu === 0) return [];
  const { probeGpus, usableGpus } = await import('../exec/gpu.ts');
  return usableGpus(await probeGpus(), env.CUDA_VISIBLE_DEVICES, null).slice(0, cell.resources.gpu);
}
