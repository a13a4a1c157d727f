/**
 * The smallest queue there is, and a project that uses it: three lines of shell that start a job, list those that live and
 * end one. What holds for any queue can be tested with it on a machine that has none.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QueueProject } from './queue-project.ts';

/** Why there can be none here; null: there can. */
export const whyNoShellQueue = process.platform === 'linux' ? null : 'only where there is setsid';

/** Starts the job `$id`. */
export const beginJob = 'setsid sh {script} > {output} 2>&1 < /dev/null & id=$!; echo $id >> jobs.txt';

export class ShellQueueProject extends QueueProject {
  /** `submit`: more than to begin the job and say its id. */
  constructor(pipe: string, submit = `${beginJob}; echo $id`) {
    const queue = [
      'kind: command',
      `submit: "${submit}"`,
      `status: "ps -e -o pid=,stat= | awk '$2 !~ /^Z/ {print $1}'"`,
      'cancel: "kill -TERM -{id}"',
    ];
    super(pipe, queue.join(', '), {});
  }

  /** Every job that was begun. */
  jobs(): readonly number[] {
    return existsSync(join(this.dir, 'jobs.txt')) ? this.lines('jobs.txt').map(Number) : [];
  }

  living(): readonly number[] {
    return this.jobs().filter((id) => this.signal(id, 0));
  }

  /** A job with all it started. Whether it was there. */
  signal(id: number | undefined, signal: NodeJS.Signals | 0): boolean {
    try {
      return id !== undefined && process.kill(-id, signal);
    } catch {
      return false;
    }
  }

  override remove(): void {
    for (const id of this.jobs()) this.signal(id, 'SIGKILL');
    super.remove();
  }
}
