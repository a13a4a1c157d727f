/** The loader's thread: fills slots of shared memory with batches, in order, as slots become free. */
import { parentPort, workerData } from 'node:worker_threads';
import { type BatchPlan, batchesAnEpoch, epochOrder, fillBatch } from './batches.ts';
import type { ImageSet } from './image-set.ts';
import type { LoaderStart } from './loader.ts';

/** Shared memory for one batch. */
export interface Slot {
  readonly images: Float32Array;
  readonly targets: Float32Array;
}

export interface LoaderJob {
  readonly set: ImageSet;
  readonly plan: BatchPlan;
  readonly start: LoaderStart;
  readonly slots: readonly Slot[];
}

/** Sent when a slot holds the next batch; a slot's number comes back when it may be overwritten. */
export interface Filled {
  readonly slot: number;
  readonly size: number;
}

const port = parentPort!;
// The only sender is threadedLoader, which types what it sends as LoaderJob.
const { set, plan, start, slots }: LoaderJob = workerData;
const perEpoch = batchesAnEpoch(plan);
let { epoch, batch } = start;
let order = epochOrder(plan, epoch);

function fill(slot: number): void {
  const { images, targets } = slots[slot]!;
  const size = fillBatch(set, plan, order, epoch, batch, images, targets);
  if (++batch === perEpoch) {
    batch = 0;
    order = epochOrder(plan, ++epoch);
  }
  port.postMessage({ slot, size } satisfies Filled);
}

port.on('message', fill);
slots.forEach((_, slot) => {
  fill(slot);
});
