/**
 * Ends what left the process group of an attempt (setsid, daemons). On Linux every process that was started with the
 * attempt's PIPE_JOB in its environment is found in /proc, whatever became of its parents; one that was started with an
 * emptied environment is not. Other systems show no environment: there the process group is all.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Each round may find what a process started just before it was ended. */
const rounds = 5;

/** `job`: the path in PIPE_JOB. */
export function killStrays(job: string): void {
  for (let round = 0; round < rounds; round++) {
    const found = processesOf(job);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone by itself.
      }
    }
  }
}

function processesOf(job: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const variable = Buffer.from(`\0PIPE_JOB=${job}\0`);
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const environment = Buffer.concat([Buffer.from('\0'), readFileSync(`/proc/${name}/environ`)]);
      return environment.includes(variable) ? [Number(name)] : [];
    } catch {
      // Another user's, or gone.
      return [];
    }
  });
}
