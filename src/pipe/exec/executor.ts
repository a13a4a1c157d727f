/** What runs one attempt of a cell somewhere: on this machine now, on a cluster behind the same interface. */
import type { Attempt } from '../job/attempt.ts';
import type { StageEvent } from '../job/job.ts';

export type Ended =
  | { readonly kind: 'ok' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** It ended with 0, but the stage did not return and leave everything written: process.exit, or work nobody awaited. */
  | { readonly kind: 'unfinished'; readonly code: number; readonly message: string }
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
