/** The memory of the bzip2 decoder and the compiled loops that work in it (scripts/bzip2-kernel/kernel.ts). */
import { kernel } from './bzip2-kernel.ts';

/** The part of WebAssembly that is used; Node's types name the rest of it only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Blocks that can be in memory at the same time. */
export const lanes = 8;
/** A block of 900,000 bytes has at most so many groups of symbols. */
export const maxSelectors = 18_002;

const firstLane = 37 * 65_536;
/** Text of 900,000 bytes and a chain of as many words. */
const laneSize = 69 * 65_536;
const chainInLane = 900_096;

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
  inputMax: firstLane - 73_728 - 1024,
} as const;

/** What readSymbols returns in place of a size. */
export const failures = { endsEarly: -1, tooLong: -2, noCode: -3 } as const;

/** What scripts/bzip2-kernel/kernel.ts exports. */
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
  walk(from: number, to: number): void;
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
    const memory = new WebAssembly.Memory({ initial: (firstLane + lanes * laneSize) / 65_536 });
    const module = new WebAssembly.Module(Buffer.from(kernel, 'base64'));
    // The module is the project's own and committed beside its source.
    this.#kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernel;
    this.bytes = new Uint8Array(memory.buffer);
    this.halves = new Uint16Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.#kernel.makeTables();
  }

  /** A lane's text; valid until its next block. */
  text(lane: number, size: number): Uint8Array {
    const from = firstLane + lane * laneSize;
    return this.bytes.subarray(from, from + size);
  }

  /** See the kernel. `input` is copied; selectors and tables lie in their places. */
  readSymbols(
    input: Uint8Array,
    skip: number,
    selectors: number,
    endOfBlock: number,
    limit: number,
    lane: number,
  ): number {
    this.bytes.set(input, places.input);
    // Zeros behind the end, over what an earlier block left there.
    this.bytes.fill(0, places.input + input.length, places.input + input.length + 512);
    return this.#kernel.readSymbols(
      input.length,
      skip,
      selectors,
      endOfBlock,
      limit,
      firstLane + lane * laneSize,
    );
  }

  link(lane: number, size: number): void {
    const text = firstLane + lane * laneSize;
    this.#kernel.link(text, size, text + chainInLane);
  }

  /** Follows the chains of the blocks and leaves each text in place of the transformed one. */
  walk(blocks: readonly { readonly lane: number; readonly size: number; readonly origin: number }[]): void {
    const { words } = this;
    const cursor = (lane: number) => places.state / 4 + lane;
    const chain = (lane: number) => (firstLane + lane * laneSize + chainInLane) / 4;
    // A lane without a block, or that is at its end, stays at an entry that leads to itself; what it writes then lies
    // behind its text.
    const idle = (lane: number) => {
      words[cursor(lane)] = 0;
      words[chain(lane)] = 0;
    };
    const used = new Set(blocks.map(({ lane }) => lane));
    for (let lane = 0; lane < lanes; lane++) if (!used.has(lane)) idle(lane);
    for (const { lane, origin } of blocks) words[cursor(lane)] = words[chain(lane) + origin]!;
    let from = 0;
    for (const { lane, size } of [...blocks].sort((a, b) => a.size - b.size)) {
      this.#kernel.walk(from, size);
      idle(lane);
      from = size;
    }
  }

  /**
   * After the walk: where the counts behind four equal bytes stand (a view, valid until the next block), the CRC-32 of
   * what the text expands to, and the length of that.
   */
  scan(
    lane: number,
    size: number,
  ): { readonly runs: Uint32Array; readonly crc: number; readonly length: number } {
    const text = firstLane + lane * laneSize;
    // The chain is done with, and leaves room for more runs than the text can have.
    const runsAt = text + chainInLane;
    const found = this.#kernel.scan(text, size, runsAt);
    return {
      runs: this.words.subarray(runsAt / 4, runsAt / 4 + found),
      crc: this.words[places.state / 4]!,
      length: this.words[places.state / 4 + 1]!,
    };
  }
}

let shared: DecoderMemory | null = null;

/** The thread's decoder memory (39 MB), made when the first file is unpacked. */
export function decoderMemory(): DecoderMemory {
  shared ??= new DecoderMemory();
  return shared;
}
