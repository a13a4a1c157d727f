/**
 * Runs attempts as jobs of a queue. What was submitted is on the disk before the queue hears of it; what jobs record is the
 * truth, and the queue is only asked about those that record nothing. So this process may end at any moment, and another
 * goes on: nothing is submitted twice, nothing that ended is lost.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Attempt } from '../../job/attempt.ts';
import type { StageEvent } from '../../job/job.ts';
import { batchFolder, closeJob, type OpenJob, readBatch } from '../../store/open-jobs.ts';
import type { Executor, Running, StopLevel, Tracked } from '../executor.ts';
import { type Asked, askedBy } from './asked.ts';
import { type Ready, writeBatch } from './batch.ts';
import { Door } from './door.ts';
import { Flight } from './flight.ts';
import { Lookout } from './lookout.ts';
import type { QueueOptions } from './queue-options.ts';
import { Submissions } from './submissions.ts';

/** A lane is submitted when nothing was added to it for so long. */
const quietMs = 400;
/** Or, while much of it is under way, when its first cell waited so long: many small submissions would burden the queue. */
const patienceMs = 15_000;
const lookEveryMs = 200;
/** Attempts that wait to be submitted, beyond which no other is frozen. */
const mostFrozen = 2_000;
/** Pause before a queue that does not answer is asked again. */
const vainMs = 5_000;
/** Pauses before a submission that was put off is tried again. */
const waitsMs = [2_000, 5_000, 10_000, 30_000, 60_000];

interface Waiting extends Ready {
  readonly flight: Flight;
}

/** Cells that ask for the same, and so go out together. */
interface Lane {
  readonly asked: Asked;
  readonly waiting: Waiting[];
  firstAt: number;
  lastAt: number;
  notBefore: number;
  puts: number;
}

