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

/** Undoes the first run-length code (four equal bytes and a count) and checks the block's CRC. */
function expand(block: Block, maxOutput: number): Uint8Array {
  const { size, lane } = block;
  const text = decoderMemory().text(lane, size);
  const { runs, crc, length } = decoderMemory().scan(lane, size);
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
