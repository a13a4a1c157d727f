/** Sizes as the file writes them: a number of bytes, or text such as `4GiB`, `500 MB`, `2G`. */
import type { Json } from '../../lib/json.ts';

const bytesOf: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
/** Null: not a size. */
export function byteSize(value: Json): number | null {
  if (typeof value === 'number') return value >= 0 ? value : null;
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(value) : null;
  const unit = match ? bytesOf[match[2] ?? ''] : undefined;
  return match && unit !== undefined ? Math.round(Number(match[1]) * unit) : null;
}