export class QueueExecutor implements Executor {
  readonly #options: QueueOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #submissions: Submissions;
  readonly #lookout: Lookout;
  readonly #door = new Door(mostFrozen, () => this.#frozen());
  #timer: NodeJS.Timeout | undefined;
  /** By performance.now(): nothing is submitted before. */
  #notBefore = 0;
  #asksInVain = false;
  #left = false;
  #submitting: Promise<void> | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#submissions = new Submissions(options);
    this.#lookout = new Lookout(options, this.#submissions);
  }

  room(): Promise<() => void> {
    return this.#door.enter();
  }

  async start(
    attempt: Attempt,
    onEvent: (event: StageEvent) => void,
    tracked?: () => Tracked,
  ): Promise<Running> {
    if (tracked === undefined) throw new Error(`${attempt.asks.id} is sent to a queue without a record`);
    const asked = askedBy(attempt.asks, this.#options.doc, attempt.memoryStep);
    const flight = new Flight(attempt.job.events, onEvent);
    const name = JSON.stringify([asked, attempt.pass]);
    const now = performance.now();
    const lane = this.#lanes.get(name) ?? {
      asked,
      waiting: [],
      firstAt: now,
      lastAt: now,
      notBefore: 0,
      puts: 0,
    };
    this.#lanes.set(name, lane);
    if (lane.waiting.length === 0) lane.firstAt = now;
    lane.lastAt = now;
    lane.waiting.push({ attempt, tracked: tracked(), asked, flight });
    this.#watch();
    return flight.running(
      (level) => this.#stop(flight, level),
      () => this.#submissions.close(flight),
    );
  }

  adopt(job: OpenJob, onEvent: (event: StageEvent) => void): Running {
    const secret = join(dirname(job.staging), `${job.run}-events`, 'events.jsonl');
    const events = existsSync(secret) ? secret : join(job.folder, 'events.jsonl');
    const flight = new Flight(events, onEvent);
    this.#submissions.adopt(job, flight);
    this.#watch();
    return flight.running(
      (level) => this.#stop(flight, level),
      () => this.#submissions.close(flight),
    );
  }

  async discard(job: OpenJob): Promise<void> {
    const { layout } = this.#options;
    const batch = readBatch(layout, job.batch);
    const folder = batchFolder(layout, job.batch);
    const done = readdirSync(join(folder, 'results')).includes(`${job.index}.json`);
    // A job that has other cells too goes on for their sake.
    const alone = batch?.tasks.some((cells) => cells.length === 1 && cells[0] === job.index) === true;
    if (!done && alone) await this.#submissions.cancel([job]);
    closeJob(layout, job);
  }

  leave(): number {
    this.#left = true;
    const left = this.#submissions.leave();
    for (const lane of this.#lanes.values())
      for (const { flight } of lane.waiting.splice(0))
        flight.end({ ended: { kind: 'signal', signal: 'SIGINT' }, usage: null, wallMs: null });
    this.#door.open();
    return left;
  }

  underWay(): number {
    return this.#submissions.underWay;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #stop(flight: Flight, level: StopLevel): void {
    flight.stopping = true;
    for (const lane of this.#lanes.values()) {
      const at = lane.waiting.findIndex((one) => one.flight === flight);
      if (at < 0) continue;
      lane.waiting.splice(at, 1);
      flight.end({ ended: { kind: 'signal', signal: 'SIGINT' }, usage: null, wallMs: null });
      this.#door.open();
      return;
    }
    this.#submissions.stop(flight, level);
    this.#lookout.hurry();
  }

  #watch(): void {
    const { onNotice } = this.#options;
    this.#timer ??= setInterval(() => {
      // Beside each other: a queue that is slow to take jobs must not keep results waiting.
      this.#submitting ??= this.#submitDue()
        .catch((error: unknown) => onNotice(messageOf(error)))
        .finally(() => {
          this.#submitting = undefined;
        });
      this.#looking ??= this.#lookout
        .look()
        .catch((error: unknown) => onNotice(messageOf(error)))
        .finally(() => {
          this.#looking = undefined;
        });
    }, lookEveryMs);
  }

  async #submitDue(): Promise<void> {
    if (performance.now() < this.#notBefore) return;
    try {
      await this.#submissions.mostTasks();
      this.#asksInVain = false;
    } catch (error) {
      const { doc, onNotice } = this.#options;
      if (!this.#asksInVain) onNotice(`${doc.name} does not answer, and is asked again: ${messageOf(error)}`);
      this.#asksInVain = true;
      this.#notBefore = performance.now() + vainMs;
      return;
    }
    for (const lane of this.#lanes.values()) if (await this.#isDue(lane)) await this.#submit(lane);
  }

  #frozen(): number {
    let sum = 0;
    for (const { waiting } of this.#lanes.values()) sum += waiting.length;
    return sum;
  }

  async #isDue({ waiting, asked, firstAt, lastAt, notBefore }: Lane): Promise<boolean> {
    const now = performance.now();
    if (waiting.length === 0 || now < notBefore) return false;
    if (waiting.length >= (await this.#submissions.mostTasks()) * asked.pack) return true;
    if (now - lastAt < quietMs) return false;
    const enough = this.#submissions.underWay / 4;
    return waiting.length >= enough || now - firstAt > patienceMs;
  }

  async #submit(lane: Lane): Promise<void> {
    const most = (await this.#submissions.mostTasks()) * lane.asked.pack;
    const taken = lane.waiting.splice(0, most);
    this.#door.open();
    const batch = await writeBatch(taken, this.#options);
    const flights = taken.map(({ flight }) => flight);
    const answer = await this.#submissions.submit(batch, lane.asked, {
      flights,
      variables: taken[0]?.attempt.pass ?? [],
    });
    if (answer.kind === 'submitted' || answer.kind === 'unknown') {
      if (answer.kind === 'unknown')
        this.#options.onNotice(
          `${this.#options.doc.name}: whether it took the jobs is found out: ${answer.why}`,
        );
      lane.puts = 0;
      // The submit command was under way when the others were left.
      if (this.#left) this.#submissions.leave();
      return;
    }
    if (answer.kind === 'refused') {
      for (const flight of flights)
        flight.end({ ended: { kind: 'launch', message: answer.message }, usage: null, wallMs: null });
      return;
    }
    if (lane.puts === 0)
      this.#options.onNotice(
        `${this.#options.doc.name} takes no more jobs now, and is asked again: ${answer.why}`,
      );
    lane.notBefore = performance.now() + (waitsMs[Math.min(lane.puts, waitsMs.length - 1)] ?? 0);
    lane.puts++;
    for (const { flight } of taken)
      if (flight.stopping || this.#left)
        flight.end({ ended: { kind: 'signal', signal: 'SIGINT' }, usage: null, wallMs: null });
    lane.waiting.unshift(...taken.filter(({ flight }) => !flight.over));
    lane.firstAt = 0;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
