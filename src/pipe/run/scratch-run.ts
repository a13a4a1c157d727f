/** Runs a cell once without publishing what it makes: for looking at it. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { attemptOf } from '../cell/attempt.ts';
import type { CellTransaction } from '../cell/transaction.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Executor } from '../exec/executor.ts';
import { writeAttempt } from '../job/attempt-files.ts';
import type { Cell } from '../plan/graph.ts';
import { endedError } from './cell-error.ts';

export interface ScratchRun {
  /** Absolute path of the project folder. */
  readonly project: string;
  readonly cell: Cell;
  /** The caller's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Has looked at everything the cell needs. */
  readonly workspace: Workspace;
  readonly executor: Executor;
  readonly gpus: readonly number[];
}

/** The cell's transaction, which is to be abandoned. @throws UserError when the cell cannot run now */
export async function beginScratch(
  { cell, workspace }: Pick<ScratchRun, 'cell' | 'workspace'>,
  verb: string,
): Promise<CellTransaction> {
  const status = await workspace.look(cell.id);
  if (status.state === 'waiting') {
    const [first = '', ...others] = status.on;
    const rest = others.length > 0 ? ` and ${others.length} more` : '';
    throw new UserError(`${cell.id} cannot be run now: ${first}${rest} must be run first`, {
      hint: `\`npx pipe run '${first}'\``,
    });
  }
  const begun = await workspace.begin(cell.id, { run: `${verb}-${process.pid}`, force: true, noCache: true });
  if (begun.kind === 'run') return begun;
  const [obstacle] = begun.kind === 'blocked' ? begun.obstacles : [];
  const why = obstacle?.message ?? `it is ${begun.kind}`;
  throw new UserError(`${cell.id} cannot be run now: ${why}`, {
    hint: obstacle?.hint ?? 'run what it needs first',
  });
}

/** Absolute paths of the outs, by name, until the next attempt. `folder`: of the attempt. @throws UserError when it fails */
export async function scratchAttempt(
  { project, cell, env, executor, gpus }: ScratchRun,
  work: CellTransaction,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder, { recursive: true });
  const outs = await work.stage();
  // A checkpoint of another run would spare this one its work: each has an empty folder of its own.
  const checkpoint = work.checkpoint === null ? null : join(folder, 'checkpoint');
  if (checkpoint !== null) await mkdir(checkpoint);
  const one = attemptOf(cell, work, {
    folder,
    outs,
    checkpoint,
    gpus,
    project,
    env,
  });
  writeAttempt(one);
  const running = await executor.start(one, () => {});
  const ended = await running.ended;
  if (ended.kind !== 'ok') {
    const error = endedError(ended, one.log);
    throw new UserError(`${cell.id} failed: ${error.message}\n${error.tail.join('\n')}`.trimEnd());
  }
  for (const out of cell.outs) {
    const path = outs[out.name];
    if (path === undefined || !(await exists(path)))
      throw new UserError(`${cell.id} made no out ${out.name}`);
  }
  return outs;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
