/** Slurm's states of jobs, as far as they matter to a cell. Those are squeue's and scontrol's words (squeue(1), JOB STATE CODES). */
import type { TaskKind, TaskState } from '../queue/backend.ts';

const kinds: Readonly<Record<string, TaskKind>> = {
  PENDING: 'waiting',
  CONFIGURING: 'waiting',
  REQUEUED: 'waiting',
  REQUEUE_HOLD: 'waiting',
  REQUEUE_FED: 'waiting',
  SPECIAL_EXIT: 'waiting',
  RESV_DEL_HOLD: 'waiting',
  RUNNING: 'running',
  SUSPENDED: 'running',
  STOPPED: 'running',
  SIGNALING: 'running',
  RESIZING: 'running',
  STAGE_OUT: 'running',
  COMPLETING: 'running',
  COMPLETED: 'ended',
  FAILED: 'ended',
  CANCELLED: 'cancelled',
  DEADLINE: 'cancelled',
  REVOKED: 'cancelled',
  TIMEOUT: 'time',
  OUT_OF_MEMORY: 'memory',
  NODE_FAIL: 'taken',
  PREEMPTED: 'taken',
  BOOT_FAIL: 'taken',
};

/** `CANCELLED by 1000` and `REQUEUED+` are written too. A word that is not known decides nothing: the job counts as running. */
export function slurmState(word: string, reason: string): TaskState {
  const name = /^[A-Z_]+/.exec(word)?.[0] ?? '';
  const why = reason === '' || reason === 'None' ? '' : ` (${reason})`;
  return { kind: kinds[name] ?? 'running', words: `Slurm says ${word}${why}` };
}
