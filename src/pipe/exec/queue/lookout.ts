/**
 * Looks after what was submitted: reads what jobs record, and asks the queue, all jobs in one query, about the rest. A queue
 * that does not answer decides nothing.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Ended } from '../executor.ts';
import type { TaskState } from './backend.ts';
import type { Flight } from './flight.ts';
import { readResult, readStart } from './job-result.ts';
import { jobFiles } from './job-task.ts';
import type { QueueOptions } from './queue-options.ts';
import type { Active, Submissions } from './submissions.ts';

/** Files are looked for so often; on a shared disk a new name may take seconds to be seen. */
const filesEveryMs = 500;
const slowestMs = 60_000;
/** A task that the queue has ended must stay without a record for so many looks, and so long: a shared disk is late. */
const looksBefore = 3;
const lateMs = 4_000;

export class Lookout {
  readonly #options: QueueOptions;
  readonly #submissions: Submissions;
  readonly #missing = new Map<Flight, { looks: number; readonly since: number }>();
  #filesAt = Number.NEGATIVE_INFINITY;
  #askAt = 0;
  #pauseMs: number;
  #silentSince: number | null = null;
  #seen = '';

  constructor(options: QueueOptions, submissions: Submissions) {
    this.#options = options;
    this.#submissions = submissions;
    this.#pauseMs = Math.min(1_000, options.doc.pollMs);
  }

  /** Something is about to change. */
  hurry(): void {
    this.#pauseMs = Math.min(1_000, this.#options.doc.pollMs);
    this.#askAt = Math.min(this.#askAt, performance.now() + this.#pauseMs);
  }

  async look(): Promise<void> {
    const now = performance.now();
    if (now - this.#filesAt < filesEveryMs) return;
    this.#filesAt = now;
    const actives = [...this.#submissions.active];
    for (const active of actives) readRecords(active);
    const open = actives.filter(({ flights }) => [...flights.values()].some(({ over }) => !over));
    if (open.length === 0 || now < this.#askAt) return;
    await this.#ask(open);
  }

  async #ask(open: readonly Active[]): Promise<void> {
    try {
      for (const active of open) if (active.tasks === null) await this.#submissions.settle(active);
      const ids = open.flatMap((active) => openTasks(active).map(({ id }) => id));
      const states = await this.#options.backend.states(ids);
      if (this.#silentSince !== null) this.#options.onNotice(`${this.#options.doc.name} answers again`);
      this.#silentSince = null;
      this.#pace(JSON.stringify([...states]));
      for (const active of open) await this.#decide(active, states);
    } catch (error) {
      if (this.#silentSince === null) {
        const why = error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error);
        this.#options.onNotice(`${this.#options.doc.name} does not answer, jobs go on: ${why}`);
      }
      this.#silentSince ??= performance.now();
      this.#pauseMs = Math.min(slowestMs, this.#pauseMs * 2);
    }
    this.#askAt = performance.now() + this.#pauseMs;
  }

  /** Slower while nothing changes. */
  #pace(seen: string): void {
    const { pollMs } = this.#options.doc;
    this.#pauseMs =
      seen === this.#seen
        ? Math.min(Math.max(pollMs, slowestMs), this.#pauseMs * 1.5)
        : Math.min(pollMs, Math.max(1_000, pollMs / 4));
    this.#seen = seen;
  }

  async #decide(active: Active, states: ReadonlyMap<string, TaskState>): Promise<void> {
    const open = openTasks(active);
    const unnamed = open.map(({ id }) => id).filter((id) => !states.has(id));
    const last = unnamed.length === 0 ? states : await this.#options.backend.lastStates(unnamed);
    for (const { id, cells } of open) {
      const state = states.get(id) ?? last.get(id) ?? null;
      const alive = state?.kind === 'waiting' || state?.kind === 'running';
      for (const flight of cells) {
        if (alive) this.#missing.delete(flight);
        else this.#suspect(flight, state, active);
      }
    }
  }

  #suspect(flight: Flight, state: TaskState | null, active: Active): void {
    const seen = this.#missing.get(flight) ?? { looks: 0, since: performance.now() };
    seen.looks++;
    this.#missing.set(flight, seen);
    this.hurry();
    if (seen.looks < looksBefore || performance.now() - seen.since < lateMs) return;
    readRecords(active);
    this.#missing.delete(flight);
    flight.end({ ended: endWithoutRecord(flight, state), usage: null, wallMs: null });
  }
}

function endWithoutRecord(flight: Flight, state: TaskState | null): Ended {
  const words = state === null ? 'the queue does not know it any more' : state.words;
  if (flight.stopping) return { kind: 'signal', signal: 'SIGTERM' };
  // Cells of a job that ended before their turn have not failed.
  if (flight.host === null && state?.kind !== 'cancelled' && state?.kind !== 'ended')
    return { kind: 'taken', message: `its job ended before it began: ${words}` };
  switch (state?.kind) {
    case 'taken':
      return { kind: 'taken', message: words };
    case 'time':
      return { kind: 'time', afterMs: 0, checkpointed: false };
    case 'memory':
      return { kind: 'memory', asked: null, peak: null };
    default:
      return { kind: 'lost', message: words };
  }
}

/** Tasks with a flight that is not over, and those flights. */
function openTasks({
  batch,
  tasks,
  flights,
}: Active): readonly { readonly id: string; readonly cells: readonly Flight[] }[] {
  return batch.tasks.flatMap((indexes, number) => {
    const id = tasks?.[number];
    const cells = indexes.flatMap((index) => flights.get(index) ?? []).filter(({ over }) => !over);
    return id === undefined || cells.length === 0 ? [] : [{ id, cells }];
  });
}

function readRecords({ folder, flights }: Active): void {
  for (const index of indexesIn(jobFiles.started(folder))) {
    const flight = flights.get(index);
    if (!flight || flight.host !== null || flight.over) continue;
    const start = readStart(join(jobFiles.started(folder), `${index}.json`));
    if (start !== null) flight.begin({ name: start.host, gpus: start.gpus });
  }
  for (const index of indexesIn(jobFiles.results(folder))) {
    const flight = flights.get(index);
    if (!flight || flight.over) continue;
    const result = readResult(join(jobFiles.results(folder), `${index}.json`));
    if (result === null) continue;
    const { ended, usage, wallMs } = result;
    flight.end({ ended, usage, wallMs });
  }
  for (const flight of flights.values()) flight.follow();
}

function indexesIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .map(Number);
  } catch {
    return [];
  }
}
