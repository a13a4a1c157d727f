/** Counts what is put in place, and says so when it takes a while. */
import type { Cell } from '../plan/graph.ts';
import type { OutRecords } from '../store/out-record.ts';

export interface PutProgress {
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Milliseconds: what is put sooner is over before anybody could read of it. */
const saidAfterMs = 1_000;
const saidEachMs = 500;

export class PutCount {
  readonly #say: (progress: PutProgress) => void;
  readonly #now: () => number;
  #next = Number.POSITIVE_INFINITY;
  #progress: PutProgress = { files: 0, totalFiles: 0, bytes: 0, totalBytes: 0 };

  constructor(say: (progress: PutProgress) => void, now: () => number = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  /** A placed out is put twice. */
  begin(cell: Cell, outs: OutRecords): void {
    let [totalFiles, totalBytes] = [0, 0];
    for (const { name, place } of cell.outs) {
      const times = place === null ? 1 : 2;
      totalFiles += times * (outs[name]?.files ?? 0);
      totalBytes += times * (outs[name]?.size ?? 0);
    }
    this.start(totalFiles, totalBytes);
  }

  /** So much is to be put, counted anew. */
  start(totalFiles: number, totalBytes: number): void {
    this.#progress = { files: 0, totalFiles, bytes: 0, totalBytes };
    this.#next = this.#now() + saidAfterMs;
  }

  put(bytes: number, files = 1): void {
    const { files: before, bytes: bytesBefore } = this.#progress;
    this.#progress = { ...this.#progress, files: before + files, bytes: bytesBefore + bytes };
    if (this.#now() < this.#next) return;
    this.#next = this.#now() + saidEachMs;
    this.#say(this.#progress);
  }
}
