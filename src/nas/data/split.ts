/** Which images train and which validate: the same for every seed of a study, by a seed of its own (study: section 3). */
import { Random } from './random.ts';

export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Draws `validation` images to withhold; `train` of the others (all: null) remain for training.
 * Throws RangeError where there are not enough images.
 */
export function splitImages(count: number, validation: number, train: number | null, seed: number): Split {
  const wanted = validation + (train ?? 1);
  if (wanted > count)
    throw new RangeError(
      `${validation} images for validation and ${train ?? 'the others'} for training, but the set has ${count}`,
    );
  const order = Random.stream(seed, 'split').permutation(count);
  return {
    validation: order.slice(0, validation),
    train: order.slice(validation, train === null ? count : wanted),
  };
}
