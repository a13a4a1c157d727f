/** The loader's thread: fills slots of shared memory with batches, in order, as slots become free. */
import { parentPort, workerData } from 'node:worker_threads';
import { batchesAnEpoch, epochOrder, fillBatch } from './batches.ts';
import type { Filled, LoaderJob } from './loader-job.ts';

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
