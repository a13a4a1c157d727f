/** How the process of an attempt ended, before anything is known of its outs, and signals to the group it leads. */
import type { Ended } from './executor.ts';

export type ProcessEnd = Exclude<Ended, { kind: 'timeout' | 'unfinished' }>;

export function processEnd(code: number | null, signal: string | null): ProcessEnd {
  if (signal !== null) return { kind: 'signal', signal };
  return code === 0 ? { kind: 'ok' } : { kind: 'exit', code: code ?? 1 };
}

/** A group that is already gone is no error: it ended between the decision and the signal. */
export function signalGroup(group: number | null, signal: NodeJS.Signals): void {
  if (group === null) return;
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')))
      throw error;
  }
}
