/** Opens the executor of a queue that the pipeline file describes. Loaded only by runs that send cells to one. */
import { setFlagsFromString } from 'node:v8';
import type { Cell } from '../../plan/graph.ts';
import { commandBackend } from '../command/command-queue.ts';
import { slurmBackend } from '../slurm/slurm.ts';
import { checkQueueDemand } from './asked.ts';
import { QueueExecutor } from './queue-executor.ts';
import type { QueueOptions } from './queue-options.ts';

/** A driver of so many cells waits nearly all the time: its memory, on a shared login node, counts more than its speed. */
const manyCells = 5_000;

export interface Opening extends Omit<QueueOptions, 'backend'> {
  /** Those that are to be sent to it. */
  readonly cells: readonly Cell[];
  readonly env: NodeJS.ProcessEnv;
}

/** @throws UserError when a cell asks for more than a job may have */
export async function openQueue({ cells, env, ...options }: Opening): Promise<QueueExecutor> {
  const { doc } = options;
  checkQueueDemand(cells, doc);
  // The heap grows by a seventh between two collections, instead of doubling.
  if (cells.length >= manyCells) setFlagsFromString('--heap-growing-percent=15');
  return new QueueExecutor({ ...options, backend: backendOf(doc, env) });
}

export function backendOf(doc: QueueOptions['doc'], env: NodeJS.ProcessEnv): QueueOptions['backend'] {
  return doc.kind === 'slurm' ? slurmBackend(doc, env) : commandBackend(doc, env);
}
