/** One bzip2 block: bits → Huffman codes → move-to-front → the text before its run lengths. */

import { BenchFormatError } from '../../lib/format-error.ts';
import { decoderMemory, failures, maxSelectors, places } from './memory.ts';

/** A block whose text lies in the decoder's memory. */
export interface Block {
  readonly size: number;
  /** As stored. */
  readonly crc: number;
  /** Byte offset of the block's header in the file. */
  readonly offset: number;
}

const maxCodeLength = 20;
const maxTables = 6;
const alphabetMax = 258;
/** Codes up to this length are decoded with one look-up. */
const lookupBits = 11;

/** Reads the blocks of one bzip2 file in order, through all its streams. */
export class BlockReader {
  readonly #input: Uint8Array;
  readonly #length: number;
  #position = 0;
  /** Unread bits, the next one highest, and how many. */
  #bits = 0;
  #count = 0;
  /** 0: a stream header comes next. */
  #blockLimit = 0;
  #combinedCrc = 0;
  #streams = 0;

  readonly #lengths = new Uint8Array(alphabetMax);
  readonly #memory = decoderMemory();

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#length = input.length;
  }

  /** Byte offset of the next unread bit. */
  get offset(): number {
    return Math.min(this.#length, this.#position - (this.#count >> 3));
  }

  /** Decodes the next block, over the one before; null at the end of the file. Throws BenchFormatError. */
  next(): Block | null {
    for (;;) {
      if (this.#blockLimit === 0 && !this.#readStreamHeader()) return null;
      const at = this.offset;
      const high = this.#read(24);
      const low = this.#read(24);
      if (high === 0x314159 && low === 0x265359) return this.#readBlock(at);
      if (high !== 0x177245 || low !== 0x385090) {
        throw this.#error('neither a bzip2 block nor the end of a stream', at);
      }
      const stored = this.#read32();
      if (stored !== this.#combinedCrc) throw this.#error('the stream checksum does not match', at);
      // Streams begin at whole bytes.
      const drop = this.#count & 7;
      this.#bits <<= drop;
      this.#count -= drop;
      this.#blockLimit = 0;
    }
  }

  #error(reason: string, offset: number): BenchFormatError {
    return new BenchFormatError(reason, offset, 'file');
  }

  #readStreamHeader(): boolean {
    const at = this.offset;
    if (this.#streams > 0 && at >= this.#length) return false;
    const magic = this.#read(24);
    const level = this.#read(8) - 0x30;
    if (magic !== 0x425a68 || level < 1 || level > 9) {
      throw this.#error(
        this.#streams === 0 ? 'not a bzip2 file' : 'rubbish after the end of a bzip2 stream',
        at,
      );
    }
    this.#streams++;
    this.#blockLimit = level * 100_000;
    this.#combinedCrc = 0;
    return true;
  }

  /** The next `n` ≤ 24 bits. */
  #read(n: number): number {
    while (this.#count < n) {
      if (this.#position >= this.#length) throw this.#error('the bzip2 data ends too early', this.#length);
      this.#bits |= this.#input[this.#position++]! << (24 - this.#count);
      this.#count += 8;
    }
    const value = this.#bits >>> (32 - n);
    this.#bits <<= n;
    this.#count -= n;
    return value;
  }

  /** The next bit: selectors and code lengths are thousands of single ones. */
  #bit(): number {
    if (this.#count === 0) {
      if (this.#position >= this.#length) return this.#read(1);
      this.#bits = this.#input[this.#position++]! << 24;
      this.#count = 8;
    }
    const bit = this.#bits >>> 31;
    this.#bits <<= 1;
    this.#count--;
    return bit;
  }

  #read32(): number {
    return ((this.#read(16) << 16) | this.#read(16)) >>> 0;
  }

  #readBlock(offset: number): Block {
    const crc = this.#read32();
    this.#combinedCrc = (((this.#combinedCrc << 1) | (this.#combinedCrc >>> 31)) ^ crc) >>> 0;
    if (this.#read(1) === 1) {
      throw this.#error('a randomised block (bzip2 before 0.9.5), which is not supported', offset);
    }
    const origin = this.#read(24);
    const alphabet = this.#readAlphabet(offset);
    const tables = this.#read(3);
    if (tables < 2 || tables > maxTables) {
      throw this.#error(`${tables} Huffman tables, where 2 to 6 are allowed`, offset);
    }
    const selectors = this.#readSelectors(tables, offset);
    for (let table = 0; table < tables; table++) this.#readTable(table, alphabet + 2, offset);
    const size = this.#readSymbols(selectors, alphabet + 1);
    if (origin >= size) throw this.#error('the block starts outside of itself', offset);
    this.#memory.untransform(size, origin);
    return { size, crc, offset };
  }

  /** Bytes that occur, as the first state of the move-to-front list. Returns how many. */
  #readAlphabet(offset: number): number {
    const ranges = this.#read(16);
    const { bytes } = this.#memory;
    let count = 0;
    for (let range = 0; range < 16; range++) {
      if (((ranges >> (15 - range)) & 1) === 0) continue;
      const present = this.#read(16);
      for (let bit = 0; bit < 16; bit++) {
        if ((present >> (15 - bit)) & 1) bytes[places.front + count++] = range * 16 + bit;
      }
    }
    if (count === 0) throw this.#error('a block without symbols', offset);
    return count;
  }

  #readSelectors(tables: number, offset: number): number {
    const count = this.#read(15);
    if (count === 0) throw this.#error('a block without selectors', offset);
    const { bytes } = this.#memory;
    const order = [0, 1, 2, 3, 4, 5];
    for (let i = 0; i < count; i++) {
      let at = 0;
      while (this.#bit() === 1) {
        if (++at >= tables) throw this.#error('a selector beyond the Huffman tables', this.offset);
      }
      const table = order[at]!;
      for (; at > 0; at--) order[at] = order[at - 1]!;
      order[0] = table;
      // A file may hold more than any block can use; those are read and dropped, as bzip2 does.
      if (i < maxSelectors) bytes[places.selectors + i] = table;
    }
    return Math.min(count, maxSelectors);
  }

  #readTable(table: number, symbols: number, offset: number): void {
    const lengths = this.#lengths;
    let length = this.#read(5);
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (;;) {
        if (length < 1 || length > maxCodeLength) {
          throw this.#error('a Huffman code of no valid length', this.offset);
        }
        if (this.#bit() === 0) break;
        length += this.#bit() === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    // Canonical codes: ascending by length, then by symbol.
    const { words, halves } = this.#memory;
    const start = places.lookup / 2 + (table << lookupBits);
    halves.fill(0, start, start + (1 << lookupBits));
    const permutation = places.permutation / 2 + table * alphabetMax;
    const counts = new Int32Array(maxCodeLength + 1);
    for (let symbol = 0; symbol < symbols; symbol++) counts[lengths[symbol]!]!++;
    /** By length: the next code, and its place in the permutation less the code. */
    const next = new Int32Array(maxCodeLength + 1);
    const placeLessCode = new Int32Array(maxCodeLength + 1);
    for (let bits = 1, code = 0, index = 0; bits <= maxCodeLength; bits++) {
      next[bits] = code;
      placeLessCode[bits] = index - code;
      code += counts[bits]!;
      index += counts[bits]!;
      if (code > 1 << bits) throw this.#error('Huffman codes that do not fit together', offset);
      words[places.limit / 4 + table * 32 + bits] = code;
      words[places.base / 4 + table * 32 + bits] = code - index;
      code <<= 1;
    }
    for (let symbol = 0; symbol < symbols; symbol++) {
      const bits = lengths[symbol]!;
      const code = next[bits]!++;
      halves[permutation + placeLessCode[bits]! + code] = symbol;
      if (bits > lookupBits) continue;
      const from = start + (code << (lookupBits - bits));
      const end = from + (1 << (lookupBits - bits));
      for (let at = from; at < end; at++) halves[at] = (bits << 12) | symbol;
    }
  }

  /** Decodes the block's symbols into the text, still transformed. Returns the number of bytes. */
  #readSymbols(selectors: number, endOfBlock: number): number {
    const { words } = this.#memory;
    const from = this.#position - (this.#count >> 3) - ((this.#count & 7) > 0 ? 1 : 0);
    const skip = (8 - (this.#count & 7)) & 7;
    const part = this.#input.subarray(from, from + places.inputMax);
    const size = this.#memory.readSymbols(part, skip, selectors, endOfBlock, this.#blockLimit);
    const consumed = words[places.state / 4]!;
    const at = Math.min(this.#length, from + (consumed >>> 3));
    if (size === failures.endsEarly || from * 8 + consumed > this.#length * 8) {
      throw this.#error('the bzip2 data ends too early', this.#length);
    }
    if (size === failures.tooLong) throw this.#error('a block longer than the stream allows', at);
    if (size === failures.noCode) throw this.#error('bits that are no Huffman code', at);
    if (size < 0) throw this.#error('a block without an end', at);
    this.#position = at;
    this.#bits = 0;
    this.#count = 0;
    if ((consumed & 7) > 0) this.#read(consumed & 7);
    return size;
  }
}
