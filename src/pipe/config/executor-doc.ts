/** Executors as the pipeline file describes them: queues of jobs. The machine itself is `local` and needs no description. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';

/** The executor that is always there: this machine. */
export const localName = 'local';

/** What one job asks for; null: what the stage says. */
export interface AskedOfJob {
  readonly cpu: number | null;
  readonly gpu: number | null;
  /** Bytes. */
  readonly memory: number | null;
}

export interface QueueStageDoc extends AskedOfJob {
  readonly timeMs: number | null;
  readonly partition: string | null;
  readonly pack: number | null;
  readonly extra: readonly string[];
}

interface QueueDoc {
  readonly name: string;
  readonly description: string;
  /** Longest time of a job in milliseconds; null: the queue's own. */
  readonly timeMs: number | null;
  /** Most cells under way. */
  readonly cells: number;
  /** Most jobs per submission. */
  readonly array: number;
  /** Cells per job. */
  readonly pack: number;
  /** Of a job's cells so many at once. */
  readonly parallel: number;
  readonly wrap: string | null;
  readonly setup: readonly string[];
  /** null: the Node that runs the driver. */
  readonly node: string | null;
  /** Milliseconds before a job's end at which its cells are asked to write a checkpoint. */
  readonly warningMs: number;
  readonly pollMs: number;
  readonly most: AskedOfJob;
  /** In all, for forecasts; null: not said. */
  readonly has: AskedOfJob;
  readonly stages: ReadonlyMap<string, QueueStageDoc>;
  readonly at: Position;
}

export interface SlurmDoc extends QueueDoc {
  readonly kind: 'slurm';
  readonly partition: string | null;
  readonly account: string | null;
  readonly extra: readonly string[];
}

export interface CommandQueueDoc extends QueueDoc {
  readonly kind: 'command';
  readonly submit: string;
  /** Source of the regular expression whose first group is a job's id. */
  readonly id: string;
  readonly status: string;
  readonly cancel: string;
}

export type ExecutorDoc = SlurmDoc | CommandQueueDoc;
