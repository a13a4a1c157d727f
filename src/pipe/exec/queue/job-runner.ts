/**
 * The program that a job of a queue runs: `job-runner.js FOLDER TASK`. Runs the task's cells on this host, each with the
 * same rules as on the driver's machine, and leaves a record of each. Needs no driver, and nothing beyond the shared folder.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt } from '../../job/attempt.ts';
import { jobFile } from '../../job/attempt-files.ts';
import { secretsOf } from '../../job/mask.ts';
import type { Ended, Running } from '../executor.ts';
import { localExecutor } from '../local.ts';
import {
  type JobTask,
  jobFiles,
  type RecordedEnd,
  type StartRecord,
  type TaskCell,
  writeWhole,
} from './job-task.ts';
import { oomKills } from './memory-events.ts';

const beatMs = 5_000;
/** A cell that ended with SIGKILL and had as much of what it asked for was ended for that. */
const nearlyAll = 0.9;
/**
 * Milliseconds before an end is recorded. A queue signals every process of a job one after another: a cell can be gone
 * before this process hears that the whole job is to end, and then its end is no end of the cell's own.
 */
const heardMs = { ok: 20, other: 1_000 } as const;

class Runner {
  readonly #folder: string;
  readonly #number: number;
  readonly #task: JobTask;
  readonly #running = new Set<Running>();
  readonly #executor = localExecutor(undefined, { follows: false });
  readonly #gpus: number[];
  readonly #started = performance.now();
  /** The job's time is nearly up. */
  #warned = false;
  /** The queue ends this job: nothing more is recorded, for it may start it again. */
  #ended = false;

  constructor(folder: string, number: number) {
    this.#folder = folder;
    this.#number = number;
    this.#task = JSON.parse(readFileSync(jobFiles.task(folder, number), 'utf8'));
    this.#gpus = visibleGpus();
  }

