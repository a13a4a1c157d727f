/** The memory of the bzip2 decoder and the compiled loops that work in it (scripts/kernels/bzip2.ts). */
import { loadKernel, newMemory } from '../../lib/webassembly.ts';
import { kernel } from './kernel.ts';

/** A block of 900,000 bytes has at most so many groups of symbols. */
export const maxSelectors = 18_002;

/** Where pieces of the text start; the text of 900,000 bytes, its chain of as many words, its pieces in eight lanes. */
const starts = 37 * 65_536;
const text = starts + 65_536;
const chain = text + 14 * 65_536;
const pieces = chain + 55 * 65_536;
const end = pieces + 8 * 14 * 65_536;

/** Byte addresses, the same in the kernel. */
export const places = {
  front: 1024,
  state: 1536,
  limit: 8192,
  base: 9216,
  permutation: 10_240,
  lookup: 16_384,
  selectors: 40_960,
  input: 73_728,
  /** More than the symbols of any one block can take: maxSelectors × 50 codes of 20 bits. */
  inputMax: starts - 73_728 - 1024,
} as const;

/** What readSymbols returns in place of a size. */
export const failures = { endsEarly: -1, tooLong: -2, noCode: -3 } as const;

/** What scripts/kernels/bzip2.ts exports. */
interface Kernel {
  readSymbols(
    inputLength: number,
    skip: number,
    selectors: number,
    endOfBlock: number,
    limit: number,
    text: number,
  ): number;
  link(text: number, size: number, chain: number): void;
  walk(text: number, size: number, chain: number, origin: number, pieces: number): void;
  scan(text: number, size: number, runs: number): number;
  makeTables(): void;
}

export class DecoderMemory {
  readonly bytes: Uint8Array;
  /** The same memory in 2 and 4 bytes. */
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  readonly #kernel: Kernel;

  constructor() {
    const memory = newMemory(end / 65_536);
    this.#kernel = loadKernel<Kernel>(kernel, memory);
    this.bytes = new Uint8Array(memory.buffer);
    this.halves = new Uint16Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.#kernel.makeTables();
  }

  /** The text of the block, valid until the next one. */
  text(size: number): Uint8Array {
    return this.bytes.subarray(text, text + size);
  }

  /** See the kernel. `input` is copied; selectors and tables lie in their places. */
  readSymbols(input: Uint8Array, skip: number, selectors: number, endOfBlock: number, limit: number): number {
    this.bytes.set(input, places.input);
    // Zeros behind the end, over what an earlier block left there.
    this.bytes.fill(0, places.input + input.length, places.input + input.length + 512);
    return this.#kernel.readSymbols(input.length, skip, selectors, endOfBlock, limit, text);
  }

  /** Undoes the transform of the text that readSymbols left. `origin` < size. */
  untransform(size: number, origin: number): void {
    this.#kernel.link(text, size, chain);
    this.#kernel.walk(text, size, chain, origin, pieces);
  }

  /**
   * After that: where the counts behind four equal bytes stand (a view, valid until the next block), the CRC-32 of
   * what the text expands to, and the length of that.
   */
  scan(size: number): { readonly runs: Uint32Array; readonly crc: number; readonly length: number } {
    // The chain is done with, and leaves room for more runs than the text can have.
    const found = this.#kernel.scan(text, size, chain);
    return {
      runs: this.words.subarray(chain / 4, chain / 4 + found),
      crc: this.words[places.state / 4]!,
      length: this.words[places.state / 4 + 1]!,
    };
  }
}

let shared: DecoderMemory | null = null;

/** The thread's decoder memory (13 MB), made when the first file is unpacked. */
export function decoderMemory(): DecoderMemory {
  shared ??= new DecoderMemory();
  return shared;
}
