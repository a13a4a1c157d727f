/** How a run ended, and with which exit code: as it says so itself, and as its record tells later. */
import { join } from 'node:path';
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import type { RunEvent } from './event.ts';
import { readEvents } from './read-events.ts';
import type { RunEnd } from './run-options.ts';

export interface EndOfRun {
  readonly event: RunEvent & { readonly type: 'run-finished' };
  readonly exitCode: number;
}

/** `signal`: the one that ended the run; null: none did. */
export function runExitCode(outcome: RunEnd['outcome'], signal: string | null): number {
  switch (outcome) {
    case 'interrupted':
      return signal === 'SIGINT' ? exitCode.interrupted : exitCode.terminated;
    case 'failed':
      return exitCode.failed;
    default:
      return exitCode.ok;
  }
}

/** `folder`: of the run. null: it did not end, or was driven on after its end. */
export async function recordedEnd(folder: string): Promise<EndOfRun | null> {
  const events = await readEvents(join(folder, 'events.jsonl'));
  const event = events.at(-1);
  if (event?.type !== 'run-finished') return null;
  const begun = events.findLastIndex(({ type }) => type === 'run-started');
  let signal: string | null = null;
  for (const one of events.slice(begun)) if (one.type === 'run-stopping') signal ??= one.signal;
  return { event, exitCode: runExitCode(event.outcome, signal) };
}
