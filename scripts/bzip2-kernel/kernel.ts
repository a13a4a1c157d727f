// biome-ignore-all lint: AssemblyScript: other types, other operators
/**
 * The inner loops of the bzip2 decoder, in AssemblyScript: compiled by build.mjs to WebAssembly and committed as
 * src/nas/bench/bzip2-kernel.ts. Plain JavaScript takes 2.5 times as long, mostly in the move-to-front list, which is
 * shifted here 16 bytes at a time. No allocation and no bounds of its own: src/nas/bench/bzip2-memory.ts lays out
 * the memory, bzip2-block.ts checks what comes from the file.
 */

// Layout, the same in src/nas/bench/bzip2-memory.ts. Bytes.
const FRONT: usize = 1024; // 256: move-to-front list
const STATE: usize = 1536; // bits of the input consumed (readSymbols), or eight cursors (walk): u32
const MASKS: usize = 2048; // 16 × 16: mask k has lanes 0…k set
const HISTOGRAM: usize = 4096; // 256 × u32
const LIMIT: usize = 8192; // 6 × 32 × u32: one past the last code of a length
const BASE: usize = 9216; // 6 × 32 × i32: what to subtract from a code of a length
const PERMUTATION: usize = 10240; // 6 × 258 × u16
const LOOKUP: usize = 16384; // 6 × 2048 × u16: length << 12 | symbol; 0: a longer code
const SELECTORS: usize = 40960; // 18,002 × u8
const CRC: usize = 65536; // 8 × 256 × u32, filled by makeTables
const INPUT: usize = 73728;

const LOOKUP_BITS: u32 = 11;
const MAX_CODE_LENGTH: u32 = 20;
const GROUP_SIZE: u32 = 50;

export const ENDS_EARLY: i32 = -1;
export const TOO_LONG: i32 = -2;
export const NO_CODE: i32 = -3;
export const NO_END: i32 = -4;

function swap(word: u32): u32 {
  return rotl<u32>(word & 0xff00ff00, 8) | rotr<u32>(word & 0x00ff00ff, 8);
}

/**
 * Decodes a block's symbols to `text` and counts its bytes in HISTOGRAM. Bits are taken from INPUT (`inputLength`
 * bytes, then zeros), the first `skip` of them not. Returns the number of bytes, or what is wrong (negative). STATE
 * gets the number of input bits consumed, to the group of symbols where something is wrong.
 */
