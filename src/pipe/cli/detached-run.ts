/** Which run a process in the background is to be: said by the command that started it. */
import type { RunId } from '../run/event.ts';

/** The variable that says it. */
export const detachedVariable = 'PIPE_DETACHED_RUN';

/** undefined: this process is no such one. */
export function detachedRunId(env: NodeJS.ProcessEnv): RunId | undefined {
  const id = env[detachedVariable];
  return id !== undefined && /^\d{8}-\d{6}-[0-9a-f]+$/.test(id) ? (id as RunId) : undefined;
}
