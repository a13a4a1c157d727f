/** A PNG image as RGB: 8 bits a channel, every colour type, not interlaced (PNG, third edition). Transparency is left out. */
import { inflateSync } from 'node:zlib';

export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** height × width × 3. */
  readonly pixels: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Channels that a colour type stores: grey, RGB, palette, grey with alpha, RGB with alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Larger than any image that a network here takes. */
const mostSide = 4096;

/** A text says why it cannot be read. */
export function decodePng(content: Uint8Array): RgbImage | string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (!bytes.subarray(0, 8).equals(signature)) return 'is no PNG';
  let header: Buffer | null = null;
  let palette: Buffer | null = null;
  const packed: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length) return 'is cut off';
    if (type === 'IHDR') header = data;
    if (type === 'PLTE') palette = data;
    if (type === 'IDAT') packed.push(data);
    if (type === 'IEND') break;
    at += 12 + length;
  }
  if (header === null || header.length < 13) return 'has no header';
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = channelsOf[header[9]!];
  if (header[8] !== 8 || channels === undefined) return `has ${header[8]} bits per channel: 8 are read`;
  if (header[12] !== 0) return 'is interlaced: write it without';
  if (width === 0 || height === 0 || width > mostSide || height > mostSide)
    return `is ${width}×${height} pixels`;
  const size = height * (1 + width * channels);
  let raw: Buffer;
  try {
    raw = inflateSync(Buffer.concat(packed), { maxOutputLength: size });
  } catch {
    return 'does not inflate to its size';
  }
  if (raw.length !== size) return 'is cut off';
  const unfiltered = unfilter(raw, width * channels, channels);
  if (unfiltered === null) return 'has an unknown filter';
  const isPalette = header[9] === 3;
  if (isPalette && palette === null) return 'has no palette';
  return { width, height, pixels: toRgb(unfiltered, channels, isPalette ? palette : null) };
}

/** Undoes the filter of each row (PNG, section 9); null: one is unknown. */
function unfilter(raw: Buffer, row: number, step: number): Uint8Array | null {
  const rows = raw.length / (row + 1);
  const out = new Uint8Array(rows * row);
  for (let y = 0; y < rows; y++) {
    const filter = raw[y * (row + 1)]!;
    if (filter > 4) return null;
    for (let i = 0; i < row; i++) {
      const at = y * row + i;
      const left = i >= step ? out[at - step]! : 0;
      const up = y > 0 ? out[at - row]! : 0;
      const corner = y > 0 && i >= step ? out[at - row - step]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      out[at] = raw[y * (row + 1) + 1 + i]! + guess;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function toRgb(values: Uint8Array, channels: number, palette: Uint8Array | null): Uint8Array {
  const count = values.length / channels;
  const pixels = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    for (let c = 0; c < 3; c++)
      pixels[3 * i + c] =
        palette !== null ? (palette[3 * values[at]! + c] ?? 0) : values[channels < 3 ? at : at + c]!;
  }
  return pixels;
}
