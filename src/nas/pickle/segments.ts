/**
 * The memo of a pickle machine, and what lets it read a pickle of 4.7 GB in little memory: the entries of one dict are
 * handed out as they complete and then forgotten, values, bytes and memo alike.
 *
 * A later entry may still refer to a forgotten one by its memo number. Numbers rise through the file, so the number
 * tells which entry to read again; that is rare (a shared object is written once) and the last few are kept.
 */
import { BenchFormatError } from '../../lib/format-error.ts';
import type { MachineState } from './state.ts';
import { kinds, limitError, type Node } from './tape.ts';

export interface Entries {
  /** The dict's own key in the top-level dict, encoded. */
  readonly of: Uint8Array;
  /** Called for each entry. `value` is valid only during the call. `next`: where to resume behind it, if possible. */
  readonly onEntry: (key: number, value: Node, next: ResumePoint | null) => void;
  /** Go on behind an entry that an earlier run had come to. */
  readonly resume?: ResumePoint;
}

/** Enough to go on behind an entry: where the next begins, and where each one read so far did. */
export interface ResumePoint {
  readonly offset: number;
  readonly memoNext: number;
  /** Pairs of (first memo number, byte offset), ascending. */
  readonly starts: readonly number[];
}

/** A machine that reads a part of the source once more. */
export interface Rereading extends MachineState {
  readonly segments: Segments;
  run(until: number): Node;
}

/** Entries read again that stay at hand. */
const keptAgain = 8;
/** Chain of entries that refer to ever earlier ones. */
const maxChain = 20;

export class Segments {
  readonly #machine: MachineState;
  readonly #rereadFrom: (offset: number) => Rereading;
  readonly #entries: Entries | undefined;
  /** One above the highest memo number so far. */
  memoNext = 0;
  /** References by memo number: the permanent ones, then from `#permanentMemo` on those of the current entry. */
  #memo = new Int32Array(1024);
  #memoStart = 0;
  #permanentMemo = 0;

  /** How many marks are open where the entries' keys come; −1: not (yet) known. */
  #level = -1;
  #permanent: { values: number; items: number; bytes: number } | null = null;
  #starts: number[] = [];
  #again = new Map<number, Rereading>();
  #chain = 0;
  /** Looks up memo numbers below an entry that is read again. */
  #parent: Segments | null = null;

  /** `rereadFrom` gives a machine of its own that starts at a byte of the same source. */
  constructor(
    machine: MachineState,
    rereadFrom: (offset: number) => Rereading,
    entries: Entries | undefined,
  ) {
    this.#machine = machine;
    this.#rereadFrom = rereadFrom;
    this.#entries = entries;
  }

  /** Where in #memo a number's reference stands; −1: it belongs to an entry that was forgotten. */
  #slot(id: number): number {
    if (id >= this.#memoStart) return id - this.#memoStart + this.#permanentMemo;
    return id < this.#permanentMemo ? id : -1;
  }

