// biome-ignore-all lint: AssemblyScript: other types, other operators
/**
 * The inner loops of the bzip2 decoder, in AssemblyScript: compiled by build.mjs to WebAssembly and committed as
 * src/nas/bzip2/kernel.ts. WebAssembly moves the move-to-front list and looks for runs 16 bytes at a time, which
 * plain JavaScript cannot. No allocation and no bounds of its own: src/nas/bzip2/memory.ts lays out
 * the memory, bzip2-block.ts checks what comes from the file.
 */

// Layout, the same in src/nas/bzip2/memory.ts. Bytes.
const FRONT: usize = 1024; // 256: move-to-front list
const STATE: usize = 1536; // u32: bits of the input consumed (readSymbols), starts of the lanes (walk), CRC and length (scan)
const MASKS: usize = 2048; // 256 × 255, then 256 × 0
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

/** The last byte of `low`, then all but the last of `high`. */
// @ts-ignore: decorator
@inline
function up(low: v128, high: v128): v128 {
  return v128.shuffle<u8>(low, high, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/** Moves 16 bytes of the list up as far as the mask says; `low` is what was before them. Returns what they were. */
// @ts-ignore: decorator
@inline
function moveUp(at: usize, low: v128, mask: usize): v128 {
  const high: v128 = v128.load(FRONT + at);
  v128.store(FRONT + at, v128.bitselect(up(low, high), high, v128.load(mask + at)));
  return high;
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
      // The run before this symbol, of no bytes most of the time: without a branch, which would be guessed wrong.
      const front: u32 = load<u8>(FRONT);
      const frontSlot: usize = HISTOGRAM + ((<usize>front) << 2);
      store<u32>(frontSlot, load<u32>(frontSlot) + run);
      if (size + run > limit) return TOO_LONG;
      v128.store(text + size, i8x16.splat(<i8>front));
      if (run > 16) memory.fill(text + size + 16, <u8>front, run - 16);
      size += run;
      run = 0;
      runBit = 1;
      if (symbol == endOfBlock) {
        store<u32>(STATE, <u32>(position - INPUT) * 8 - count);
        return size;
      }
      if (size >= limit) return TOO_LONG;
      const at: usize = symbol - 1;
      const byte: u8 = load<u8>(FRONT + at);
      // What lies before it moves up by one, 16 bytes at a time; the byte that falls off enters the next 16.
      const carry: v128 = i8x16.splat(byte);
      const mask: usize = MASKS + 255 - at;
      const before: v128 = v128.load(FRONT);
      v128.store(FRONT, v128.bitselect(up(carry, before), before, v128.load(mask)));
      if (at >= 16) {
        // All of them, though many stay as they are: how many move is random, and guessing wrong costs more.
        let low: v128 = moveUp(16, before, mask);
        low = moveUp(32, low, mask);
        low = moveUp(48, low, mask);
        low = moveUp(64, low, mask);
        low = moveUp(80, low, mask);
        low = moveUp(96, low, mask);
        low = moveUp(112, low, mask);
        low = moveUp(128, low, mask);
        low = moveUp(144, low, mask);
        low = moveUp(160, low, mask);
        low = moveUp(176, low, mask);
        low = moveUp(192, low, mask);
        low = moveUp(208, low, mask);
        low = moveUp(224, low, mask);
        moveUp(240, low, mask);
      }
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

// Undoing the transform. Bytes.
const STARTS: usize = 2424832; // one for each start: where its piece begins, how long it is, the start behind it: 3 × u32
const STRIDE_BITS: u32 = 9;
const LANE: usize = 917504; // bytes from one lane's pieces to the next one's
const NONE: u32 = 0xffffffff;

let starts: u32 = 0;
let nextStart: u32 = 0;

/** Begins the piece of the next start at `out`. Returns the first entry of its chain, or NONE. */
function begin(lane: usize, out: usize, chain: usize): u32 {
  if (nextStart == starts) return NONE;
  const start: u32 = nextStart++;
  store<u32>(STATE + (lane << 2), start);
  store<u32>(STARTS + <usize>start * 12, <u32>out);
  return load<u32>(chain + ((<usize>start) << (STRIDE_BITS + 2)));
}

/** Ends the lane's piece before `out`; `entry` is its last one. Then as `begin`. */
function turn(lane: usize, out: usize, entry: u32, chain: usize): u32 {
  const at: usize = STARTS + <usize>load<u32>(STATE + (lane << 2)) * 12;
  store<u32>(at, <u32>out - load<u32>(at), 4);
  store<u32>(at, entry >> (8 + STRIDE_BITS), 8);
  return begin(lane, out, chain);
}

/** Follows one lane's chain to the end of its piece. */
function finish(lane: usize, out: usize, first: u32, chain: usize): void {
  let entry: u32 = first;
  while (entry != NONE) {
    store<u8>(out++, <u8>entry);
    if ((entry & MARK) == 0) entry = turn(lane, out, entry, chain);
    else entry = load<u32>(chain + ((<usize>(entry >> 8)) << 2));
  }
}

/** Zero in an entry whose following position is a start. */
const MARK: u32 = ((1 << STRIDE_BITS) - 1) << 8;

/**
 * Follows the chain from `origin` and writes the text over the transformed one. A chain is one load after the other,
 * each waiting for the one before it. But the positions are a permutation: whoever begins at any of them stays on the
 * same circle. So every 512th position is a start, eight starts are followed at a time, each until it meets another
 * start, and the pieces are put together in the order in which they met. (A text that repeats itself has several
 * circles; then the origin's is gone round again until the text is full.) `pieces`: room for eight lanes.
 */
export function walk(text: usize, size: u32, chain: usize, origin: u32, pieces: usize): void {
  nextStart = 0;
  starts = (size + (1 << STRIDE_BITS) - 1) >> STRIDE_BITS;
  let pa: usize = pieces;
  let pb: usize = pieces + LANE;
  let pc: usize = pieces + 2 * LANE;
  let pd: usize = pieces + 3 * LANE;
  let pe: usize = pieces + 4 * LANE;
  let pf: usize = pieces + 5 * LANE;
  let pg: usize = pieces + 6 * LANE;
  let ph: usize = pieces + 7 * LANE;
  let a: u32 = begin(0, pa, chain);
  let b: u32 = begin(1, pb, chain);
  let c: u32 = begin(2, pc, chain);
  let d: u32 = begin(3, pd, chain);
  let e: u32 = begin(4, pe, chain);
  let f: u32 = begin(5, pf, chain);
  let g: u32 = begin(6, pg, chain);
  let h: u32 = begin(7, ph, chain);
  while (h != NONE) {
    store<u8>(pa++, <u8>a);
    if ((a & MARK) == 0) {
      a = turn(0, pa, a, chain);
      if (a == NONE) break;
    } else a = load<u32>(chain + ((<usize>(a >> 8)) << 2));
    store<u8>(pb++, <u8>b);
    if ((b & MARK) == 0) {
      b = turn(1, pb, b, chain);
      if (b == NONE) break;
    } else b = load<u32>(chain + ((<usize>(b >> 8)) << 2));
    store<u8>(pc++, <u8>c);
    if ((c & MARK) == 0) {
      c = turn(2, pc, c, chain);
      if (c == NONE) break;
    } else c = load<u32>(chain + ((<usize>(c >> 8)) << 2));
    store<u8>(pd++, <u8>d);
    if ((d & MARK) == 0) {
      d = turn(3, pd, d, chain);
      if (d == NONE) break;
    } else d = load<u32>(chain + ((<usize>(d >> 8)) << 2));
    store<u8>(pe++, <u8>e);
    if ((e & MARK) == 0) {
      e = turn(4, pe, e, chain);
      if (e == NONE) break;
    } else e = load<u32>(chain + ((<usize>(e >> 8)) << 2));
    store<u8>(pf++, <u8>f);
    if ((f & MARK) == 0) {
      f = turn(5, pf, f, chain);
      if (f == NONE) break;
    } else f = load<u32>(chain + ((<usize>(f >> 8)) << 2));
    store<u8>(pg++, <u8>g);
    if ((g & MARK) == 0) {
      g = turn(6, pg, g, chain);
      if (g == NONE) break;
    } else g = load<u32>(chain + ((<usize>(g >> 8)) << 2));
    store<u8>(ph++, <u8>h);
    if ((h & MARK) == 0) {
      h = turn(7, ph, h, chain);
      if (h == NONE) break;
    } else h = load<u32>(chain + ((<usize>(h >> 8)) << 2));
  }
  finish(0, pa, a, chain);
  finish(1, pb, b, chain);
  finish(2, pc, c, chain);
  finish(3, pd, d, chain);
  finish(4, pe, e, chain);
  finish(5, pf, f, chain);
  finish(6, pg, g, chain);
  finish(7, ph, h, chain);

  // From the origin to the first start, then piece by piece.
  let out: usize = text;
  const end: usize = text + size;
  let entry: u32 = load<u32>(chain + ((<usize>origin) << 2));
  for (;;) {
    store<u8>(out++, <u8>entry);
    if (out == end) return;
    if ((entry & MARK) == 0) break;
    entry = load<u32>(chain + ((<usize>(entry >> 8)) << 2));
  }
  let start: usize = entry >> (8 + STRIDE_BITS);
  while (out < end) {
    const at: usize = STARTS + start * 12;
    const from: usize = load<u32>(at);
    const length: usize = min<usize>(load<u32>(at, 4), end - out);
    // Up to 15 bytes too many, which the next piece overwrites.
    for (let i: usize = 0; i < length; i += 16) v128.store(out + i, v128.load(from + i));
    out += length;
    start = load<u32>(at, 8);
  }
}

/** Fills MASKS and CRC. Table k advances a byte by k more zero bytes; words have their bytes swapped, to be loaded as they lie. */
export function makeTables(): void {
  memory.fill(MASKS, 255, 256);
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

/** The CRC register after `length` more bytes. */
function crcAfter(register: u32, from: usize, length: usize): u32 {
  let crc: u32 = register;
  let at: usize = from;
  const end: usize = from + length;
  for (; at + 8 <= end; at += 8) {
    const low: u32 = load<u32>(at) ^ crc;
    const high: u32 = load<u32>(at, 4);
    crc =
      load<u32>(CRC + (<usize>(low & 255) << 2), 7168) ^
      load<u32>(CRC + (<usize>((low >> 8) & 255) << 2), 6144) ^
      load<u32>(CRC + (<usize>((low >> 16) & 255) << 2), 5120) ^
      load<u32>(CRC + (<usize>(low >> 24) << 2), 4096) ^
      load<u32>(CRC + (<usize>(high & 255) << 2), 3072) ^
      load<u32>(CRC + (<usize>((high >> 8) & 255) << 2), 2048) ^
      load<u32>(CRC + (<usize>((high >> 16) & 255) << 2), 1024) ^
      load<u32>(CRC + (<usize>(high >> 24) << 2));
  }
  for (; at < end; at++) crc = crcOf(crc, load<u8>(at));
  return crc;
}

function crcOf(crc: u32, byte: u32): u32 {
  return (crc >> 8) ^ load<u32>(CRC + (<usize>((crc ^ byte) & 255) << 2));
}

/** Where the next four equal bytes begin, at `from` or behind it; `end` or more when there are none. */
function nextRun(from: usize, end: usize): usize {
  for (let at: usize = from; at + 3 < end; at += 14) {
    // Bit k: byte k equals the one behind it. What lies behind the end is read and not meant.
    const same: u32 = i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(at, 1)));
    const runs: u32 = same & (same >> 1) & (same >> 2);
    if (runs != 0) {
      const run: usize = at + ctz<u32>(runs);
      return run + 3 < end ? run : end;
    }
  }
  return end;
}

/**
 * Finds the runs of the first run-length code (four equal bytes, then how many more) and takes the CRC-32 of what the
 * text expands to. Positions of the counts go to `runs`; returns how many. STATE gets the CRC and the expanded length.
 */
export function scan(text: usize, size: u32, runs: usize): u32 {
  const end: usize = text + size;
  let crc: u32 = 0xffffffff;
  let found: u32 = 0;
  let length: u32 = size;
  let from: usize = text; // where the text begins anew: behind the last count
  while (from < end) {
    const run: usize = nextRun(from, end);
    const stop: usize = min<usize>(run + 4, end);
    crc = crcAfter(crc, from, stop - from);
    if (run >= end) break;
    store<u32>(runs + (<usize>found << 2), <u32>(stop - text));
    found++;
    // A block that ends on four equal bytes has no count.
    if (stop == end) break;
    const count: u32 = load<u8>(stop);
    const byte: u32 = load<u8>(run);
    for (let k: u32 = 0; k < count; k++) crc = crcOf(crc, byte);
    length += count - 1;
    from = stop + 1;
  }
  store<u32>(STATE, swap(~crc));
  store<u32>(STATE, length, 4);
  return found;
}