export function readSymbols(
  inputLength: u32,
  skip: u32,
  selectors: u32,
  endOfBlock: u32,
  limit: u32,
  text: usize,
): i32 {
  memory.fill(HISTOGRAM, 0, 1024);
  let position: usize = INPUT;
  const overrun: usize = INPUT + inputLength + 8;
  let bits: u64 = 0;
  let count: u32 = 0;
  let size: u32 = 0;
  let run: u32 = 0;
  let runBit: u32 = 1;
  // A whole word holds more than the 7 bits that may have to go.
  bits = (<u64>swap(load<u32>(position))) << 32;
  position += 4;
  bits <<= skip;
  count = 32 - skip;
  for (let group: u32 = 0; group < selectors; group++) {
    if (position > overrun) return ENDS_EARLY;
    // Where an error in this group is reported.
    store<u32>(STATE, <u32>(position - INPUT) * 8 - count);
    const table: u32 = load<u8>(SELECTORS + group);
    const lookup: usize = LOOKUP + ((<usize>table) << (LOOKUP_BITS + 1));
    for (let i: u32 = 0; i < GROUP_SIZE; i++) {
      if (count < 32) {
        bits |= (<u64>swap(load<u32>(position))) << (32 - count);
        position += 4;
        count += 32;
      }
      let symbol: u32;
      const entry: u32 = load<u16>(lookup + ((<usize>(bits >> (64 - LOOKUP_BITS))) << 1));
      if (entry != 0) {
        symbol = entry & 0xfff;
        bits <<= entry >> 12;
        count -= entry >> 12;
      } else {
        const row: usize = (<usize>table) << 7;
        let length: u32 = LOOKUP_BITS + 1;
        while (length <= MAX_CODE_LENGTH) {
          if (<u32>(bits >> (64 - length)) < load<u32>(LIMIT + row + (length << 2))) break;
          length++;
        }
        if (length > MAX_CODE_LENGTH) return NO_CODE;
        const index: u32 = <u32>(bits >> (64 - length)) - load<u32>(BASE + row + (length << 2));
        symbol = load<u16>(PERMUTATION + ((<usize>table * 258 + index) << 1));
        bits <<= length;
        count -= length;
      }
      if (symbol <= 1) {
        run += runBit << symbol;
        runBit <<= 1;
        if (run > limit) return TOO_LONG;
        continue;
      }
      if (run > 0) {
        if (size + run > limit) return TOO_LONG;
        const byte: u32 = load<u8>(FRONT);
        const slot: usize = HISTOGRAM + ((<usize>byte) << 2);
        store<u32>(slot, load<u32>(slot) + run);
        if (run < 16) {
          for (let k: u32 = 0; k < run; k++) store<u8>(text + size + k, <u8>byte);
        } else memory.fill(text + size, <u8>byte, run);
        size += run;
        run = 0;
        runBit = 1;
      }
      if (symbol == endOfBlock) {
        store<u32>(STATE, <u32>(position - INPUT) * 8 - count);
        return size;
      }
      if (size >= limit) return TOO_LONG;
      const at: usize = symbol - 1;
      const byte: u8 = load<u8>(FRONT + at);
      // Each 16 bytes move up by one; the byte that falls off enters the next 16. Above `at` all stays.
      const top: usize = FRONT + (at & ~15);
      let carry: v128 = i8x16.splat(byte);
      for (let block: usize = FRONT; block < top; block += 16) {
        const before: v128 = v128.load(block);
        v128.store(
          block,
          v128.shuffle<u8>(carry, before, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
        );
        carry = before;
      }
      const before: v128 = v128.load(top);
      const moved: v128 = v128.shuffle<u8>(
        carry,
        before,
        15,
        16,
        17,
        18,
        19,
        20,
        21,
        22,
        23,
        24,
        25,
        26,
        27,
        28,
        29,
        30,
      );
      v128.store(top, v128.bitselect(moved, before, v128.load(MASKS + ((at & 15) << 4))));
      const slot: usize = HISTOGRAM + ((<usize>byte) << 2);
      store<u32>(slot, load<u32>(slot) + 1);
      store<u8>(text + size, byte);
      size++;
    }
  }
  return NO_END;
}

/** Turns the transformed text into the chain: sorted position → position of the byte that follows << 8 | the byte. */
export function link(text: usize, size: u32, chain: usize): void {
  let sum: u32 = 0;
  for (let byte: usize = 0; byte < 256; byte++) {
    const n: u32 = load<u32>(HISTOGRAM + (byte << 2));
    store<u32>(HISTOGRAM + (byte << 2), sum);
    sum += n;
  }
  for (let i: u32 = 0; i < size; i++) {
    const byte: u32 = load<u8>(text + i);
    const slot: usize = HISTOGRAM + ((<usize>byte) << 2);
    const at: u32 = load<u32>(slot);
    store<u32>(slot, at + 1);
    store<u32>(chain + ((<usize>at) << 2), (i << 8) | byte);
  }
}

// The lanes, one block each: text, then its chain.
const LANE0: usize = 2424832;
const LANE: usize = 4521984;
const CHAIN: usize = 900096;

/**
 * Follows the chains of all eight lanes over bytes from…to of their texts, so that the processor waits for eight loads
 * at the same time. Cursors are in STATE. A lane without work has a cursor of 0 and a chain that stays there.
 */
export function walk(from: u32, to: u32): void {
  let a: u32 = load<u32>(STATE);
  let b: u32 = load<u32>(STATE, 4);
  let c: u32 = load<u32>(STATE, 8);
  let d: u32 = load<u32>(STATE, 12);
  let e: u32 = load<u32>(STATE, 16);
  let f: u32 = load<u32>(STATE, 20);
  let g: u32 = load<u32>(STATE, 24);
  let h: u32 = load<u32>(STATE, 28);
  for (let i: usize = from; i < to; i++) {
    store<u8>(i, <u8>a, LANE0);
    store<u8>(i, <u8>b, LANE0 + LANE);
    store<u8>(i, <u8>c, LANE0 + 2 * LANE);
    store<u8>(i, <u8>d, LANE0 + 3 * LANE);
    store<u8>(i, <u8>e, LANE0 + 4 * LANE);
    store<u8>(i, <u8>f, LANE0 + 5 * LANE);
    store<u8>(i, <u8>g, LANE0 + 6 * LANE);
    store<u8>(i, <u8>h, LANE0 + 7 * LANE);
    a = load<u32>(<usize>(a >> 8) << 2, LANE0 + CHAIN);
    b = load<u32>(<usize>(b >> 8) << 2, LANE0 + LANE + CHAIN);
    c = load<u32>(<usize>(c >> 8) << 2, LANE0 + 2 * LANE + CHAIN);
    d = load<u32>(<usize>(d >> 8) << 2, LANE0 + 3 * LANE + CHAIN);
    e = load<u32>(<usize>(e >> 8) << 2, LANE0 + 4 * LANE + CHAIN);
    f = load<u32>(<usize>(f >> 8) << 2, LANE0 + 5 * LANE + CHAIN);
    g = load<u32>(<usize>(g >> 8) << 2, LANE0 + 6 * LANE + CHAIN);
    h = load<u32>(<usize>(h >> 8) << 2, LANE0 + 7 * LANE + CHAIN);
  }
  store<u32>(STATE, a);
  store<u32>(STATE, b, 4);
  store<u32>(STATE, c, 8);
  store<u32>(STATE, d, 12);
  store<u32>(STATE, e, 16);
  store<u32>(STATE, f, 20);
  store<u32>(STATE, g, 24);
  store<u32>(STATE, h, 28);
}

/** Fills MASKS and CRC. Table k advances a byte by k more zero bytes; words have their bytes swapped, to be loaded as they lie. */
export function makeTables(): void {
  for (let mask: usize = 0; mask < 16; mask++) memory.fill(MASKS + mask * 16, 255, mask + 1);
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc: u32 = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80000000) != 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    store<u32>(CRC + (<usize>byte << 2), swap(crc));
  }
  for (let at: usize = 1024; at < 8192; at += 4) {
    const before: u32 = load<u32>(CRC + at - 1024);
    store<u32>(CRC + at, (before >> 8) ^ load<u32>(CRC + (<usize>(before & 255) << 2)));
  }
}

