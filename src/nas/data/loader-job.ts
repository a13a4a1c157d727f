/** What the loader and its thread say to each other. */
import type { BatchPlan } from './batches.ts';
import type { ImageSet } from './image-set.ts';

/** Where to begin: a resumed training goes on in the middle of an epoch. */
export interface LoaderStart {
  readonly epoch: number;
  readonly batch: number;
}

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
