/**
 * AutoAugment's CIFAR-10 policies (Cubuk et al. 2018, appendix: 25 sub-policies of two operations) on uint8 images in
 * HWC order. Operations follow PIL to the bit, as the authors' code called it; magnitudes are the paper's ranges in ten
 * even steps; a geometric operation fills what comes from outside the image with CIFAR-10's mean colour, as theirs does.
 */
import type { Random } from './random.ts';

export type AugmentOperation =
  | 'shearX'
  | 'shearY'
  | 'translateX'
  | 'translateY'
  | 'rotate'
  | 'autoContrast'
  | 'invert'
  | 'equalize'
  | 'solarize'
  | 'posterize'
  | 'contrast'
  | 'color'
  | 'brightness'
  | 'sharpness';

interface Step {
  readonly operation: AugmentOperation;
  readonly probability: number;
  /** 0…9. */
  readonly magnitude: number;
}

/** The sub-policies in the paper's order. */
export const cifar10Policies: readonly (readonly [Step, Step])[] = (
  [
    ['invert', 0.1, 7, 'contrast', 0.2, 6],
    ['rotate', 0.7, 2, 'translateX', 0.3, 9],
    ['sharpness', 0.8, 1, 'sharpness', 0.9, 3],
    ['shearY', 0.5, 8, 'translateY', 0.7, 9],
    ['autoContrast', 0.5, 8, 'equalize', 0.9, 2],
    ['shearY', 0.2, 7, 'posterize', 0.3, 7],
    ['color', 0.4, 3, 'brightness', 0.6, 7],
    ['sharpness', 0.3, 9, 'brightness', 0.7, 9],
    ['equalize', 0.6, 5, 'equalize', 0.5, 1],
    ['contrast', 0.6, 7, 'sharpness', 0.6, 5],
    ['color', 0.7, 7, 'translateX', 0.5, 8],
    ['equalize', 0.3, 7, 'autoContrast', 0.4, 8],
    ['translateY', 0.4, 3, 'sharpness', 0.2, 6],
    ['brightness', 0.9, 6, 'color', 0.2, 8],
    ['solarize', 0.5, 2, 'invert', 0.0, 3],
    ['equalize', 0.2, 0, 'autoContrast', 0.6, 0],
    ['equalize', 0.2, 8, 'equalize', 0.6, 4],
    ['color', 0.9, 9, 'equalize', 0.6, 6],
    ['autoContrast', 0.8, 4, 'solarize', 0.2, 8],
    ['brightness', 0.1, 3, 'color', 0.7, 0],
    ['solarize', 0.4, 5, 'autoContrast', 0.9, 3],
    ['translateY', 0.9, 9, 'translateY', 0.7, 9],
    ['autoContrast', 0.9, 2, 'solarize', 0.8, 3],
    ['equalize', 0.8, 8, 'invert', 0.1, 3],
    ['translateY', 0.7, 9, 'autoContrast', 0.9, 1],
  ] as const
).map(([first, p1, m1, second, p2, m2]) => [
  { operation: first, probability: p1, magnitude: m1 },
  { operation: second, probability: p2, magnitude: m2 },
]);

/** Applies one sub-policy drawn at random; each of its steps happens with its probability, signed ones in either direction. */
export function applyRandomPolicy(image: Uint8Array, side: number, random: Random): Uint8Array {
  const policy = cifar10Policies[random.int(cifar10Policies.length)]!;
  let result = image;
  for (const { operation, probability, magnitude } of policy) {
    // Both are drawn whether they are needed or not: a step never shifts the draws of the next.
    const happens = random.uniform() < probability;
    const sign = random.uniform() < 0.5 ? -1 : 1;
    if (happens) result = augment(result, side, operation, amountOf(operation, magnitude, side, sign));
  }
  return result;
}

/**
 * What a magnitude 0…9 means: a shear factor (≤ 0.3), pixels to move (≤ 150/331 of the side), degrees (≤ 30), a
 * threshold (256 down to 0), bits kept (8 down to 4), or an enhancement factor (1 ± 0.9; the paper's 0.1…1.9).
 */
export function amountOf(operation: AugmentOperation, magnitude: number, side: number, sign: 1 | -1): number {
  const share = magnitude / 9;
  switch (operation) {
    case 'shearX':
    case 'shearY':
      return sign * 0.3 * share;
    case 'translateX':
    case 'translateY':
      return sign * Math.floor((150 / 331) * side * share);
    case 'rotate':
      return sign * 30 * share;
    case 'solarize':
      return 256 - 256 * share;
    case 'posterize':
      return 8 - Math.round(4 * share);
    case 'contrast':
    case 'color':
    case 'brightness':
    case 'sharpness':
      return 1 + sign * 0.1 * magnitude;
    case 'autoContrast':
    case 'invert':
    case 'equalize':
      return 0;
  }
}

