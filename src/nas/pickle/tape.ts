/**
 * What a pickle holds, without a JavaScript object for each number: parallel arrays, one slot a value, and a Node to
 * look at one. A benchmark file has 36,000 values of which the table wants a few hundred, so nothing is built until
 * it is asked for, and the memory is in proportion to the file whatever the file says.
 */
import { BenchFormatError } from '../../lib/format-error.ts';

/** What a slot holds. `a`, `b`, `num` mean: */
export const kinds = {
  none: 1,
  /** num: 0 or 1 */
  bool: 2,
  /** num */
  int: 3,
  /** a, b: offset and length of the little-endian bytes of an integer beyond ±2^53 */
  bigint: 4,
  /** num */
  float: 5,
  /** a, b: offset and length in `bytes`, UTF-8 */
  text: 6,
  /** a, b: offset and length in `bytes` */
  bytes: 7,
  /** a, b: offset and length of UTF-8 whose code points are the bytes */
  latin1: 8,
  /** a, b: first and last chunk; num: how many items */
  list: 9,
  tuple: 10,
  set: 11,
  /** items are key, value, key, value; num counts both */
  dict: 12,
  /** a: place in the list of allowed globals */
  global: 13,
  /** a: element type, see globals.ts; b: 1 where the bytes are big-endian */
  dtype: 14,
  /** a: place in `externals`: a value on another tape */
  external: 15,
} as const;

/** Bounds on what one pickle may need. */
export interface Limits {
  readonly values: number;
  readonly items: number;
  readonly stack: number;
  readonly marks: number;
  readonly memo: number;
  /** Bytes that must be held at once. */
  readonly bytes: number;
}

/** Generous for the benchmark's files: they need 36,000 values and 330 KB, the list of architectures 31,000 and 1.6 MB. */
export const defaultLimits: Limits = {
  values: 2_000_000,
  items: 8_000_000,
  stack: 1_000_000,
  marks: 10_000,
  memo: 2_000_000,
  bytes: 64 * 2 ** 20,
};

export class PickleTape {
  bytes = new Uint8Array(0);
  kind = new Uint8Array(1024);
  num = new Float64Array(1024);
  a = new Int32Array(1024);
  b = new Int32Array(1024);
  /** Slot 0 stays empty: a reference of 0 is none. */
  count = 1;
  /** Chunks of containers: [next chunk, length, references…]; a chunk at 0 is none. */
  items = new Int32Array(4096);
  itemCount = 1;
  externals: Node[] = [];

  /** Forgets everything and keeps the room. */
  clear(): void {
    this.count = 1;
    this.itemCount = 1;
    this.externals = [];
  }

  growValues(): void {
    const size = this.kind.length * 2;
    this.kind = copyInto(new Uint8Array(size), this.kind);
    this.num = copyInto(new Float64Array(size), this.num);
    this.a = copyInto(new Int32Array(size), this.a);
    this.b = copyInto(new Int32Array(size), this.b);
  }

  /** Adds references behind a container's items. The caller has checked the limit. */
  append(container: number, refs: Int32Array, from: number, to: number): void {
    const length = to - from;
    if (length === 0) return;
    const chunk = this.itemCount;
    const end = chunk + 2 + length;
    if (end > this.items.length) {
      this.items = copyInto(new Int32Array(Math.max(end, this.items.length * 2)), this.items);
    }
    const items = this.items;
    items[chunk] = 0;
    items[chunk + 1] = length;
    for (let i = from, at = chunk + 2; i < to; i++, at++) items[at] = refs[i]!;
    if (this.a[container] === 0) this.a[container] = chunk;
    else items[this.b[container]!] = chunk;
    this.b[container] = chunk;
    this.num[container]! += length;
    this.itemCount = end;
  }

  node(ref: number): Node {
    return this.kind[ref] === kinds.external ? this.externals[this.a[ref]!]! : new Node(this, ref);
  }
}

