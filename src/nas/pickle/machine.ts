/**
 * A pickle machine, protocols 2 to 5, that fills a tape and can do nothing else: an allow-list of globals, a bound on
 * everything, and an error with its byte for all that is wrong. Opcodes: CPython's Lib/pickletools.py.
 *
 * Here is the loop. The few opcodes that are the bulk of a file (numbers, short texts, the memo) it runs itself, with what
 * they need in local variables; all others, and these where they need more than that, are in the table of opcodes.ts. The
 * bytes are in window.ts, the memo in segments.ts, the allowed globals in globals.ts.
 */
import { runOpcode } from './opcodes.ts';
import { type Entries, Segments } from './segments.ts';
import type { MachineState } from './state.ts';
import { defaultLimits, kinds, type Limits, limitError, type Node, PickleTape } from './tape.ts';
import { type ByteSource, memorySource, PickleWindow, padding } from './window.ts';

export interface MachineOptions {
  readonly limits?: Limits;
  /** Hands out the entries of one dict as they complete, and forgets them (segments.ts). */
  readonly entries?: Entries;
  /** Byte of the source to start at. */
  readonly at?: number;
  /** To be overwritten: its arrays have the size that earlier files needed. */
  readonly tape?: PickleTape;
}

/** Reads the pickle at the start of `bytes`, onto `tape` if one is given to be used again. */
export function readPickle(bytes: Uint8Array, limits: Limits = defaultLimits, tape = new PickleTape()): Node {
  return new PickleMachine(memorySource(bytes), { limits, tape }).run();
}

/** Room that is left on the tape and the stack when an opcode is run: each pushes one value at most. */
const slack = 2;
/** No opcode: what the bulk needs is more room, or the next bytes of the file. */
const none = -1;

export class PickleMachine implements MachineState {
  readonly tape: PickleTape;
  readonly limits: Limits;
  readonly window: PickleWindow;
  readonly segments: Segments;

  stack = new Int32Array(1024);
  depth = 0;
  /** Stack depths at which the open marks stand. */
  marks: number[] = [];
  /** Place in the window of the opcode now run; only for those that are not the bulk of a file. */
  opcodeAt = 0;
  /** Where segments.beforeKey was asked last: the opcode there is looked at twice. */
  #keyAt = -1;

  constructor(source: ByteSource, options: MachineOptions = {}) {
    this.tape = options.tape ?? new PickleTape();
    this.tape.clear();
    this.limits = options.limits ?? defaultLimits;
    this.window = new PickleWindow(source, this.tape, this.limits, options.at ?? 0);
    const { limits } = this;
    this.segments = new Segments(this, (at) => new PickleMachine(source, { limits, at }), options.entries);
  }

  /** Byte of the source that comes next. */
  get offset(): number {
    return this.window.offset;
  }

  /** Byte of the source at which the opcode now run stands. */
  get opcodeOffset(): number {
    return this.window.base + this.opcodeAt;
  }

