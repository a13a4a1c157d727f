/** Where a training stands: the batch that comes next, the sums over the epoch under way, the epochs behind it. */
import type { EpochRecord, Progress } from './checkpoint.ts';

type Saved = Pick<Progress, 'epoch' | 'batch' | 'accumulated' | 'totals' | 'history'>;

const none = { loss: 0, correct: 0, images: 0 };

export class Course {
  readonly #batchesPerEpoch: number;
  #epoch: number;
  #batch: number;
  /** Batches since the last step of the optimizer. */
  #accumulated: number;
  #totals: Progress['totals'];
  readonly history: EpochRecord[];

  /** Goes on from a checkpoint, or begins. */
  constructor(batchesPerEpoch: number, saved: Saved | undefined) {
    this.#batchesPerEpoch = batchesPerEpoch;
    this.#epoch = saved?.epoch ?? 0;
    this.#batch = saved?.batch ?? 0;
    this.#accumulated = saved?.accumulated ?? 0;
    this.#totals = saved?.totals ?? none;
    this.history = [...(saved?.history ?? [])];
  }

  get epoch(): number {
    return this.#epoch;
  }

  get batch(): number {
    return this.#batch;
  }

  /** Batches so far, from the first epoch on. */
  get batches(): number {
    return this.#epoch * this.#batchesPerEpoch + this.#batch;
  }

  /** Counts a batch whose gradients wait; true when, with it, `period` of them make a step. */
  makesStep(period: number): boolean {
    this.#accumulated++;
    if (this.#accumulated < period) return false;
    this.#accumulated = 0;
    return true;
  }

  /** Goes on to the next batch. Returns the epoch's record where that was its last one. */
  advance(loss: number, correct: number, images: number, lr: number): EpochRecord | null {
    const sum = this.#totals;
    this.#totals = {
      loss: sum.loss + loss * images,
      correct: sum.correct + correct,
      images: sum.images + images,
    };
    if (++this.#batch < this.#batchesPerEpoch) return null;
    const { totals } = this.saved;
    const record: EpochRecord = {
      epoch: this.#epoch,
      lr,
      loss: totals.loss / totals.images,
      accuracy: (100 * totals.correct) / totals.images,
    };
    this.history.push(record);
    this.#totals = none;
    this.#batch = 0;
    this.#epoch++;
    return record;
  }

  get saved(): Saved {
    return {
      epoch: this.#epoch,
      batch: this.#batch,
      accumulated: this.#accumulated,
      totals: this.#totals,
      history: this.history,
    };
  }
}
