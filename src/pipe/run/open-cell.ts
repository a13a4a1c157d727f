/** A cell as its stage would find it, for a person to look around in: its deps, params and environment, and scratch outs. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { attemptOf } from '../cell/attempt.ts';
import { commandLine } from '../exec/local.ts';
import type { Attempt } from '../job/attempt.ts';
import { jobFile, writeAttempt } from '../job/attempt-files.ts';
import { pythonHostFile } from '../job/python-host-file.ts';
import { beginScratch, type ScratchRun } from './scratch-run.ts';

export interface OpenedCell {
  readonly attempt: Attempt;
  /** Absolute path of a folder that is this shell's own; `outs` in it is where the outs go. */
  readonly scratch: string;
  /** The stage's environment, with the job's variables, and where Python finds the stage's modules. */
  readonly env: Readonly<Record<string, string>>;
  /** A shell script that runs the stage itself in this job. */
  readonly runStage: string;
}

/** The cell's lock is released again: other runs go on. @throws UserError when the cell cannot run now */
export async function openCell(options: Omit<ScratchRun, 'executor'>): Promise<OpenedCell> {
  const { cell, project, env, gpus } = options;
  const work = await beginScratch(options, 'shell');
  // Nothing of it is staged: views of the deps are there, and the workspace keeps gc from them while it is open.
  await work.abandon();
  const scratch = await mkdtemp(join(tmpdir(), 'pipe-shell-'));
  const outs: Record<string, string> = {};
  for (const out of cell.outs) {
    const path = join(scratch, 'outs', out.path);
    mkdirSync(dirname(path), { recursive: true });
    outs[out.name] = path;
  }
  const checkpoint = cell.checkpoint === null ? null : join(scratch, 'checkpoint');
  if (checkpoint !== null) mkdirSync(checkpoint);
  const attempt = attemptOf(cell, work, { folder: scratch, outs, checkpoint, gpus, project, env });
  writeAttempt(attempt);
  const runStage = join(scratch, 'run-stage');
  const [file, args] = await commandLine(attempt);
  writeFileSync(runStage, `cd ${quoted(project)} && exec ${[file, ...args].map(quoted).join(' ')}\n`);
  return {
    attempt,
    scratch,
    runStage,
    env: {
      ...attempt.env,
      PIPE_JOB: jobFile(scratch),
      CUDA_VISIBLE_DEVICES: gpus.join(','),
      PYTHONPATH: pythonPath(attempt, project),
    },
  };
}

/** Where the host of a stage in Python looks, in its order. */
function pythonPath({ run, env }: Attempt, project: string): string {
  const script = run.kind === 'module' && run.python !== null && !run.file.includes(':') ? run.file : null;
  const host = dirname(pythonHostFile());
  const sdk = [join(host, 'sdk'), join(host, '../../../python/src')].filter((path) => existsSync(path));
  return [
    ...(script === null ? [] : [dirname(join(project, script))]),
    project,
    join(project, 'src'),
    ...(env.PYTHONPATH ?? '').split(delimiter).filter((path) => path !== ''),
    ...sdk.slice(0, 1),
  ].join(delimiter);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
