/** One try at a cell, frozen. */
import type { Cell, CellRun } from '../plan/graph.ts';
import type { Job } from './job.ts';

/** One try at a cell, frozen: everything an executor needs, none of it changes afterwards. */
export interface Attempt {
  readonly job: Job;
  readonly run: CellRun;
  /** Absolute folder of this attempt; holds `job.json`, `events.jsonl` and `log.txt`. Exists. */
  readonly folder: string;
  /** Absolute path of the log: standard output and standard error in the order they were written. */
  readonly log: string;
  /** The process's whole environment, but for what the executor itself must set (PIPE_JOB, CUDA_VISIBLE_DEVICES). */
  readonly env: Readonly<Record<string, string>>;
  /** Values of passed variables: they are to be in no file. */
  readonly secrets: readonly string[];
  /** Names of the passed variables: whoever starts the process elsewhere takes their values from its own environment. */
  readonly pass: readonly string[];
  /** CUDA_VISIBLE_DEVICES where it runs; null: not set there; left out: the ids that were leased. */
  readonly devices?: string | null;
  /** What a queue decides by. */
  readonly asks: Pick<Cell, 'id' | 'stage' | 'resources'>;
  /** How often the cell ran out of memory: which of its sizes it asks for. */
  readonly memoryStep: number;
  /** Absolute path of the project, the working directory. */
  readonly project: string;
  /** Milliseconds until the attempt is asked to end; null: never. */
  readonly timeoutMs: number | null;
}
