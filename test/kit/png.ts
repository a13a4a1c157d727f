/** PNG files as tests draw them, and bytes put together from texts, lists and buffers. */
import { crc32, deflateSync } from 'node:zlib';

/** Texts are a byte per character. */
export const bytes = (...parts: readonly (string | readonly number[] | Uint8Array)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );

/** Four bytes, the lowest first. */
export const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

/** A PNG whose rows take the filters in turn. */
export function png(
  side: number,
  pixels: Uint8Array,
  colour = 2,
  { palette, depth = 8 }: { readonly palette?: Uint8Array; readonly depth?: number } = {},
): Buffer {
  const channels = { 0: 1, 2: 3, 3: 1, 6: 4 }[colour]!;
  const row = side * channels;
  const raw = Buffer.alloc(side * (row + 1));
  for (let y = 0; y < side; y++) {
    const filter = y % 5;
    raw[y * (row + 1)] = filter;
    for (let i = 0; i < row; i++) {
      const left = i >= channels ? pixels[y * row + i - channels]! : 0;
      const up = y > 0 ? pixels[(y - 1) * row + i]! : 0;
      const corner = y > 0 && i >= channels ? pixels[(y - 1) * row + i - channels]! : 0;
      const p = left + up - corner;
      const [a, b, c] = [left, up, corner].map((one) => Math.abs(p - one)) as [number, number, number];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      raw[y * (row + 1) + 1 + i] = pixels[y * row + i]! - [0, left, up, (left + up) >> 1, paeth][filter]!;
    }
  }
  const big = (value: number) => word(value).reverse();
  const chunk = (type: string, content: Uint8Array) => {
    const body = bytes(type, content);
    return bytes(big(content.length), body, big(crc32(body)));
  };
  return bytes(
    '\x89PNG\r\n\x1a\n',
    chunk('IHDR', bytes(big(side), big(side), [depth, colour, 0, 0, 0])),
    palette ? chunk('PLTE', palette) : '',
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', bytes('')),
  );
}