function crcOf(crc: u32, byte: u32): u32 {
  return (crc >> 8) ^ load<u32>(CRC + (<usize>((crc ^ byte) & 255) << 2));
}

/**
 * Finds the runs of the first run-length code (four equal bytes, then how many more) and takes the CRC-32 of what the
 * text expands to. Positions of the counts go to `runs`; returns how many. STATE gets the CRC and the expanded length.
 */
export function scan(text: usize, size: u32, runs: usize): u32 {
  let crc: u32 = 0xffffffff;
  let found: u32 = 0;
  let length: u32 = size;
  let from: u32 = 0; // where the text begins anew: behind the last count
  let i: u32 = 0;
  let pending: u32 = 0; // equal bytes before i, where the word there was looked at byte by byte
  while (i < size) {
    if (pending < 3 && i + 8 <= size) {
      const word: u64 = load<u64>(text + i);
      // Four equal bytes in two words: a pair lies inside each of them, or three bytes in the first.
      const pairs: u64 = (word ^ (word >> 8)) | 0xff00000000000000;
      if (((pairs - 0x0101010101010101) & ~pairs & 0x8080808080808080) == 0) {
        const low: u32 = <u32>word ^ crc;
        const high: u32 = <u32>(word >> 32);
        crc =
          load<u32>(CRC + (<usize>(low & 255) << 2), 7168) ^
          load<u32>(CRC + (<usize>((low >> 8) & 255) << 2), 6144) ^
          load<u32>(CRC + (<usize>((low >> 16) & 255) << 2), 5120) ^
          load<u32>(CRC + (<usize>(low >> 24) << 2), 4096) ^
          load<u32>(CRC + (<usize>(high & 255) << 2), 3072) ^
          load<u32>(CRC + (<usize>((high >> 8) & 255) << 2), 2048) ^
          load<u32>(CRC + (<usize>((high >> 16) & 255) << 2), 1024) ^
          load<u32>(CRC + (<usize>(high >> 24) << 2));
        i += 8;
        pending = 0;
        continue;
      }
    }
    const end: u32 = min<u32>(i + 8, size);
    let same: u32 = 0;
    if (i > from) {
      const last: u8 = load<u8>(text + i - 1);
      same = 1;
      while (same < 3 && i - same > from && load<u8>(text + i - same - 1) == last) same++;
    }
    for (; i < end; i++) {
      const byte: u8 = load<u8>(text + i);
      crc = crcOf(crc, byte);
      same = same > 0 && load<u8>(text + i - 1) == byte ? same + 1 : 1;
      if (same < 4) continue;
      same = 0;
      i += 2;
      from = i;
      store<u32>(runs + (<usize>found << 2), i - 1);
      found++;
      if (i > size) break;
      const count: u32 = load<u8>(text + i - 1);
      for (let k: u32 = 0; k < count; k++) crc = crcOf(crc, byte);
      length += count - 1;
      break;
    }
    pending = same;
  }
  store<u32>(STATE, swap(~crc));
  store<u32>(STATE, length, 4);
  return found;
}
