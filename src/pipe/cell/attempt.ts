/** Freezes one try at a cell: what it reads, where it writes, with what environment. */
import { join } from 'node:path';
import type { Attempt } from '../job/attempt.ts';
import { stageEnvironment } from '../job/environment.ts';
import type { Job } from '../job/job.ts';
import { secretsOf } from '../job/mask.ts';
import { usableCpu } from '../key/cell-fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import type { CellTransaction } from './transaction.ts';

export interface Try {
  /** Absolute; exists. */
  readonly folder: string;
  /** Absolute path of the event file; left out: in `folder`. */
  readonly events?: string;
  /** As `work.stage()` gave them for this try. */
  readonly outs: Job['outs'];
  readonly checkpoint: string | null;
  /** Ids that were leased to it. */
  readonly gpus: readonly number[];
  /** How often the cell ran out of memory. */
  readonly memoryStep?: number;
  /** Absolute path of the project folder. */
  readonly project: string;
  /** The caller's environment. */
  readonly env: NodeJS.ProcessEnv;
}

export function attemptOf(cell: Cell, work: CellTransaction, one: Try): Attempt {
  const job: Job = {
    version: 2,
    axes: cell.axes,
    params: cell.params,
    axisValues: cell.axisValues,
    deps: work.deps,
    outs: one.outs,
    checkpoint: one.checkpoint,
    // Not what was leased of this machine: a run elsewhere could have been given another number under the same key.
    resources: { cpu: usableCpu(cell), gpus: one.gpus },
    events: one.events ?? join(one.folder, 'events.jsonl'),
    module: work.module,
  };
  return {
    job,
    run: cell.run,
    folder: one.folder,
    log: join(one.folder, 'log.txt'),
    env: stageEnvironment(cell.env, one.env, one.project),
    secrets: secretsOf(cell.env, one.env),
    pass: cell.env.pass,
    asks: { id: cell.id, stage: cell.stage, resources: cell.resources },
    memoryStep: one.memoryStep ?? 0,
    project: one.project,
    timeoutMs: cell.timeoutMs,
  };
}
