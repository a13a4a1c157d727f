/**
 * Hands out training batches in order. Two kinds that give the same bytes: one computes a batch when it is asked for,
 * the other has a worker thread compute the next ones beforehand.
 */
import { type Batch, type BatchPlan, batchesAnEpoch, epochOrder, fillBatch } from './batches.ts';
import { classCount, type ImageSet } from './image-set.ts';
import type { Filled, LoaderJob, LoaderStart, Slot } from './loader-job.ts';
import { startWorker } from './thread.ts';

export interface Loader {
  /** The next batch; at an epoch's end goes on with the next epoch. Its arrays may be reused by the call after the next. */
  next(): Promise<Batch>;
  close(): Promise<void>;
}

/** Computes each batch when it is asked for. */
export function plainLoader(set: ImageSet, plan: BatchPlan, start: LoaderStart): Loader {
  const perEpoch = batchesAnEpoch(plan);
  let { epoch, batch } = start;
  let order = epochOrder(plan, epoch);
  return {
    async next() {
      const images = new Float32Array(plan.batchSize * set.side * set.side * 3);
      const targets = new Float32Array(plan.batchSize * classCount);
      const size = fillBatch(set, plan, order, epoch, batch, images, targets);
      if (++batch === perEpoch) {
        batch = 0;
        order = epochOrder(plan, ++epoch);
      }
      return cut(images, targets, size);
    },
    async close() {},
  };
}

const slotCount = 4;

/** Has a worker thread compute up to three batches ahead. Throws what the worker throws. */
export async function threadedLoader(set: ImageSet, plan: BatchPlan, start: LoaderStart): Promise<Loader> {
  const slots: Slot[] = Array.from({ length: slotCount }, () => ({
    images: new Float32Array(new SharedArrayBuffer(plan.batchSize * set.side * set.side * 3 * 4)),
    targets: new Float32Array(new SharedArrayBuffer(plan.batchSize * classCount * 4)),
  }));
  const job: LoaderJob = { set, plan, start, slots };
  const worker = await startWorker(job);
  const ready: Filled[] = [];
  let waiting: { resolve(): void; reject(error: Error): void } | null = null;
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure = error;
    waiting?.reject(error);
    waiting = null;
  };
  worker.on('message', (filled: Filled) => {
    ready.push(filled);
    waiting?.resolve();
    waiting = null;
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`the loader's thread ended (exit code ${code})`)));
  // A thread that waits for a free slot must not keep the process alive.
  worker.unref();

  let held: number | null = null;
  return {
    async next() {
      if (held !== null) worker.postMessage(held);
      if (ready.length === 0) {
        worker.ref();
        await new Promise<void>((resolve, reject) => {
          if (failure) reject(failure);
          else waiting = { resolve, reject };
        });
        worker.unref();
      }
      const { slot, size } = ready.shift()!;
      held = slot;
      return cut(slots[slot]!.images, slots[slot]!.targets, size);
    },
    async close() {
      await worker.terminate();
    },
  };
}

function cut(images: Float32Array, targets: Float32Array, size: number): Batch {
  const pixels = (images.length / (targets.length / classCount)) * size;
  return { images: images.subarray(0, pixels), targets: targets.subarray(0, size * classCount), size };
}
