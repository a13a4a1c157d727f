/**
 * From stored uint8 images to the network's float32 input: zero-padding and random crop, flip, AutoAugment,
 * normalisation (DARTS' settings; paper: table 1; study: section 3).
 */
import { applyRandomPolicy } from './auto-augment.ts';
import type { ImageSet } from './image-set.ts';
import type { Random } from './random.ts';

/** CIFAR-10's mean and standard deviation a channel, of pixels in [0, 1]. */
export const channelMean = [0.49139968, 0.48215827, 0.44653124] as const;
export const channelStd = [0.24703233, 0.24348505, 0.26158768] as const;

export interface Augmentation {
  /** Zero pixels on each side before the random crop; 0: no crop. */
  readonly cropPadding: number;
  readonly flip: boolean;
  /** AutoAugment's CIFAR-10 policies, after crop and flip. */
  readonly autoAugment: boolean;
}

const normalised = channelMean.map((mean, c) =>
  Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / channelStd[c]!),
);

/** Writes one image, normalised and otherwise as it is, to `out` at `offset` (side² × 3 floats, HWC). */
export function writeImage(set: ImageSet, index: number, out: Float32Array, offset: number): void {
  const size = set.side * set.side * 3;
  normalise(set.pixels.subarray(index * size, (index + 1) * size), out, offset);
}

/** The same with augmentation; draws from `random` in a fixed order: crop y, crop x, flip, policy. */
export function writeAugmented(
  set: ImageSet,
  index: number,
  augmentation: Augmentation,
  random: Random,
  out: Float32Array,
  offset: number,
): void {
  const { side } = set;
  const size = side * side * 3;
  const from = set.pixels.subarray(index * size, (index + 1) * size);
  const span = 2 * augmentation.cropPadding + 1;
  const dy = random.int(span) - augmentation.cropPadding;
  const dx = random.int(span) - augmentation.cropPadding;
  const flipped = augmentation.flip && random.uniform() < 0.5;
  let image = cropAndFlip(from, side, dy, dx, flipped);
  if (augmentation.autoAugment) image = applyRandomPolicy(image, side, random);
  normalise(image, out, offset);
}

/** The window of a zero-padded image that starts at (dy, dx) of the original, mirrored where asked. */
export function cropAndFlip(
  from: Uint8Array,
  side: number,
  dy: number,
  dx: number,
  flipped: boolean,
): Uint8Array {
  const to = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const sourceY = y + dy;
    if (sourceY < 0 || sourceY >= side) continue;
    for (let x = 0; x < side; x++) {
      const sourceX = (flipped ? side - 1 - x : x) + dx;
      if (sourceX < 0 || sourceX >= side) continue;
      const source = (sourceY * side + sourceX) * 3;
      const target = (y * side + x) * 3;
      to[target] = from[source]!;
      to[target + 1] = from[source + 1]!;
      to[target + 2] = from[source + 2]!;
    }
  }
  return to;
}

function normalise(image: Uint8Array, out: Float32Array, offset: number): void {
  const [red, green, blue] = normalised as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < image.length; i += 3) {
    out[offset + i] = red[image[i]!]!;
    out[offset + i + 1] = green[image[i + 1]!]!;
    out[offset + i + 2] = blue[image[i + 2]!]!;
  }
}
