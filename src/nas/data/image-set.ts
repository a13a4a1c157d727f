/**
 * Labelled images in CIFAR-10's binary layout: records of one label byte and the pixels, channel by channel (R, G, B),
 * row by row. Held as uint8 in HWC order, the order the network wants. image-files.ts reads them.
 */
export const classCount = 10;

export interface ImageSet {
  /** Height and width in pixels. */
  readonly side: number;
  readonly count: number;
  /** 0…9, one an image. */
  readonly labels: Uint8Array;
  /** count × side × side × 3, in memory that threads can share. */
  readonly pixels: Uint8Array;
}

/** A file of images that cannot be used. */
export class ImageSetError extends Error {
  override readonly name = 'ImageSetError';
  readonly file: string;
  /** 0-based record in the file; null where the file as a whole is wrong. */
  readonly record: number | null;
  readonly hint: string;

  constructor(file: string, record: number | null, problem: string, hint: string) {
    super(`${file}${record === null ? '' : `, record ${record}`}: ${problem}. ${hint}`);
    this.file = file;
    this.record = record;
    this.hint = hint;
  }
}

/** One image set as the bytes of a `.bin` file. */
export function encodeImageSet(set: ImageSet): Uint8Array {
  const area = set.side * set.side;
  const size = 1 + 3 * area;
  const bytes = new Uint8Array(set.count * size);
  for (let n = 0; n < set.count; n++) {
    bytes[n * size] = set.labels[n]!;
    for (let i = 0; i < area; i++)
      for (let c = 0; c < 3; c++) bytes[n * size + 1 + c * area + i] = set.pixels[(n * area + i) * 3 + c]!;
  }
  return bytes;
}

/**
 * Averages 2×2 pixels (rounded, halves up) until the side is the one wanted.
 * Throws RangeError where halving does not lead there.
 */
export function downsampleTo(set: ImageSet, side: number): ImageSet {
  if (set.side === side) return set;
  const half = set.side / 2;
  if (half < side || !Number.isInteger(half))
    throw new RangeError(
      `images of ${set.side} pixels cannot be averaged down to ${side}: only halves are possible`,
    );
  const row = set.side * 3;
  const pixels = new Uint8Array(new SharedArrayBuffer(set.count * half * half * 3));
  let to = 0;
  for (let y = 0; y < set.count * half; y++) {
    for (let x = 0; x < half; x++) {
      for (let c = 0; c < 3; c++) {
        const from = 2 * y * row + 2 * x * 3 + c;
        const sum =
          set.pixels[from]! + set.pixels[from + 3]! + set.pixels[from + row]! + set.pixels[from + row + 3]!;
        pixels[to++] = (sum + 2) >> 2;
      }
    }
  }
  return downsampleTo({ side: half, count: set.count, labels: set.labels, pixels }, side);
}