function copyInto<T extends Uint8Array | Int32Array | Float64Array>(larger: T, from: T): T {
  larger.set(from as never);
  return larger;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A key to look up in a dict, encoded once. */
export type Key = Uint8Array | number;

export function key(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** One value on a tape. Valid until the machine that made it goes on. */
export class Node {
  readonly tape: PickleTape;
  readonly ref: number;
  constructor(tape: PickleTape, ref: number) {
    this.tape = tape;
    this.ref = ref;
  }

  get kind(): number {
    return this.tape.kind[this.ref]!;
  }

  /** An integer, float or bool as a number; undefined for anything else. */
  number(): number | undefined {
    const { kind } = this;
    return kind === kinds.float || kind === kinds.int || kind === kinds.bool
      ? this.tape.num[this.ref]
      : undefined;
  }

  /** A string; undefined for anything else, or for bytes that are no UTF-8. */
  text(): string | undefined {
    if (this.kind !== kinds.text) return undefined;
    const from = this.tape.a[this.ref]!;
    try {
      return decoder.decode(this.tape.bytes.subarray(from, from + this.tape.b[this.ref]!));
    } catch {
      return undefined;
    }
  }

  bigint(): bigint | undefined {
    if (this.kind === kinds.int) return BigInt(this.tape.num[this.ref]!);
    if (this.kind !== kinds.bigint) return undefined;
    const from = this.tape.a[this.ref]!;
    const length = this.tape.b[this.ref]!;
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.tape.bytes[from + i]!);
    return BigInt.asIntN(length * 8, value);
  }

  /** Raw bytes, copied; undefined for anything but bytes. */
  rawBytes(): Uint8Array | undefined {
    const from = this.tape.a[this.ref]!;
    const stored = this.tape.bytes.subarray(from, from + this.tape.b[this.ref]!);
    if (this.kind === kinds.bytes) return stored.slice();
    if (this.kind !== kinds.latin1) return undefined;
    return Uint8Array.from(decoder.decode(stored), (char) => char.charCodeAt(0));
  }

  /** A list, tuple, set or dict: of another kind `a` and `b` are no chunks. */
  get #holdsItems(): boolean {
    return this.kind >= kinds.list && this.kind <= kinds.dict;
  }

  /** References of a container's items, in order; of anything else none. */
  *refs(): Generator<number> {
    const { tape } = this;
    if (!this.#holdsItems) return;
    for (let chunk = tape.a[this.ref]!; chunk !== 0; chunk = tape.items[chunk]!) {
      const end = chunk + 2 + tape.items[chunk + 1]!;
      for (let at = chunk + 2; at < end; at++) yield tape.items[at]!;
    }
  }

  /** A container's items; of a dict key, value, key, value; of anything else none. */
  *items(): Generator<Node> {
    for (const ref of this.refs()) yield this.tape.node(ref);
  }

  /** How many items a container has (keys and values counted). */
  get size(): number {
    return this.#holdsItems ? this.tape.num[this.ref]! : 0;
  }

  /** The value of a key of this dict; the last one where a file repeats the key, as Python has it. */
  get(wanted: Key): Node | undefined {
    if (this.kind !== kinds.dict) return undefined;
    const { tape } = this;
    let found = 0;
    for (let chunk = tape.a[this.ref]!; chunk !== 0; chunk = tape.items[chunk]!) {
      const first = chunk + 2;
      for (let at = first + tape.items[chunk + 1]! - 2; at >= first; at -= 2) {
        if (matches(tape, tape.items[at]!, wanted)) {
          found = tape.items[at + 1]!;
          break;
        }
      }
    }
    return found === 0 ? undefined : tape.node(found);
  }
}

function matches(tape: PickleTape, ref: number, wanted: Key): boolean {
  if (tape.kind[ref] === kinds.external) {
    const there = tape.externals[tape.a[ref]!]!;
    return matches(there.tape, there.ref, wanted);
  }
  if (typeof wanted === 'number') return tape.kind[ref] === kinds.int && tape.num[ref] === wanted;
  if (tape.kind[ref] !== kinds.text || tape.b[ref] !== wanted.length) return false;
  const from = tape.a[ref]!;
  // The last bytes tell keys such as x-valid@198 and x-valid@199 apart first.
  for (let i = wanted.length - 1; i >= 0; i--) if (tape.bytes[from + i] !== wanted[i]) return false;
  return true;
}

export function limitError(what: string, limit: number, offset: number): BenchFormatError {
  return new BenchFormatError(`the pickle needs more than ${limit} ${what}, refused`, offset, 'unpacked');
}
