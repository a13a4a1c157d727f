/**
 * A queue as the pipeline file describes it, in virtual time: cells that ask for the same become packed jobs, and a job
 * begins when the queue has what it asks for. What takes a real queue its time (submitting, starting, looking) counts
 * as nothing.
 */
import type { AskedOfJob, ExecutorDoc } from '../config/executor-doc.ts';
import { askedBy } from '../exec/queue/asked.ts';
import type { Cell } from '../plan/graph.ts';
import type { VirtualClock } from './virtual-clock.ts';

interface Waiting {
  readonly ms: number;
  readonly ended: () => void;
}

interface Job {
  readonly cells: readonly Waiting[];
  readonly order: number;
}

/** Cells that ask for the same. */
interface Lane {
  readonly pack: number;
  readonly needs: Needs;
  fresh: Waiting[];
  readonly jobs: Job[];
  /** Of `jobs`, those before it have begun. */
  next: number;
}

interface Needs {
  readonly cpu: number;
  readonly gpu: number;
  readonly memory: number;
}

const rounding = 1e-6;

export class VirtualQueue {
  readonly #doc: ExecutorDoc;
  readonly #clock: VirtualClock;
  readonly #lanes = new Map<string, Lane>();
  readonly #free: { cpu: number; gpu: number; memory: number };
  #submitted = 0;

  constructor(doc: ExecutorDoc, clock: VirtualClock) {
    this.#doc = doc;
    this.#clock = clock;
    this.#free = boundsOf(doc.has);
  }

  /** Settles when the cell, which takes so long, has ended. */
  run(cell: Pick<Cell, 'stage' | 'resources'>, ms: number): Promise<void> {
    const { pack, cpu, gpu, memory, timeMs, partition, extra } = askedBy(cell, this.#doc);
    const name = JSON.stringify([pack, cpu, gpu, memory, timeMs, partition, extra]);
    const times = this.#doc.parallel;
    const needs = { cpu: Math.max(1, Math.ceil(cpu * times)), gpu: gpu * times, memory: memory * times };
    const lane = this.#lanes.get(name) ?? { pack, needs, fresh: [], jobs: [], next: 0 };
    this.#lanes.set(name, lane);
    return new Promise((ended) => {
      lane.fresh.push({ ms, ended });
    });
  }

  /** Everything that came since the last call goes out. */
  submit(): void {
    for (const lane of this.#lanes.values()) {
      const { fresh, pack } = lane;
      for (let from = 0; from < fresh.length; from += pack)
        lane.jobs.push({ cells: fresh.slice(from, from + pack), order: this.#submitted++ });
      lane.fresh = [];
    }
    this.#begin();
  }

  /** The oldest of the jobs for which there is room, until there is none. */
  #begin(): void {
    for (;;) {
      let first: Lane | undefined;
      for (const lane of this.#lanes.values()) {
        const job = lane.jobs[lane.next];
        const best = first?.jobs[first.next];
        if (job && (!best || job.order < best.order) && this.#fits(lane.needs)) first = lane;
      }
      const job = first?.jobs[first.next];
      if (!first || !job) return;
      first.next++;
      this.#take(first.needs, 1);
      this.#work(job, first.needs);
    }
  }

  #work({ cells }: Job, needs: Needs): void {
    let next = 0;
    const worker = async () => {
      for (let cell = cells[next++]; cell; cell = cells[next++]) {
        await this.#clock.after(cell.ms);
        cell.ended();
      }
    };
    void Promise.all(Array.from({ length: this.#doc.parallel }, worker)).then(() => {
      this.#take(needs, -1);
      this.#begin();
    });
  }

  #fits({ cpu, gpu, memory }: Needs): boolean {
    const { cpu: cpus, gpu: gpus, memory: bytes } = this.#free;
    return cpu <= cpus + rounding && gpu <= gpus && memory <= bytes;
  }

  #take({ cpu, gpu, memory }: Needs, times: 1 | -1): void {
    this.#free.cpu -= times * cpu;
    this.#free.gpu -= times * gpu;
    this.#free.memory -= times * memory;
  }
}

/** What is not said does not bound. */
function boundsOf({ cpu, gpu, memory }: AskedOfJob): { cpu: number; gpu: number; memory: number } {
  const all = Number.POSITIVE_INFINITY;
  return { cpu: cpu ?? all, gpu: gpu ?? all, memory: memory ?? all };
}
