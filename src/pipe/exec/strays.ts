/**
 * Ends what left the process group of an attempt (setsid, daemons). On Linux every process that was started with the
 * attempt's PIPE_JOB in its environment is found in /proc, whatever became of its parents; one that was started with an
 * emptied environment is not. Other systems show no environment: there the process group is all.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Each round may find what a process started just before it was ended. */
const rounds = 5;
/** So few ids are asked for one by one. */
const fewIds = 64;
/** Ids are given in turn, and begin anew at their end (32,768 or more): in so short a time they do not come round. */
const shortMs = 1_000;

/** A process, or one that was started when the attempt began, and how long ago that was, in milliseconds. */
export interface Since {
  readonly pid: number;
  readonly ms: number;
}

/**
 * `job`: the path in PIPE_JOB. `since`: only what is younger is the attempt's. `group`: its members too, but for the
 * process that it is named after, which goes on.
 */
export function killStrays(job: string, since: Since | null, group: number | null = null): void {
  for (let round = 0; round < rounds; round++) {
    const found = processesOf(job, since?.ms ?? Number.POSITIVE_INFINITY, since?.pid ?? 0, group);
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

/** Processes that may be an attempt's: those that were started after its own. */
function candidates(ms: number, pid: number): readonly string[] {
  const last = ms < shortMs ? lastId() : null;
  if (last === null || last < pid || last - pid > fewIds) return readdirSync('/proc');
  return Array.from({ length: last - pid }, (_, index) => String(pid + index + 1)).filter((id) =>
    existsSync(`/proc/${id}`),
  );
}

/** The id that was given last; null: the system does not say. */
export function lastId(): number | null {
  try {
    const last = Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1));
    return Number.isInteger(last) && last > 0 ? last : null;
  } catch {
    return null;
  }
}

function processesOf(job: string, ms: number, pid: number, group: number | null): readonly number[] {
  let names: readonly string[];
  try {
    names = candidates(ms, pid);
  } catch {
    return [];
  }
  const variable = Buffer.from(`\0PIPE_JOB=${job}\0`);
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid || Number(name) === group) return [];
    try {
      // Its threads have ids too.
      if (group !== null && existsSync(`/proc/${group}/task/${name}`)) return [];
      if (group !== null && groupOf(name) === group) return [Number(name)];
      const environment = Buffer.concat([Buffer.from('\0'), readFileSync(`/proc/${name}/environ`)]);
      return environment.includes(variable) ? [Number(name)] : [];
    } catch {
      // Another user's, or gone.
      return [];
    }
  });
}

function groupOf(pid: string): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]);
}
