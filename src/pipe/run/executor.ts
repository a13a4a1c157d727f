/** What runs one attempt of a cell somewhere: on this machine now, on a cluster behind the same interface. */
import type { RunDoc } from '../config/document.ts';
import type { Job, StageEvent } from './job.ts';

/** One try at a cell, frozen: everything an executor needs, none of it changes afterwards. */
export interface Attempt {
  readonly job: Job;
  readonly run: RunDoc;
  /** Absolute folder of this attempt; holds `job.json`, `events.jsonl` and `log.txt`. Exists. */
  readonly folder: string;
  /** Absolute path of the log: standard output and standard error in the order they were written. */
  readonly log: string;
  /** The process's whole environment, but for what the executor itself must set (PIPE_JOB, CUDA_VISIBLE_DEVICES). */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of the project, the working directory. */
  readonly project: string;
  /** Milliseconds until the attempt is asked to end; null: never. */
  readonly timeoutMs: number | null;
}

export type Ended =
  | { readonly kind: 'ok' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** The process could not be started at all. */
  | { readonly kind: 'launch'; readonly message: string };

/** SIGINT (write a checkpoint and end), SIGTERM (end now), SIGKILL. Always to everything the attempt started. */
export type StopLevel = 'interrupt' | 'terminate' | 'kill';

export interface Running {
  /** Process id where the executor has one. */
  readonly pid: number | null;
  /** Never rejects. Settles when nothing of the attempt runs any more and every event was delivered. */
  readonly ended: Promise<Ended>;
  stop(level: StopLevel): void;
}

export interface Executor {
  start(attempt: Attempt, onEvent: (event: StageEvent) => void): Promise<Running>;
  /** Releases what the executor holds. Attempts must have ended. */
  close(): Promise<void>;
}

/** Exit code of a stage that can never pass by trying again: it breaks the protocol, or there is nothing to call. */
export const protocolExit = 78;
