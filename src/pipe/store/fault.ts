/** Kills the process at a named step, so that tests can show that a crash there loses nothing. */

/** Steps of publishing and restoring, in order. */
export const faultSteps = [
  'lock',
  'fingerprint',
  'staged',
  'ran',
  'guard',
  'collect',
  'copy',
  'objects',
  'manifest',
  'swap-out',
  'swap-in',
  'place-out',
  'place-in',
  'state',
  'unlock',
  'restore-copy',
] as const;
export type FaultStep = (typeof faultSteps)[number];

const counts = new Map<string, number>();

/** `PIPE_FAULT=after:STEP` ends the process with SIGKILL when the step was done, `after:STEP:3` when it was done for the third time. */
export function reached(step: FaultStep): void {
  const wanted = process.env.PIPE_FAULT;
  if (wanted === undefined) return;
  const [, name, nth = '1'] = wanted.split(':');
  if (name !== step) return;
  const count = (counts.get(step) ?? 0) + 1;
  counts.set(step, count);
  if (count >= Number(nth)) process.kill(process.pid, 'SIGKILL');
}