  async run(): Promise<void> {
    const beat = this.#beginBeating();
    process.on('SIGUSR1', () => this.#warn());
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#end());
    const { warnAfterMs } = this.#task;
    const timer = warnAfterMs === null ? undefined : setTimeout(() => this.#warn(), warnAfterMs);
    try {
      // After the first beat: whoever takes the submission back looks for one afterwards.
      if (!existsSync(jobFiles.batch(this.#folder))) {
        process.stderr.write('the submission was taken back: nothing is run\n');
        return;
      }
      const queue = [...this.#task.cells];
      const worker = async () => {
        for (let cell = queue.shift(); cell; cell = queue.shift()) await this.#cell(cell);
      };
      await Promise.all(Array.from({ length: this.#task.parallel }, worker));
    } finally {
      clearInterval(beat);
      clearTimeout(timer);
      await this.#executor.close();
    }
  }

  #beginBeating(): NodeJS.Timeout {
    const file = join(jobFiles.beats(this.#folder), String(this.#number));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${hostname()} ${jobId()}\n`);
    return setInterval(() => {
      try {
        const now = new Date();
        utimesSync(file, now, now);
      } catch {
        // The folder is gone: nobody waits any more.
      }
    }, beatMs);
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#stopAll(Math.max(1_000, this.#task.warningMs - 10_000));
  }

  #end(): void {
    this.#ended = true;
    this.#stopAll(15_000);
  }

  #stopAll(graceMs: number): void {
    for (const running of this.#running) {
      running.stop('interrupt');
      setTimeout(() => running.stop('terminate'), graceMs).unref();
      setTimeout(() => running.stop('kill'), graceMs + 5_000).unref();
    }
  }

  async #cell(cell: TaskCell): Promise<void> {
    const results = jobFiles.results(this.#folder);
    const name = `${cell.index}.json`;
    // The queue started this job again: what it did before stays done.
    if (this.#ended || existsSync(join(results, name))) return;
    if (this.#warned) {
      const ended = { kind: 'taken', message: 'the time of its job was up before its turn' } as const;
      this.#record(results, name, { ended, wallMs: 0, usage: null });
      return;
    }
    const gpus = this.#gpus.splice(0, cell.gpu);
    const began = performance.now();
    const kills = oomKills();
    const since = Date.now();
    try {
      const running = await this.#start(cell, gpus);
      this.#running.add(running);
      const how = await running.ended;
      this.#running.delete(running);
      const wallMs = Math.round(performance.now() - began);
      const usage = running.usage?.() ?? null;
      const ended = this.#named(how, cell, {
        peak: usage?.peakBytes ?? null,
        oom: oomKills() > kills,
        since,
      });
      await sleep(how.kind === 'ok' ? heardMs.ok : heardMs.other);
      if (this.#ended) return;
      this.#record(results, name, { ended, wallMs, usage });
    } finally {
      this.#gpus.push(...gpus);
    }
  }

  async #start({ index, attempt: plain, gpu }: TaskCell, gpus: readonly number[]): Promise<Running> {
    const job = { ...plain.job, resources: { ...plain.job.resources, gpus } };
    // Names of GPUs that are no numbers, and queues that do not say them: the stage sees what the job was given.
    const devices = gpus.length < gpu ? { devices: process.env.CUDA_VISIBLE_DEVICES ?? null } : {};
    const attempt = { ...onThisHost(plain), ...devices, job };
    for (const path of Object.values(job.outs)) {
      // An earlier start of this job may have left half of it.
      rmSync(path, { recursive: true, force: true });
      mkdirSync(dirname(path), { recursive: true });
    }
    writeFileSync(jobFile(plain.folder), `${JSON.stringify(job, null, 2)}\n`);
    const started: StartRecord = { host: hostname(), gpus, job: jobId(), at: new Date().toISOString() };
    const folder = jobFiles.started(this.#folder);
    mkdirSync(folder, { recursive: true });
    writeWhole(folder, `${index}.json`, started);
    return this.#executor.start(attempt, () => {});
  }

  /** What an end was, by what this host knows beyond the process. */
  #named(
    how: Ended,
    { attempt, memory }: TaskCell,
    { peak, oom, since }: { readonly peak: number | null; readonly oom: boolean; readonly since: number },
  ): RecordedEnd {
    if (how.kind === 'lost' || how.kind === 'left') throw new Error(`a process of this host is ${how.kind}`);
    if (how.kind === 'ok') return how;
    if (this.#warned && how.kind !== 'timeout')
      return {
        kind: 'time',
        afterMs: Math.round(performance.now() - this.#started),
        checkpointed: wroteSince(attempt.job.checkpoint, since),
      };
    const killed =
      (how.kind === 'signal' && how.signal === 'SIGKILL') || (how.kind === 'exit' && how.code === 137);
    const full = memory > 0 && peak !== null && peak >= nearlyAll * memory;
    return killed && (oom || full) ? { kind: 'memory', asked: memory || null, peak } : how;
  }

  #record(
    folder: string,
    name: string,
    result: { ended: RecordedEnd; wallMs: number; usage: unknown },
  ): void {
    mkdirSync(folder, { recursive: true });
    writeWhole(folder, name, { version: 1, host: hostname(), ...result });
  }
}

/** The environment is the driver's but for what belongs to a host: where programs and scratch space are, and secrets. */
function onThisHost(plain: JobTask['cells'][number]['attempt']): Attempt {
  const env = { ...plain.env };
  const bin = join(plain.project, 'node_modules', '.bin');
  const { PATH: path, TMPDIR: scratch } = process.env;
  if (path !== undefined && (env.PATH ?? '').startsWith(bin)) env.PATH = `${bin}${delimiter}${path}`;
  if (scratch !== undefined) env.TMPDIR = scratch;
  for (const name of plain.pass) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const secrets = secretsOf({ set: {}, keyed: [], pass: [...plain.pass] }, process.env);
  return { ...plain, env, secrets };
}

/** As the queue gave them to this job. */
function visibleGpus(): number[] {
  const words = (process.env.CUDA_VISIBLE_DEVICES ?? '').split(',').map((word) => word.trim());
  return words.flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []));
}

function jobId(): string {
  const {
    SLURM_ARRAY_JOB_ID: array,
    SLURM_JOB_ID: single,
    JOB_ID: other,
    PBS_JOBID: pbs,
    LSB_JOBID: lsf,
  } = process.env;
  return array ?? single ?? other ?? pbs ?? lsf ?? '';
}

/** Whether anything in the checkpoint folder is newer than the attempt. */
function wroteSince(folder: string | null, since: number): boolean {
  if (folder === null || !existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs >= since,
  );
}

const [folder, task] = process.argv.slice(2);
if (folder === undefined || !/^\d+$/.test(task ?? '')) {
  process.stderr.write('usage: job-runner.js FOLDER TASK (started by a job of `pipe run`)\n');
  process.exitCode = 2;
} else await new Runner(folder, Number(task)).run();
