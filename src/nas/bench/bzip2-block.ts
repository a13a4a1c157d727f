/** One bzip2 block: bits → Huffman codes → move-to-front → the table whose chain is the text (bzip2.ts walks it). */
import { BenchFormatError } from './format-error.ts';

/** What a block leaves for the walk. The arrays are reused from block to block. */
export interface Block {
  /** For each sorted position the next one, shifted left by 8, and the byte there. `size` entries are valid. */
  chain: Uint32Array;
  size: number;
  /** Where the chain starts. */
  origin: number;
  /** The transformed text, and after the walk the text itself (still run-length coded). */
  text: Uint8Array;
  /** As stored. */
  crc: number;
  /** Byte offset of the block's header in the file. */
  offset: number;
}

export function emptyBlock(): Block {
  return { chain: new Uint32Array(0), size: 0, origin: 0, text: new Uint8Array(0), crc: 0, offset: 0 };
}

const maxCodeLength = 20;
const groupSize = 50;
const maxTables = 6;
/** bzip2 writes at most this many selectors; a file may hold more, which are read and dropped. */
const maxSelectors = 18_002;
const alphabetMax = 258;
/** Codes up to this length are decoded with one look-up. */
const lookupBits = 11;
const padding = 512;

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

  readonly #selectors = new Uint8Array(maxSelectors);
  readonly #lengths = new Uint8Array(alphabetMax);
  /** Per table: look-up of lookupBits → length << 16 | symbol; 0: a longer code. */
  readonly #lookup = new Int32Array(maxTables << lookupBits);
  /** Per table and length, for codes beyond the look-up: last code of the length and what to subtract from a code. */
  readonly #limit = new Int32Array(maxTables * 32);
  readonly #base = new Int32Array(maxTables * 32);
  readonly #permutation = new Uint16Array(maxTables * alphabetMax);
  readonly #front = new Uint8Array(256);
  readonly #histogram = new Int32Array(256);

  constructor(input: Uint8Array) {
    // Zeros behind the end let the inner loops read ahead without a check at every bit.
    this.#input = new Uint8Array(input.length + padding);
    this.#input.set(input);
    this.#length = input.length;
  }

  /** Byte offset of the next unread bit. */
  get offset(): number {
    return Math.min(this.#length, this.#position - (this.#count >> 3));
  }

  /** Fills `block` with the next one and returns it; null at the end of the file. Throws BenchFormatError. */
  next(block: Block): Block | null {
    for (;;) {
      if (this.#blockLimit === 0 && !this.#readStreamHeader()) return null;
      const at = this.offset;
      const high = this.#read(24);
      const low = this.#read(24);
      if (high === 0x314159 && low === 0x265359) {
        block.offset = at;
        this.#readBlock(block);
        return block;
      }
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

  #read32(): number {
    return ((this.#read(16) << 16) | this.#read(16)) >>> 0;
  }

  #readBlock(block: Block): void {
    block.crc = this.#read32();
    this.#combinedCrc = (((this.#combinedCrc << 1) | (this.#combinedCrc >>> 31)) ^ block.crc) >>> 0;
    if (this.#read(1) === 1) {
      throw this.#error('a randomised block (bzip2 before 0.9.5), which is not supported', block.offset);
    }
    block.origin = this.#read(24);
    const limit = this.#blockLimit;
    const symbols = this.#readAlphabet(block);
    const selectors = this.#readSelectors(block);
    const tables = this.#tables;
    for (let table = 0; table < tables; table++) this.#readTable(table, symbols + 2, block);
    if (block.text.length < limit) {
      block.text = new Uint8Array(limit);
      block.chain = new Uint32Array(limit);
    }
    block.size = this.#readSymbols(block, selectors, symbols + 1, limit);
    if (block.origin >= block.size) throw this.#error('the block starts outside of itself', block.offset);
    link(block, this.#histogram);
  }

  #tables = 0;

  /** Bytes that occur, as the first state of the move-to-front list. Returns how many. */
  #readAlphabet(block: Block): number {
    const ranges = this.#read(16);
    let count = 0;
    for (let range = 0; range < 16; range++) {
      if (((ranges >> (15 - range)) & 1) === 0) continue;
      const present = this.#read(16);
      for (let bit = 0; bit < 16; bit++) {
        if ((present >> (15 - bit)) & 1) this.#front[count++] = range * 16 + bit;
      }
    }
    if (count === 0) throw this.#error('a block without symbols', block.offset);
    return count;
  }

  #readSelectors(block: Block): number {
    this.#tables = this.#read(3);
    if (this.#tables < 2 || this.#tables > maxTables) {
      throw this.#error(`${this.#tables} Huffman tables, where 2 to 6 are allowed`, block.offset);
    }
    const count = this.#read(15);
    if (count === 0) throw this.#error('a block without selectors', block.offset);
    const order = [0, 1, 2, 3, 4, 5];
    for (let i = 0; i < count; i++) {
      let at = 0;
      while (this.#read(1) === 1) {
        if (++at >= this.#tables) throw this.#error('a selector beyond the Huffman tables', this.offset);
      }
      const [table] = order.splice(at, 1);
      order.unshift(table!);
      if (i < maxSelectors) this.#selectors[i] = table!;
    }
    return Math.min(count, maxSelectors);
  }

  #readTable(table: number, symbols: number, block: Block): void {
    const lengths = this.#lengths;
    let length = this.#read(5);
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (;;) {
        if (length < 1 || length > maxCodeLength)
          throw this.#error('a Huffman code of no valid length', this.offset);
        if (this.#read(1) === 0) break;
        length += this.#read(1) === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    // Canonical codes: ascending by length, then by symbol.
    const lookup = this.#lookup;
    const start = table << lookupBits;
    lookup.fill(0, start, start + (1 << lookupBits));
    let code = 0;
    let index = 0;
    for (let bits = 1; bits <= maxCodeLength; bits++) {
      const firstCode = code;
      const firstIndex = index;
      for (let symbol = 0; symbol < symbols; symbol++) {
        if (lengths[symbol] !== bits) continue;
        this.#permutation[table * alphabetMax + index++] = symbol;
        if (code >= 1 << bits) throw this.#error('Huffman codes that do not fit together', block.offset);
        if (bits <= lookupBits) {
          const from = start + (code << (lookupBits - bits));
          lookup.fill((bits << 16) | symbol, from, from + (1 << (lookupBits - bits)));
        }
        code++;
      }
      this.#limit[table * 32 + bits] = code;
      this.#base[table * 32 + bits] = firstCode - firstIndex;
      code <<= 1;
    }
  }

  /** Decodes the block's symbols into block.text and counts bytes in the histogram. Returns the number of bytes. */
  #readSymbols(block: Block, selectors: number, endOfBlock: number, limit: number): number {
    const input = this.#input;
    const text = block.text;
    const front = this.#front;
    const lookup = this.#lookup;
    const histogram = this.#histogram.fill(0);
    const overrun = this.#length + 4;
    let position = this.#position;
    let bits = this.#bits;
    let count = this.#count;
    let size = 0;
    let run = 0;
    let runBit = 1;
    for (let group = 0; group < selectors; group++) {
      if (position > overrun) throw this.#error('the bzip2 data ends too early', this.#length);
      const table = this.#selectors[group]!;
      const start = table << lookupBits;
      for (let i = 0; i < groupSize; i++) {
        if (count <= 16) {
          bits |= ((input[position]! << 8) | input[position + 1]!) << (16 - count);
          position += 2;
          count += 16;
        }
        let symbol: number;
        const entry = lookup[start + (bits >>> (32 - lookupBits))]!;
        if (entry !== 0) {
          symbol = entry & 0xffff;
          bits <<= entry >> 16;
          count -= entry >> 16;
        } else {
          while (count <= 24) {
            bits |= input[position++]! << (24 - count);
            count += 8;
          }
          let length = lookupBits + 1;
          while (length <= maxCodeLength && bits >>> (32 - length) >= this.#limit[table * 32 + length]!)
            length++;
          if (length > maxCodeLength)
            throw this.#error('bits that are no Huffman code', position - (count >> 3));
          const index = (bits >>> (32 - length)) - this.#base[table * 32 + length]!;
          symbol = this.#permutation[table * alphabetMax + index]!;
          bits <<= length;
          count -= length;
        }
        if (symbol <= 1) {
          run += runBit << symbol;
          runBit <<= 1;
          if (run > limit) throw this.#error('a block longer than the stream allows', position);
          continue;
        }
        if (run > 0) {
          if (size + run > limit) throw this.#error('a block longer than the stream allows', position);
          const byte = front[0]!;
          histogram[byte]! += run;
          const end = size + run;
          while (size < end) text[size++] = byte;
          run = 0;
          runBit = 1;
        }
        if (symbol === endOfBlock) {
          this.#position = position;
          this.#bits = bits;
          this.#count = count;
          if (this.offset > this.#length || position - (count >> 3) > this.#length) {
            throw this.#error('the bzip2 data ends too early', this.#length);
          }
          return size;
        }
        if (size >= limit) throw this.#error('a block longer than the stream allows', position);
        let at = symbol - 1;
        const byte = front[at]!;
        for (; at > 0; at--) front[at] = front[at - 1]!;
        front[0] = byte;
        histogram[byte]!++;
        text[size++] = byte;
      }
    }
    throw this.#error('a block without an end', position);
  }
}

/** Turns the transformed text into the chain: sorted position → position of the byte that follows, and the byte. */
function link(block: Block, histogram: Int32Array): void {
  const { chain, text, size } = block;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const n = histogram[byte]!;
    histogram[byte] = sum;
    sum += n;
  }
  for (let i = 0; i < size; i++) {
    const byte = text[i]!;
    const at = histogram[byte]!;
    histogram[byte] = at + 1;
    chain[at] = (i << 8) | byte;
  }
}
