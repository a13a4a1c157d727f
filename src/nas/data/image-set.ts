/**
 * Labelled images in CIFAR-10's binary layout: records of one label byte and the pixels, channel by channel (R, G, B),
 * row by row. Held as uint8 in HWC order, the order the network wants.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

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

/**
 * Reads one `.bin` file, a folder of them (`data_batch_*.bin` of CIFAR-10, any number; test_batch.bin is left out),
 * or the official `.tar.gz`. A file's records are 32×32 unless a json of the same name beside it says otherwise:
 * `{"side": 16}`. Throws ImageSetError naming file and record.
 */
export function readImageSet(path: string): ImageSet {
  const parts = filesOf(path).map(({ name, bytes, side }) => decode(name, bytes, side));
  const side = parts[0]!.side;
  for (const part of parts) {
    if (part.side !== side)
      throw new ImageSetError(
        path,
        null,
        `images of ${part.side} and ${side} pixels`,
        'Use files of one size together',
      );
  }
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  const pixels = new Uint8Array(new SharedArrayBuffer(count * side * side * 3));
  let at = 0;
  for (const part of parts) {
    labels.set(part.labels, at);
    pixels.set(part.pixels, at * side * side * 3);
    at += part.count;
  }
  return { side, count, labels, pixels };
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

interface RawFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly side: number;
}

function filesOf(path: string): readonly RawFile[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) throw new ImageSetError(path, null, 'no such file or folder', 'Check the path of the images');
  let files: readonly RawFile[];
  if (entry.isDirectory()) {
    const names = readdirSync(path);
    if (names.length === 0)
      throw new ImageSetError(path, null, 'the folder is empty', 'Remove the empty folder, or fill it');
    files = names
      .filter(isTrainingFile)
      .sort()
      .map((name) => join(path, name))
      .map((file) => ({ name: file, bytes: readFileSync(file), side: sideOf(file) }));
  } else if (/\.(tar\.gz|tgz)$/.test(path)) {
    files = untar(path).filter((file) => isTrainingFile(basename(file.name)));
  } else {
    files = [{ name: path, bytes: readFileSync(path), side: sideOf(path) }];
  }
  if (files.length === 0)
    throw new ImageSetError(
      path,
      null,
      'holds no data_batch_*.bin',
      "CIFAR-10's binary version has data_batch_1.bin to data_batch_5.bin",
    );
  return files;
}

function isTrainingFile(name: string): boolean {
  return name.endsWith('.bin') && name !== 'test_batch.bin';
}

function sideOf(file: string): number {
  const json = file.replace(/\.bin$/, '.json');
  if (json === file || !statSync(json, { throwIfNoEntry: false })) return 32;
  let side: unknown;
  try {
    side = JSON.parse(readFileSync(json, 'utf8')).side;
  } catch {
    side = undefined;
  }
  if (typeof side !== 'number' || !Number.isInteger(side) || side < 4)
    throw new ImageSetError(json, null, 'gives no side', 'It should read {"side": 16}');
  return side;
}

/** The regular files of a gzipped tar archive (POSIX ustar; CIFAR-10's uses no longer names). */
function untar(path: string): RawFile[] {
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(readFileSync(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ImageSetError(path, null, `cannot be unpacked (${why})`, 'Fetch the archive again');
  }
  const files: RawFile[] = [];
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    if (!Number.isFinite(size) || at + 512 + size > bytes.length)
      throw new ImageSetError(path, null, `the archive is damaged at byte ${at}`, 'Fetch it again');
    const type = bytes[at + 156];
    if (type === 0 || type === 0x30) {
      const content = bytes.subarray(at + 512, at + 512 + size);
      files.push({ name: `${path}:${text(at, 100)}`, bytes: content, side: 32 });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function decode(file: string, bytes: Uint8Array, side: number): ImageSet {
  const area = side * side;
  const size = 1 + 3 * area;
  const count = Math.floor(bytes.length / size);
  if (count === 0 || bytes.length % size !== 0)
    throw new ImageSetError(
      file,
      count,
      `ends after ${bytes.length % size} of ${size} bytes`,
      'The file is truncated or not in this layout: fetch it again',
    );
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * area * 3);
  for (let n = 0; n < count; n++) {
    const at = n * size;
    const label = bytes[at]!;
    if (label >= classCount)
      throw new ImageSetError(file, n, `label ${label} is not in 0–9`, 'The file is damaged: fetch it again');
    labels[n] = label;
    for (let c = 0; c < 3; c++) {
      const from = at + 1 + c * area;
      const to = n * area * 3 + c;
      for (let i = 0; i < area; i++) pixels[to + i * 3] = bytes[from + i]!;
    }
  }
  return { side, count, labels, pixels };
}