  /**
   * Runs to the end of the pickle, or to the byte `until`. Can be called again for the next pickle of the file.
   * Returns what the pickle holds. Throws BenchFormatError with the byte in the unpacked data.
   */
  run(until = Number.POSITIVE_INFINITY): Node {
    const { tape, window } = this;
    for (;;) {
      window.fill(padding);
      if (window.offset >= until) return tape.node(this.depth > 0 ? this.stack[this.depth - 1]! : 0);
      if (window.position >= window.end) throw window.truncated();
      this.#makeRoom();
      const opcode = this.#runBulk(until);
      if (opcode === none || this.#endsEntry(opcode)) continue;
      this.opcodeAt = window.position++;
      if (runOpcode(this, opcode)) break;
    }
    if (window.position > window.end) throw window.truncated();
    const top = this.stack[this.depth - 1]!;
    this.marks.length = 0;
    this.depth = 0;
    return tape.node(top);
  }

  /**
   * Runs what lies in the window, up to the first opcode that is not of the bulk or needs more than it gives; that one it
   * returns, and the window stands on it.
   */
  #runBulk(until: number): number {
    const { tape, segments, window, stack } = this;
    const { bytes, kind, num, a, b } = tape;
    const { view, end } = window;
    let { position } = window;
    let { count } = tape;
    let { depth } = this;
    const safeEnd = this.#safeEnd(until);
    const [capacity, stackCapacity] = [kind.length - slack, stack.length - slack];
    const mayBeKey = segments.mayEndAt(this.marks.length);
    let next = none;
    while (next === none && position < safeEnd && count < capacity && depth < stackCapacity) {
      const opcode = bytes[position]!;
      switch (opcode) {
        case 0x94: // MEMOIZE and BINFLOAT, which are looked for behind all others: below
        case 0x47:
          break;
        case 0x4b: // BININT1
          next = mayBeKey ? opcode : none;
          if (mayBeKey) continue;
          kind[count] = kinds.int;
          num[count] = bytes[position + 1]!;
          position += 2;
          stack[depth++] = count++;
          break;
        case 0x72: // LONG_BINPUT
          this.#put(view.getUint32(position + 1, true), position, depth);
          position += 5;
          break;
        case 0x8c: // SHORT_BINUNICODE and BINUNICODE
        case 0x58: {
          const from = position + (opcode === 0x8c ? 2 : 5);
          const length = opcode === 0x8c ? bytes[position + 1]! : view.getUint32(position + 1, true);
          next = from + length > end ? opcode : none;
          if (next !== none) continue;
          kind[count] = kinds.text;
          a[count] = from;
          b[count] = length;
          position = from + length;
          stack[depth++] = count++;
          break;
        }
        default:
          next = opcode;
          continue;
      }
      // Curves are most of a file: key, memo, float, key, memo, float.
      if (bytes[position] === 0x94 && position < safeEnd) this.#put(segments.memoNext, position++, depth);
      if (bytes[position] === 0x47 && position < safeEnd) {
        kind[count] = kinds.float;
        num[count] = view.getFloat64(position + 1);
        position += 9;
        stack[depth++] = count++;
      }
    }
    tape.count = count;
    this.depth = depth;
    window.position = position;
    return next;
  }

  /** Before this an opcode and its argument lie in the window; at the very end of the data, one opcode. */
  #safeEnd(until: number): number {
    const { position, end, base } = this.window;
    return Math.min(Math.max(end - padding, position + 1), until - base);
  }

  /** Gives the value on top of the stack the number `id`; the opcode stands at `position`. */
  #put(id: number, position: number, depth: number): void {
    const { segments, window } = this;
    if (depth === 0) throw window.error('a memo entry of an empty stack', position);
    const refused = segments.put(id, this.stack[depth - 1]!);
    if (refused !== null) throw window.error(refused, position);
  }

  /** Asks about an integer that may be an entry's key: what is handed out there changes where the machine stands. */
  #endsEntry(opcode: number): boolean {
    const { segments, window } = this;
    if (!segments.mayEndAt(this.marks.length) || window.offset === this.#keyAt) return false;
    if (opcode !== 0x4b && opcode !== 0x4d && opcode !== 0x4a) return false;
    segments.beforeKey();
    this.#keyAt = window.offset;
    return true;
  }

  /** Room on the tape and the stack for the next opcode. */
  #makeRoom(): void {
    const { tape, limits, window } = this;
    if (tape.count >= tape.kind.length - slack) {
      if (tape.count >= limits.values) throw limitError('values', limits.values, window.offset);
      tape.growValues();
    }
    if (this.depth >= this.stack.length - slack) {
      if (this.depth >= limits.stack) throw limitError('values on its stack', limits.stack, window.offset);
      const larger = new Int32Array(this.stack.length * 2);
      larger.set(this.stack);
      this.stack = larger;
    }
  }
}
