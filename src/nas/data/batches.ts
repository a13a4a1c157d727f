/** Batches for training and validation. Every draw of a batch comes from (seed, epoch, batch): any batch can be made alone. */
import { type Augmentation, writeAugmented, writeImage } from './augment.ts';
import { classCount, type ImageSet } from './image-set.ts';
import { Random } from './random.ts';

export interface Batch {
  /** [size, side, side, 3], normalised. */
  readonly images: Float32Array;
  /** [size, 10], each row a distribution. */
  readonly targets: Float32Array;
  readonly size: number;
}

export interface BatchPlan {
  /** Which images of the set train. */
  readonly indices: Uint32Array;
  readonly batchSize: number;
  readonly augmentation: Augmentation;
  /** α: the label's class gets 1 − α + α/10, every other α/10. */
  readonly labelSmoothing: number;
  readonly seed: number;
}

/** Batches an epoch; the last may be smaller. */
export function batchesAnEpoch(plan: BatchPlan): number {
  return Math.ceil(plan.indices.length / plan.batchSize);
}

/** The order of the training images in an epoch. */
export function epochOrder(plan: BatchPlan, epoch: number): Uint32Array {
  return Random.stream(plan.seed, `order/${epoch}`).shuffle(plan.indices.slice());
}

/** Fills `images` and `targets` with batch `number` of an epoch and returns its size. */
export function fillBatch(
  set: ImageSet,
  plan: BatchPlan,
  order: Uint32Array,
  epoch: number,
  number: number,
  images: Float32Array,
  targets: Float32Array,
): number {
  const from = number * plan.batchSize;
  const size = Math.min(plan.batchSize, order.length - from);
  const random = Random.stream(plan.seed, `augment/${epoch}/${number}`);
  const pixels = set.side * set.side * 3;
  const off = plan.labelSmoothing / classCount;
  targets.fill(off, 0, size * classCount);
  for (let i = 0; i < size; i++) {
    const index = order[from + i]!;
    writeAugmented(set, index, plan.augmentation, random, images, i * pixels);
    targets[i * classCount + set.labels[index]!] = 1 - plan.labelSmoothing + off;
  }
  return size;
}

/** Images as they are, normalised: [indices.length, side, side, 3]. */
export function plainImages(set: ImageSet, indices: Uint32Array): Float32Array {
  const pixels = set.side * set.side * 3;
  const images = new Float32Array(indices.length * pixels);
  indices.forEach((index, i) => {
    writeImage(set, index, images, i * pixels);
  });
  return images;
}
