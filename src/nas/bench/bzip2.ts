/**
 * A bzip2 decoder, its inner loops compiled (bzip2-memory.ts). Undoing the Burrows-Wheeler transform is a chain of
 * dependent loads, so one block alone waits for memory; eight blocks are walked together, whether they come from one
 * stream or from four files.
 * Format: https://en.wikipedia.org/wiki/Bzip2, checked against the bzip2 program and the stored CRCs.
 */

import { type Block, BlockReader } from './bzip2-block.ts';
import { decoderMemory, lanes } from './bzip2-memory.ts';
import { BenchFormatError } from './format-error.ts';

/** Refuse to unpack more than this from one file unless told otherwise. */
const defaultMaxOutput = 256 * 2 ** 20;

/** Unpacks one bzip2 file (one or more streams). Throws BenchFormatError with the byte offset in `input`. */
export function decompress(input: Uint8Array, maxOutput = defaultMaxOutput): Uint8Array {
  const [result] = decompressAll([input], maxOutput);
  if (result instanceof BenchFormatError) throw result;
  return result!;
}

/**
 * Unpacks several files together, which is about twice as fast a file as one by one. A file that is corrupt gives its
 * error in its place and does not hinder the others.
 */
export function decompressAll(
  inputs: readonly Uint8Array[],
  maxOutput = defaultMaxOutput,
): (Uint8Array | BenchFormatError)[] {
  const results: (Uint8Array | BenchFormatError)[] = new Array(inputs.length);
  const waiting = inputs.map((input, at) => ({ at, input })).reverse();
  let active: Stream[] = [];
  while (active.length > 0 || waiting.length > 0) {
    while (active.length < lanes && waiting.length > 0) {
      const { at, input } = waiting.pop()!;
      active.push({ at, reader: new BlockReader(input), chunks: [], length: 0 });
    }
    // Fill the lanes in turns: one block of each file, then second ones where lanes are left.
    const batch: { stream: Stream; block: Block }[] = [];
    for (let progress = true; progress && batch.length < lanes; ) {
      progress = false;
      for (const stream of active) {
        if (batch.length === lanes || results[stream.at] !== undefined || stream.ended) continue;
        const block = attempt(results, stream, () => stream.reader.next(batch.length));
        if (block) {
          batch.push({ stream, block });
          progress = true;
        } else stream.ended = true;
      }
    }
    decoderMemory().walk(batch.map(({ block }) => block));
    for (const { stream, block } of batch) {
      if (results[stream.at] !== undefined) continue;
      attempt(results, stream, () => {
        const bytes = expand(block, maxOutput - stream.length);
        stream.chunks.push(bytes);
        stream.length += bytes.length;
      });
    }
    for (const stream of active) {
      if (stream.ended && results[stream.at] === undefined) results[stream.at] = join(stream);
    }
    active = active.filter((stream) => !stream.ended && results[stream.at] === undefined);
  }
  return results;
}

interface Stream {
  /** Place in the results. */
  readonly at: number;
  readonly reader: BlockReader;
  readonly chunks: Uint8Array[];
  length: number;
  ended?: boolean;
}

/** Runs `read`; an error becomes the stream's result. Bugs pass through. */
function attempt<T>(
  results: (Uint8Array | BenchFormatError)[],
  stream: Stream,
  read: () => T,
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BenchFormatError)) throw error;
    results[stream.at] = error;
    return undefined;
  }
}

function join({ chunks, length }: Stream): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/**
 * CRC-32 with the high bit first, eight bytes at a time: table k advances a byte by k more zero bytes. Kept with its
 * bytes swapped, so that words can be loaded as they lie in memory.
 */
const crcTables = makeCrcTables();

function makeCrcTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    tables[byte] = swapBytes(crc);
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[(k - 1) * 256 + byte]!;
      tables[k * 256 + byte] = (before >>> 8) ^ tables[before & 255]!;
    }
  }
  return tables;
}

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** bzip2's CRC-32 of `bytes`. */
export function crc32(bytes: Uint8Array): number {
  const tables = crcTables;
  const whole = bytes.byteOffset % 4 === 0 ? bytes.length >> 3 : 0;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset - (bytes.byteOffset % 4), whole * 2);
  let crc = -1;
  for (let i = 0; i < whole * 2; i += 2) {
    const a = words[i]! ^ crc;
    const b = words[i + 1]!;
    crc =
      tables[1792 + (a & 255)]! ^
      tables[1536 + ((a >>> 8) & 255)]! ^
      tables[1280 + ((a >>> 16) & 255)]! ^
      tables[1024 + (a >>> 24)]! ^
      tables[768 + (b & 255)]! ^
      tables[512 + ((b >>> 8) & 255)]! ^
      tables[256 + ((b >>> 16) & 255)]! ^
      tables[b >>> 24]!;
  }
  for (let i = whole * 8; i < bytes.length; i++) crc = (crc >>> 8) ^ tables[(crc & 255) ^ bytes[i]!]!;
  return swapBytes(~crc) >>> 0;
}

/** Undoes the first run-length code (four equal bytes and a count) and checks the block's CRC. */
function expand(block: Block, maxOutput: number): Uint8Array {
  const { size } = block;
  const text = decoderMemory().text(block.lane, size);
  const runs = findRuns(text, size);
  let length = size;
  for (const count of runs) if (count < size) length += text[count]! - 1;
  if (length > maxOutput) {
    throw new BenchFormatError('the file unpacks to more than the limit, refused', block.offset, 'file');
  }
  const out = new Uint8Array(length);
  let from = 0;
  let at = 0;
  for (const count of runs) {
    out.set(text.subarray(from, count), at);
    at += count - from;
    from = count + 1;
    if (count >= size) break;
    out.fill(text[count - 1]!, at, at + text[count]!);
    at += text[count]!;
  }
  if (from < size) out.set(text.subarray(from, size), at);
  if (crc32(out) !== block.crc) {
    throw new BenchFormatError('the block checksum does not match', block.offset, 'file');
  }
  return out;
}

/** Positions of the counts behind four equal bytes. Of any four bytes in a row it looks at the middle pair only. */
function findRuns(text: Uint8Array, size: number): number[] {
  const counts: number[] = [];
  for (let i = 1; i + 2 < size; i += 2) {
    const byte = text[i]!;
    if (byte !== text[i + 1]) continue;
    const start = text[i - 1] === byte ? i - 1 : i;
    if (text[start + 2] === byte && text[start + 3] === byte && start + 3 < size) {
      counts.push(start + 4);
      // The text goes on behind the count; the next pair is one further, the step of the loop taken off.
      i = start + 4;
    }
  }
  return counts;
}
