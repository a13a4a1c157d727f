/** Arrays of a numpy `.npz` file: a zip of `.npy` files, stored or deflated (APPNOTE 4.3; numpy.lib.format). */
import { inflateRawSync } from 'node:zlib';
import { ImageSetError } from './image-set.ts';

export interface NpyArray {
  readonly shape: readonly number[];
  /** In C order, as numbers. */
  readonly values: ArrayLike<number>;
}

/** No image set that this reads is larger; a file that claims more is refused before it is inflated. */
const mostBytes = 2 ** 31 - 1;

/** Arrays by name, without `.npy`. @throws ImageSetError */
export function readNpz(file: string, content: Uint8Array): ReadonlyMap<string, NpyArray> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const refuse = (what: string) =>
    new ImageSetError(file, null, `is no .npz (${what})`, 'Write it with numpy.savez');
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > bytes.length) throw refuse('the directory of its zip is missing: truncated?');
  const count = bytes.readUInt16LE(end + 10);
  const arrays = new Map<string, NpyArray>();
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50)
      throw refuse('the directory of its zip is broken');
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const npy = member(bytes, at, name, refuse);
    arrays.set(name.replace(/\.npy$/, ''), parseNpy(npy, name, refuse));
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return arrays;
}

type Refuse = (what: string) => ImageSetError;

/** The bytes of the entry whose place in the directory is `at`. Sizes are the directory's: numpy leaves those before the data open. */
function member(bytes: Buffer, at: number, name: string, refuse: Refuse): Buffer {
  const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
  const [packed, inflated] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
  const local = bytes.readUInt32LE(at + 42);
  if ((flags & 1) !== 0 || (method !== 0 && method !== 8))
    throw refuse(`${name} is encrypted or packed by method ${method}`);
  if (inflated > mostBytes || local + 30 > bytes.length || bytes.readUInt32LE(local) !== 0x04034b50)
    throw refuse(`${name} is not where the directory says, or too large`);
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const data = bytes.subarray(from, from + packed);
  if (data.length < packed) throw refuse(`${name} is cut off`);
  if (method === 0) return data;
  try {
    const whole = inflateRawSync(data, { maxOutputLength: Math.max(1, inflated) });
    if (whole.length === inflated) return whole;
  } catch {
    // Said below: zlib does not say where.
  }
  throw refuse(`${name} does not inflate`);
}

/** Element types by numpy's code. Big-endian numbers are refused but for single bytes. */
const readers: Readonly<Record<string, (bytes: Buffer, count: number) => ArrayLike<number>>> = {
  '|u1': (bytes, count) => new Uint8Array(bytes.subarray(0, count)),
  '|i1': (bytes, count) => new Int8Array(bytes.subarray(0, count)),
  '|b1': (bytes, count) => new Uint8Array(bytes.subarray(0, count)),
  '<u2': (bytes, count) => Array.from({ length: count }, (_, i) => bytes.readUInt16LE(2 * i)),
  '<i2': (bytes, count) => Array.from({ length: count }, (_, i) => bytes.readInt16LE(2 * i)),
  '<u4': (bytes, count) => Array.from({ length: count }, (_, i) => bytes.readUInt32LE(4 * i)),
  '<i4': (bytes, count) => Array.from({ length: count }, (_, i) => bytes.readInt32LE(4 * i)),
  '<u8': (bytes, count) => Array.from({ length: count }, (_, i) => Number(bytes.readBigUInt64LE(8 * i))),
  '<i8': (bytes, count) => Array.from({ length: count }, (_, i) => Number(bytes.readBigInt64LE(8 * i))),
};

function parseNpy(bytes: Buffer, name: string, refuse: Refuse): NpyArray {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw refuse(`${name} is no .npy`);
  const isOld = bytes[6] === 1;
  const from = isOld ? 10 : 12;
  const length = isOld ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const header = bytes.toString('latin1', from, Math.min(from + length, from + 10_000));
  const type = /'descr': *'([^']*)'/.exec(header)?.[1] ?? '';
  const shape = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  const read = readers[type];
  if (read === undefined || shape === undefined || !/'fortran_order': *False/.test(header))
    throw refuse(`${name} holds ${type || 'no type'}: whole numbers in C order are read`);
  const sizes = shape.split(',').flatMap((one) => (one.trim() === '' ? [] : [Number(one)]));
  const count = sizes.reduce((product, one) => product * one, 1);
  const data = bytes.subarray(from + length);
  if (count * Number(type.at(-1)) !== data.length)
    throw refuse(`${name} has ${data.length} bytes for ${count} numbers`);
  return { shape: sizes, values: read(data, count) };
}