/** One operation with the amount that `amountOf` gives. The image is not changed. */
export function augment(
  image: Uint8Array,
  side: number,
  operation: AugmentOperation,
  amount: number,
): Uint8Array {
  switch (operation) {
    case 'shearX':
      return affine(image, side, [1, amount, 0, 0, 1, 0]);
    case 'shearY':
      return affine(image, side, [1, 0, 0, amount, 1, 0]);
    case 'translateX':
      return affine(image, side, [1, 0, amount, 0, 1, 0]);
    case 'translateY':
      return affine(image, side, [1, 0, 0, 0, 1, amount]);
    case 'rotate':
      return rotate(image, side, amount);
    case 'autoContrast':
      return byChannel(image, autoContrastTable);
    case 'equalize':
      return byChannel(image, equalizeTable);
    case 'invert':
      return image.map((value) => 255 - value);
    case 'solarize':
      return image.map((value) => (value < amount ? value : 255 - value));
    case 'posterize':
      return image.map((value) => value & ~(2 ** (8 - amount) - 1));
    case 'contrast': {
      const grey = greyOf(image);
      const mean = Math.floor(grey.reduce((sum, value) => sum + value, 0) / grey.length + 0.5);
      return blend(new Uint8Array(image.length).fill(mean), image, amount);
    }
    case 'color': {
      const grey = greyOf(image);
      return blend(
        image.map((_, i) => grey[Math.floor(i / 3)]!),
        image,
        amount,
      );
    }
    case 'brightness':
      return blend(new Uint8Array(image.length), image, amount);
    case 'sharpness':
      return blend(smooth(image, side), image, amount);
  }
}

const meanColour = [125, 123, 114] as const;

/** Output (x, y) takes input (a·x + b·y + c, d·x + e·y + f) at pixel centres, nearest, in PIL's 16.16 fixed point. */
function affine(
  image: Uint8Array,
  side: number,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
): Uint8Array {
  const fixed = (value: number) => Math.floor(value * 65_536 + 0.5);
  const out = new Uint8Array(image.length);
  const startX = fixed(c + a * 0.5 + b * 0.5);
  const startY = fixed(f + d * 0.5 + e * 0.5);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const sourceX = (startX + y * fixed(b) + x * fixed(a)) >> 16;
      const sourceY = (startY + y * fixed(e) + x * fixed(d)) >> 16;
      const inside = sourceX >= 0 && sourceX < side && sourceY >= 0 && sourceY < side;
      const from = (sourceY * side + sourceX) * 3;
      const to = (y * side + x) * 3;
      for (let channel = 0; channel < 3; channel++)
        out[to + channel] = inside ? image[from + channel]! : meanColour[channel]!;
    }
  }
  return out;
}

function rotate(image: Uint8Array, side: number, degrees: number): Uint8Array {
  const angle = (-degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const centre = side / 2;
  return affine(image, side, [
    cos,
    sin,
    centre - cos * centre - sin * centre,
    -sin,
    cos,
    centre + sin * centre - cos * centre,
  ]);
}

function byChannel(image: Uint8Array, tableOf: (histogram: Uint32Array) => Uint8Array | null): Uint8Array {
  const out = image.slice();
  for (let channel = 0; channel < 3; channel++) {
    const histogram = new Uint32Array(256);
    for (let i = channel; i < image.length; i += 3) histogram[image[i]!]!++;
    const table = tableOf(histogram);
    if (table) for (let i = channel; i < image.length; i += 3) out[i] = table[image[i]!]!;
  }
  return out;
}

/** Stretches the darkest to 0 and the brightest to 255; null: nothing to stretch. */
function autoContrastTable(histogram: Uint32Array): Uint8Array | null {
  const low = histogram.findIndex((count) => count > 0);
  const high = histogram.findLastIndex((count) => count > 0);
  if (high <= low) return null;
  const factor = 255 / (high - low);
  return Uint8Array.from({ length: 256 }, (_, value) =>
    Math.min(255, Math.max(0, Math.trunc(value * factor - low * factor))),
  );
}

function equalizeTable(histogram: Uint32Array): Uint8Array | null {
  const used = histogram.filter((count) => count > 0);
  const step = Math.floor((used.reduce((sum, count) => sum + count, 0) - used.at(-1)!) / 255);
  if (used.length <= 1 || step === 0) return null;
  let sum = Math.floor(step / 2);
  return Uint8Array.from(histogram, (count) => {
    const value = Math.min(255, Math.floor(sum / step));
    sum += count;
    return value;
  });
}

/** Luma by ITU-R 601-2 in PIL's fixed point, one byte a pixel. */
function greyOf(image: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: image.length / 3 },
    (_, i) => (image[3 * i]! * 19_595 + image[3 * i + 1]! * 38_470 + image[3 * i + 2]! * 7471 + 0x8000) >> 16,
  );
}

/** PIL's SMOOTH filter: 3×3 with 5 in the middle, over 13; the border stays. */
function smooth(image: Uint8Array, side: number): Uint8Array {
  const out = image.slice();
  const row = side * 3;
  for (let y = 1; y < side - 1; y++) {
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      let sum = 4 * image[i]!;
      for (const line of [i - row, i, i + row]) sum += image[line - 3]! + image[line]! + image[line + 3]!;
      out[i] = Math.floor(sum / 13 + 0.5);
    }
  }
  return out;
}

/** from + factor · (to − from) in float32, cut off to a byte. */
function blend(from: Uint8Array, to: Uint8Array, factor: number): Uint8Array {
  const weight = Math.fround(factor);
  return from.map((value, i) => {
    const mixed = Math.fround(value + Math.fround(weight * (to[i]! - value)));
    return Math.min(255, Math.max(0, Math.trunc(mixed)));
  });
}
