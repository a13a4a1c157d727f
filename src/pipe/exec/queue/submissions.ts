/** What was submitted and is not over: which flight is which task of which job, across processes. */
import { readdirSync, renameSync } from 'node:fs';
import { removeTree } from '../../../lib/remove-tree.ts';
import { replaceFile } from '../../../lib/replace-file.ts';
import { batchFolder, closeJob, type JobBatch, type OpenJob, readBatch } from '../../store/open-jobs.ts';
import type { StopLevel } from '../executor.ts';
import { NoAnswer } from './ask-queue.ts';
import type { Asked } from './asked.ts';
import type { Submission, Submitted } from './backend.ts';
import type { Flight } from './flight.ts';
import { readSubmitted } from './job-result.ts';
import { jobFiles } from './job-task.ts';
import type { QueueOptions } from './queue-options.ts';

export interface Active {
  /** Without its cells: of many thousands, only their records on the disk are complete. */
  readonly batch: Pick<JobBatch, 'batch' | 'tasks'>;
  readonly folder: string;
  /** The queue's ids by task; null: whether the queue has it must be found out. */
  tasks: readonly string[] | null;
  /** By index of the cell. */
  readonly flights: Map<number, Flight>;
}

export class Submissions {
  readonly #options: QueueOptions;
  readonly #active = new Map<string, Active>();
  readonly #places = new Map<Flight, { readonly batch: string; readonly index: number }>();
  readonly #cancelling = new Set<string>();
  #most: Promise<number> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get active(): Iterable<Active> {
    return this.#active.values();
  }

  get underWay(): number {
    return this.#places.size;
  }

  mostTasks(): Promise<number> {
    const { backend, doc } = this.#options;
    this.#most ??= backend.mostTasks().then(
      (most) => Math.max(1, Math.min(most, doc.array)),
      (error: unknown) => {
        this.#most = undefined;
        throw error;
      },
    );
    return this.#most;
  }

  /** The batch is on the disk. What the queue does not take leaves no trace. */
  async submit(
    batch: JobBatch,
    asked: Asked,
    { flights, variables }: { readonly flights: readonly Flight[]; readonly variables: readonly string[] },
  ): Promise<Submitted> {
    const { backend, doc, layout, project, run } = this.#options;
    const folder = batchFolder(layout, batch.batch);
    const beside = doc.parallel;
    const answer = await handedOver(backend, {
      name: batch.batch,
      comment: `pipe ${run}`,
      script: jobFiles.script(folder),
      output: jobFiles.output(folder),
      project,
      tasks: batch.tasks.length,
      cpu: Math.max(1, Math.ceil(asked.cpu * beside)),
      gpu: asked.gpu * beside,
      memory: asked.memory * beside,
      timeMs: asked.timeMs,
      warningMs: doc.warningMs,
      partition: asked.partition,
      extra: asked.extra,
      variables,
    });
    if (answer.kind === 'later' || answer.kind === 'refused') {
      removeTree(folder);
      return answer;
    }
    if (answer.kind === 'submitted') this.#record(folder, answer);
    const tasks = answer.kind === 'submitted' ? answer.tasks : null;
    const active: Active = { batch: slim(batch), folder, tasks, flights: new Map() };
    this.#active.set(batch.batch, active);
    for (const [index, flight] of flights.entries()) this.#add(active, index, flight);
    const stopped = flights.filter((flight) => flight.stopping);
    for (const flight of stopped) this.stop(flight, 'interrupt');
    return answer;
  }

  adopt(job: OpenJob, flight: Flight): void {
    const { layout } = this.#options;
    const batch = readBatch(layout, job.batch);
    if (batch === null) {
      flight.end({ ended: { kind: 'taken', message: 'its submission is gone' }, usage: null, wallMs: null });
      return;
    }
    const folder = batchFolder(layout, job.batch);
    const tasks = readSubmitted(jobFiles.submitted(folder))?.tasks ?? null;
    const active = this.#active.get(job.batch) ?? { batch: slim(batch), folder, tasks, flights: new Map() };
    this.#active.set(job.batch, active);
    this.#add(active, job.index, flight);
  }

  /** Finds out whether the queue has a submission whose answer this machine never wrote down. @throws when it does not answer */
  async settle(active: Active): Promise<void> {
    const { backend } = this.#options;
    const { batch, folder } = active;
    const found = await backend.find(batch.batch, batch.tasks.length);
    if (found !== null) {
      this.#record(folder, found);
      active.tasks = found.tasks;
      for (const flight of active.flights.values()) if (flight.stopping) this.stop(flight, 'interrupt');
      return;
    }
    // The submit command may be under way still. A job looks for the record after its first beat, and this looks for a beat
    // after it took the record away: one of the two sees the other.
    renameSync(jobFiles.batch(folder), jobFiles.revoked(folder));
    if (readdirSync(jobFiles.beats(folder)).length > 0) {
      renameSync(jobFiles.revoked(folder), jobFiles.batch(folder));
      return;
    }
    for (const flight of active.flights.values())
      flight.end({ ended: { kind: 'taken', message: 'it was never submitted' }, usage: null, wallMs: null });
    for (const flight of active.flights.values()) this.#places.delete(flight);
    this.#active.delete(batch.batch);
    // A job that comes after all finds no record here, or nothing at all.
    removeTree(folder);
  }

  stop(flight: Flight, level: StopLevel): void {
    const place = this.#places.get(flight);
    const active = place && this.#active.get(place.batch);
    if (!active || flight.over) return;
    const task = active.batch.tasks.findIndex((cells) => cells.includes(place.index));
    const id = active.tasks?.[task];
    // A job ends when none of its cells is wanted any more.
    const cells = active.batch.tasks[task] ?? [];
    const wanted = cells.some((index) => {
      const other = active.flights.get(index);
      return other !== undefined && !other.over && !other.stopping;
    });
    if (id !== undefined && !wanted) this.#cancelSoon(id);
    if (level === 'kill')
      flight.end({ ended: { kind: 'signal', signal: 'SIGKILL' }, usage: null, wallMs: null });
  }

  async cancel(jobs: readonly OpenJob[]): Promise<void> {
    const { layout, backend } = this.#options;
    const ids = jobs.flatMap(({ batch: name, index }) => {
      const batch = readBatch(layout, name);
      const tasks = readSubmitted(jobFiles.submitted(batchFolder(layout, name)))?.tasks ?? [];
      const task = batch?.tasks.findIndex((cells) => cells.includes(index)) ?? -1;
      return tasks[task] ?? [];
    });
    if (ids.length > 0) await backend.cancel(ids);
  }

  /** The cell of a flight that is over needs its record no more. */
  close(flight: Flight): void {
    const place = this.#places.get(flight);
    if (!place) return;
    this.#places.delete(flight);
    const active = this.#active.get(place.batch);
    active?.flights.delete(place.index);
    if (active?.flights.size === 0) this.#active.delete(place.batch);
    closeJob(this.#options.layout, place);
  }

  /** Ends every flight here and no job. How many go on. */
  leave(): number {
    let left = 0;
    for (const flight of this.#places.keys()) {
      if (flight.over) continue;
      left++;
      flight.end({ ended: { kind: 'left' }, usage: null, wallMs: null });
    }
    return left;
  }

  #add(active: Active, index: number, flight: Flight): void {
    flight.index = index;
    active.flights.set(index, flight);
    this.#places.set(flight, { batch: active.batch.batch, index });
  }

  #record(folder: string, { job, tasks }: { readonly job: string; readonly tasks: readonly string[] }): void {
    replaceFile(jobFiles.submitted(folder), `${JSON.stringify({ job, tasks })}\n`, true);
  }

  /** All that are stopped in one turn of the event loop go in one command. */
  #cancelSoon(id: string): void {
    if (this.#cancelling.size === 0)
      setImmediate(() => {
        const ids = [...this.#cancelling];
        this.#cancelling.clear();
        this.#options.backend.cancel(ids).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          this.#options.onNotice(`${this.#options.doc.name}: the jobs could not be cancelled: ${why}`);
        });
      });
    this.#cancelling.add(id);
  }
}

function slim({ batch, tasks }: JobBatch): Active['batch'] {
  return { batch, tasks };
}

/** Whatever goes wrong has an answer: a cell must not wait for ever for what nobody submitted. */
async function handedOver(backend: QueueOptions['backend'], submission: Submission): Promise<Submitted> {
  try {
    return await backend.submit(submission);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof NoAnswer ? { kind: 'unknown', why: message } : { kind: 'refused', message };
  }
}
