/** What runs one attempt of a cell somewhere: on this machine now, on a cluster behind the same interface. */
import type { Attempt } from '../job/attempt.ts';
import type { StageEvent } from '../job/job.ts';
import type { JobCell, OpenJob } from '../store/open-jobs.ts';
import type { Usage } from './usage.ts';

export type Ended =
  | { readonly kind: 'ok' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** It ended with 0, but the stage did not return and leave everything written: process.exit, or work nobody awaited. */
  | { readonly kind: 'unfinished'; readonly code: number; readonly message: string }
  /** The process could not be started at all. */
  | { readonly kind: 'launch'; readonly message: string }
  /** It took more memory than it asked for. Bytes; null: not known. */
  | { readonly kind: 'memory'; readonly asked: number | null; readonly peak: number | null }
  /** The time of its job was up. `checkpointed`: it wrote a checkpoint in this attempt, from which it can go on. */
  | { readonly kind: 'time'; readonly afterMs: number; readonly checkpointed: boolean }
  /** A job that ended without a word of the cell. */
  | { readonly kind: 'lost'; readonly message: string }
  /** Its host failed, or the queue took the job back: no failure of the cell. */
  | { readonly kind: 'taken'; readonly message: string }
  /** This process leaves it alone; the job goes on. */
  | { readonly kind: 'left' };

/** SIGINT (write a checkpoint and end), SIGTERM (end now), SIGKILL. Always to everything the attempt started. */
export type StopLevel = 'interrupt' | 'terminate' | 'kill';

export interface Running {
  /** Process id where the executor has one. */
  readonly pid: number | null;
  /** Never rejects. Settles when nothing of the attempt runs any more and every event was delivered. */
  readonly ended: Promise<Ended>;
  stop(level: StopLevel): void;
  /** Of a queue: settles when a host has begun it; null: none will. Left out: it has begun. */
  readonly begun?: Promise<Host | null>;
  /** What it took, once it has ended; null: not measured. */
  usage?(): Usage | null;
  /** Milliseconds between its begin and its end where it ran; null: not known here. */
  wallMs?(): number | null;
  /** The cell is published or given up: what the executor keeps of the job may go. */
  close?(): void;
}

/** Where a job runs. */
export interface Host {
  readonly name: string;
  /** Ids as that host has them. */
  readonly gpus: readonly number[];
}

/** What is kept of a cell whose job outlives the process that submitted it. */
export type Tracked = Omit<JobCell, 'folder' | 'memoryStep'>;

export interface Executor {
  /** `tracked`: what a queue records with the job. */
  start(attempt: Attempt, onEvent: (event: StageEvent) => void, tracked?: () => Tracked): Promise<Running>;
  /**
   * Of a queue: waits until it wants another attempt; until then none is frozen, because each takes memory until it is
   * submitted. The answer is to be called once `start` was, or will not be.
   */
  room?(): Promise<() => void>;
  /** Of a queue: goes on with a job that is there already. */
  adopt?(job: OpenJob, onEvent: (event: StageEvent) => void): Running;
  /** Of a queue: ends a job that nobody needs, and forgets it. */
  discard?(job: OpenJob): Promise<void>;
  /** Of a queue: ends this process's part in every job, and none of the jobs. How many go on. */
  leave?(): number;
  /** Of a queue: how many cells it has now. */
  underWay?(): number;
  /** Releases what the executor holds. Attempts must have ended. */
  close(): Promise<void>;
}