  /** Remembers a value. Returns why not, where the file asks for something no pickler writes. */
  put(id: number, ref: number): string | null {
    // Picklers number upwards (from 0, Python 2's from 1); a jump would only cost memory.
    if (id > this.memoNext + 1) return `memo number ${id} after ${this.memoNext}`;
    const slot = this.#slot(id);
    if (slot < 0) return `memo number ${id} given twice`;
    if (slot >= this.#memo.length) {
      if (slot >= this.#machine.limits.memo)
        return `more than ${this.#machine.limits.memo} memo entries, refused`;
      const larger = new Int32Array(this.#memo.length * 2);
      larger.set(this.#memo);
      this.#memo = larger;
    }
    this.#memo[slot] = ref;
    if (id >= this.memoNext) this.memoNext = id + 1;
    return null;
  }

  /** The reference of a memo number; 0 where it is of a forgotten entry, or unknown. */
  get(id: number): number {
    const slot = this.#slot(id);
    return slot >= 0 && id < this.memoNext ? this.#memo[slot]! : 0;
  }

  /** A value of a forgotten entry, read again. Throws BenchFormatError for a number that was never given. */
  getDropped(id: number, offset: number): Node {
    const unknown = new BenchFormatError(`memo number ${id} was never given`, offset, 'unpacked');
    if (this.#slot(id) >= 0) throw unknown;
    if (this.#parent) return this.#parent.#find(id, offset, unknown);
    return this.#find(id, offset, unknown);
  }

  #find(id: number, offset: number, unknown: BenchFormatError): Node {
    if (id < this.#permanentMemo) return this.#machine.tape.node(this.#memo[id]!);
    let low = 0;
    let high = this.#starts.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle * 2]! <= id) low = middle;
      else high = middle - 1;
    }
    const start = this.#starts[low * 2 + 1];
    const end = this.#starts[low * 2 + 3];
    if (start === undefined || end === undefined) throw unknown;
    let machine = this.#again.get(low);
    if (machine) this.#again.delete(low);
    else {
      if (this.#chain >= maxChain) throw limitError('entries that refer to each other', maxChain, offset);
      machine = this.#rereadFrom(start);
      machine.segments.#parent = this;
      machine.segments.memoNext = this.#starts[low * 2]!;
      machine.segments.#memoStart = this.#starts[low * 2]!;
      this.#chain++;
      try {
        machine.run(end);
      } finally {
        this.#chain--;
      }
    }
    this.#again.set(low, machine);
    for (const oldest of this.#again.keys()) {
      if (this.#again.size <= keptAgain) break;
      this.#again.delete(oldest);
    }
    const ref = machine.segments.get(id);
    if (ref === 0) throw unknown;
    return machine.tape.node(ref);
  }

  /** Whether an integer pushed now, below so many marks, can be an entry's key. */
  mayEndAt(marks: number): boolean {
    return marks === this.#level;
  }

  /** Recognises the dict whose entries are wanted when its items begin: … 'arch2infos' {} MARK. */
  onMark(stack: Int32Array, depth: number, marks: number): void {
    if (this.#entries === undefined || marks !== 1 || depth < 2) return;
    const { tape } = this.#machine;
    if (tape.kind[stack[depth - 1]!] !== kinds.dict || !this.#isWanted(stack[depth - 2]!)) return;
    this.#level = marks + 1;
  }

  #isWanted(ref: number): boolean {
    const { tape } = this.#machine;
    const wanted = this.#entries!.of;
    if (tape.kind[ref] !== kinds.text || tape.b[ref] !== wanted.length) return false;
    const from = tape.a[ref]!;
    return wanted.every((byte, i) => tape.bytes[from + i] === byte);
  }

  /** An integer comes next and the machine stands on it: an entry may be complete, or the first begin. */
  beforeKey(): void {
    const machine = this.#machine;
    const frame = machine.depth - machine.marks.at(-1)!;
    if (frame === 0 && this.#permanent === null) {
      const resume = this.#entries!.resume;
      this.#permanent = {
        values: machine.tape.count,
        items: machine.tape.itemCount,
        bytes: machine.window.position,
      };
      this.#permanentMemo = this.memoNext;
      this.#memoStart = this.memoNext;
      if (resume) {
        this.memoNext = resume.memoNext;
        this.#starts = [...resume.starts];
        machine.window.seek(resume.offset, machine.window.position);
      }
      this.#begin();
    } else if (frame === 0) this.#begin();
    else if (frame === 2) {
      this.#handOut(machine.depth - 2, machine.offset);
      machine.depth -= 2;
      this.#begin();
    }
  }

  /** At SETITEM or SETITEMS into the wanted dict: the last entry is complete. True when it was handed out. */
  atSetItems(dict: number, from: number): boolean {
    const machine = this.#machine;
    if (this.#entries === undefined || machine.marks.length !== 1 || dict < 1) return false;
    if (machine.tape.kind[machine.stack[dict]!] !== kinds.dict || !this.#isWanted(machine.stack[dict - 1]!)) {
      return false;
    }
    const isBatch = this.#level >= 0;
    if (machine.depth - from === 2) this.#handOut(from, isBatch ? machine.opcodeOffset : null);
    else if (machine.depth !== from) {
      throw new BenchFormatError('an entry that is no pair of number and value', machine.offset, 'unpacked');
    }
    machine.depth = from;
    this.#level = -1;
    if (this.#permanent) {
      // The entry ends before this opcode; what follows is read from behind it.
      this.#starts.push(this.memoNext, machine.opcodeOffset, this.memoNext, machine.offset);
      this.#forget();
    }
    return true;
  }

  /** The next pickle of a file starts with an empty memo. */
  atStop(): void {
    if (this.#parent) return;
    this.memoNext = 0;
    this.#memoStart = 0;
    this.#permanentMemo = 0;
    this.#permanent = null;
    this.#starts = [];
    this.#again.clear();
    this.#memo.fill(0);
  }

  /** `resumeAt`: byte to go on from after this entry; null: an entry outside a batch, which is read anew. */
  #handOut(at: number, resumeAt: number | null): void {
    const machine = this.#machine;
    const { tape, stack } = machine;
    const key = tape.node(stack[at]!);
    const index = key.kind === kinds.int ? key.number() : undefined;
    if (index === undefined) {
      throw new BenchFormatError('an entry whose key is no number', machine.offset, 'unpacked');
    }
    const next =
      resumeAt === null ? null : { offset: resumeAt, memoNext: this.memoNext, starts: this.#starts };
    this.#entries!.onEntry(index, tape.node(stack[at + 1]!), next);
  }

  /** A new entry starts where the machine stands. */
  #begin(): void {
    this.#forget();
    this.#starts.push(this.memoNext, this.#machine.offset);
  }

  #forget(): void {
    const machine = this.#machine;
    const permanent = this.#permanent!;
    machine.tape.count = permanent.values;
    machine.tape.itemCount = permanent.items;
    machine.tape.externals = [];
    this.#memo.fill(0, this.#permanentMemo, this.memoNext - this.#memoStart + this.#permanentMemo);
    this.#memoStart = this.memoNext;
    // Moving what was read ahead costs time, so only when much has gone by.
    if (machine.window.position - permanent.bytes > 2 ** 21) machine.window.discard(permanent.bytes);
  }
}
