/**
 * The warm processes of a run. A cell gets one that ran cells of the same code with the same variables in the same folder,
 * or a new one. After each cell what it left behind is ended, and the process goes on only when it says that all is as it was.
 */
import { availableParallelism } from 'node:os';
import type { Attempt } from '../../job/attempt.ts';
import { jobFile } from '../../job/attempt-files.ts';
import { type ProcessEnd, processEnd, signalGroup } from '../process-end.ts';
import { killStrays, lastId, type Since } from '../strays.ts';
import { cpuMsOf } from '../usage.ts';
import type { Watchdog } from '../watchdog.ts';
import type { Fitness } from './fit.ts';
import { type CellAtWork, WarmProcess } from './warm-process.ts';

/** A process that waits takes memory. */
const waitsMs = 10_000;

export interface WarmChild {
  readonly pid: number | null;
  readonly ended: Promise<ProcessEnd>;
  /** Milliseconds of processor time that its process had taken before. */
  readonly cpuBefore: number;
  /** To the cell and all that it started. Its process runs no other afterwards. */
  signal(signal: NodeJS.Signals): void;
}

interface WarmCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Without PIPE_JOB. */
  readonly env: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly name: string;
  readonly process: WarmProcess;
  readonly timer: NodeJS.Timeout;
}

export class WarmPool {
  /** Those that wait, the one that has waited longest first. */
  #waiting: readonly Waiting[] = [];
  readonly #all = new Set<WarmProcess>();
  readonly #watchdog: Watchdog;
  readonly #most = Math.max(2, availableParallelism());

  constructor(watchdog: Watchdog) {
    this.#watchdog = watchdog;
  }

  async start(attempt: Attempt, command: WarmCommand, { trusted }: NonNullable<Fitness>): Promise<WarmChild> {
    const name = JSON.stringify([
      attempt.job.module,
      trusted,
      attempt.project,
      Object.entries(command.env).sort(),
    ]);
    const job = jobFile(attempt.folder);
    for (let found = this.#take(name); found; found = this.#take(name)) {
      const since = marked();
      found.holds(true);
      const cell = found.run({ job, log: attempt.log, trusted });
      // One that could not begin it has ended: then the cell gets another.
      if (await cell.begun) return this.#follow(name, found, { cell, job, since });
    }
    try {
      const fresh = new WarmProcess({ ...command, cwd: attempt.project, log: attempt.log });
      const { pid } = fresh;
      this.#all.add(fresh);
      void fresh.gone.then(() => this.#forget(fresh));
      const cell = fresh.run({ job, log: null, trusted });
      return this.#follow(name, fresh, {
        cell,
        job,
        since: pid === null ? null : { pid, at: performance.now() },
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { pid: null, ended: Promise.resolve({ kind: 'launch', message }), cpuBefore: 0, signal() {} };
    }
  }

  /** No cell may run. */
  async close(): Promise<void> {
    for (const { process, timer } of this.#waiting) {
      clearTimeout(timer);
      end(process);
    }
    this.#waiting = [];
    await Promise.all([...this.#all].map((one) => one.gone));
  }

  #follow(name: string, process: WarmProcess, { cell, job, since }: Following): WarmChild {
    const { pid } = process;
    let signalled = false;
    process.holds(true);
    if (pid !== null) this.#watchdog.add(pid, job);
    const ended = cell.ended.then((how): ProcessEnd => {
      const stays = how.kind === 'done';
      if (!stays) signalGroup(pid, 'SIGKILL');
      killStrays(job, since && { pid: since.pid, ms: performance.now() - since.at }, stays ? pid : null);
      if (!stays) return how;
      if (signalled) end(process);
      else this.#wait(name, process);
      return processEnd(0, null);
    });
    return {
      pid,
      ended,
      cpuBefore: pid === null ? 0 : cpuMsOf(pid),
      signal: (signal) => {
        signalled = true;
        signalGroup(pid, signal);
      },
    };
  }

  #take(name: string): WarmProcess | null {
    const found = this.#waiting.findLast((one) => one.name === name && !one.process.isOver);
    if (!found) return null;
    clearTimeout(found.timer);
    this.#waiting = this.#waiting.filter((one) => one !== found);
    return found.process;
  }

  #wait(name: string, process: WarmProcess): void {
    process.holds(false);
    const timer = setTimeout(() => end(process), waitsMs).unref();
    this.#waiting = [...this.#waiting, { name, process, timer }];
    const [oldest] = this.#waiting;
    if (oldest && this.#waiting.length > this.#most) end(oldest.process);
  }

  #forget(process: WarmProcess): void {
    this.#all.delete(process);
    for (const one of this.#waiting) if (one.process === process) clearTimeout(one.timer);
    this.#waiting = this.#waiting.filter((one) => one.process !== process);
    if (process.pid !== null) this.#watchdog.drop(process.pid);
  }
}

interface Following {
  readonly cell: CellAtWork;
  readonly job: string;
  /** The process that was the youngest when the cell began, and when that was. */
  readonly since: { readonly pid: Since['pid']; readonly at: number } | null;
}

function marked(): Following['since'] {
  const pid = lastId();
  return pid === null ? null : { pid, at: performance.now() };
}

/** It runs nothing, so that nothing is lost. */
function end(process: WarmProcess): void {
  process.holds(true);
  signalGroup(process.pid, 'SIGKILL');
}
