/**
 * Labelled images from files: CIFAR-10's binary and python versions, as a folder, its official archive or one batch; a `.npz`;
 * a folder of PNGs with a subfolder per class. Which it is, the files' names say.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { classFolders, readImageFolder } from './image-folder.ts';
import { classCount, type ImageSet, ImageSetError } from './image-set.ts';
import { decodeCifarPickle, decodeNpz } from './labelled-arrays.ts';

/**
 * Reads `.bin` files (test_batch.bin of a folder is left out), batches of the python version (`data_batch_1` to `_5`), a `.npz`,
 * the official `.tar.gz` of either version, or a folder of any of these or of PNGs. A `.bin` file's records are 32×32 unless a
 * json of the same name beside it says otherwise: `{"side": 16}`. Throws ImageSetError naming file and record.
 */
export function readImageSet(path: string): ImageSet {
  const parts = readParts(path);
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

function readParts(path: string): readonly ImageSet[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) throw new ImageSetError(path, null, 'no such file or folder', 'Check the path of the images');
  if (!entry.isDirectory())
    return /\.(tar\.gz|tgz)$/.test(path)
      ? readArchive(path)
      : [readOne(path, readFileSync(path), sideOf(path))];
  const names = readdirSync(path);
  if (names.length === 0)
    throw new ImageSetError(path, null, 'the folder is empty', 'Remove the empty folder, or fill it');
  // The first kind that there is: other files beside it are none of the set's.
  for (const isOfKind of kinds) {
    const files = names.filter(isOfKind).sort();
    if (files.length > 0)
      return files.map((name) => {
        const file = join(path, name);
        return readOne(file, readFileSync(file), sideOf(file));
      });
  }
  const classes = classFolders(path);
  if (classes.length > 0) return [readImageFolder(path, classes)];
  throw nothingIn(path);
}

const isBinary = (name: string) => name.endsWith('.bin') && name !== 'test_batch.bin';
const isPython = (name: string) => /^data_batch_\d+$/.test(name);
const kinds = [isBinary, isPython, (name: string) => name.endsWith('.npz')];

function nothingIn(path: string): ImageSetError {
  return new ImageSetError(
    path,
    null,
    'holds no data_batch_*.bin, no data_batch_*, no .npz and no subfolders of .png',
    "CIFAR-10's binary version has data_batch_1.bin to data_batch_5.bin; of your own images make a subfolder per class",
  );
}

function readOne(file: string, bytes: Uint8Array, side: number): ImageSet {
  const name = basename(file);
  if (isPython(name)) return decodeCifarPickle(file, bytes);
  if (name.endsWith('.npz')) return decodeNpz(file, bytes);
  return decodeBinary(file, bytes, side);
}

function readArchive(path: string): readonly ImageSet[] {
  const files = untar(path).filter(({ name }) => isBinary(basename(name)) || isPython(basename(name)));
  if (files.length === 0) throw nothingIn(path);
  return files.map(({ name, bytes }) => readOne(name, bytes, 32));
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
function untar(path: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(readFileSync(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ImageSetError(path, null, `cannot be unpacked (${why})`, 'Fetch the archive again');
  }
  const files: { name: string; bytes: Uint8Array }[] = [];
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    if (!Number.isFinite(size) || at + 512 + size > bytes.length)
      throw new ImageSetError(path, null, `the archive is damaged at byte ${at}`, 'Fetch it again');
    const type = bytes[at + 156];
    if (type === 0 || type === 0x30) {
      const content = bytes.subarray(at + 512, at + 512 + size);
      files.push({ name: `${path}:${text(at, 100)}`, bytes: content });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function decodeBinary(file: string, bytes: Uint8Array, side: number): ImageSet {
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
