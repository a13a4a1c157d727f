/**
 * A bzip2 decoder, its inner loops compiled (bzip2-memory.ts).
 * Format: https://en.wikipedia.org/wiki/Bzip2, checked against the bzip2 program and the stored CRCs.
 */

import { BenchFormatError } from '../../lib/format-error.ts';
import { type Block, BlockReader } from './block.ts';
import { decoderMemory } from './memory.ts';

/** Refuse to unpack more than this from one file unless asked to. */
const defaultMaxOutput = 256 * 2 ** 20;

/** Unpacks one bzip2 file (one or more streams). Throws BenchFormatError with the byte offset in `input`. */
export function decompress(input: Uint8Array, maxOutput = defaultMaxOutput): Uint8Array {
  const reader = new BlockReader(input);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let block = reader.next(); block; block = reader.next()) {
    const bytes = expand(block, maxOutput - length);
    chunks.push(bytes);
    length += bytes.length;
  }
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Undoes the first run-length code (four equal bytes and a count) and checks the block's CRC. */
function expand(block: Block, maxOutput: number): Uint8Array {
  const { size } = block;
  const text = decoderMemory().text(size);
  const { runs, crc, length } = decoderMemory().scan(size);
  if (crc !== block.crc) {
    throw new BenchFormatError('the block checksum does not match', block.offset, 'file');
  }
  if (length > maxOutput) {
    throw new BenchFormatError('the file unpacks to more than the limit, refused', block.offset, 'file');
  }
  const out = new Uint8Array(length);
  let from = 0;
  let at = 0;
  for (const count of runs) {
    // A block that ends on four equal bytes has no count.
    if (count >= size) break;
    out.set(text.subarray(from, count), at);
    at += count - from;
    from = count + 1;
    out.fill(text[count - 1]!, at, at + text[count]!);
    at += text[count]!;
  }
  out.set(text.subarray(from), at);
  return out;
}
