/**
 * A pickle machine, protocols 2 to 5, that fills a tape and can do nothing else: an allow-list of globals, a bound on
 * everything, and an error with its byte for all that is wrong. Opcodes: CPython's Lib/pickletools.py.
 *
 * Here is the loop over the few opcodes that are the bulk of a file: numbers, texts, the memo, marks. It looks ahead to
 * the float behind a key, because learning curves are made of such pairs. All other opcodes, and those refused, are in
 * opcodes.ts; the bytes in window.ts; the memo in segments.ts; globals in globals.ts.
 */
import { runRareOpcode } from './opcodes.ts';
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

/** Room that is left on the tape and the stack before an opcode is run. */
const slack = 4;

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
    const { tape, segments, limits, window } = this;
    let { bytes, kind, num, a, b, count } = tape;
    let stack = this.stack;
    let depth = this.depth;
    let view = window.view;
    let position = window.position;
    let end = window.end;
    /** Where segments.beforeKey was asked last: the opcode there is looked at twice. */
    let keyAt = -1;
    /** Up to here an opcode and its argument are known to lie in the window, before `until`. */
    let safeEnd = 0;
    // An opcode pushes one value; with the ones looked ahead to, at most `slack`.
    let capacity = kind.length - slack;
    let stackCapacity = stack.length - slack;
    for (;;) {
      if (position >= safeEnd) {
        window.position = position;
        window.fill(padding);
        bytes = tape.bytes;
        view = window.view;
        position = window.position;
        end = window.end;
        if (window.base + position >= until) break;
        if (position >= end) throw window.truncated();
        // At the very end of the data, opcode by opcode.
        safeEnd = Math.min(Math.max(end - padding, position + 1), until - window.base);
      }
      if (count >= capacity) {
        if (count >= limits.values) throw limitError('values', limits.values, window.base + position);
        tape.growValues();
        ({ kind, num, a, b } = tape);
        capacity = kind.length - slack;
      }
      if (depth >= stackCapacity) {
        if (depth >= limits.stack) {
          throw limitError('values on its stack', limits.stack, window.base + position);
        }
        const larger = new Int32Array(stack.length * 2);
        larger.set(stack);
        stack = larger;
        this.stack = stack;
        stackCapacity = stack.length - slack;
      }
      const opcodeAt = position;
      const opcode = bytes[position++]!;
      let length: number;
      let textKind: number = kinds.text;
      switch (opcode) {
        case 0x47: // BINFLOAT
          kind[count] = kinds.float;
          num[count] = view.getFloat64(position);
          position += 8;
          stack[depth++] = count++;
          continue;
        case 0x4b: // BININT1
        case 0x4d: // BININT2
        case 0x4a: // BININT
          if (segments.mayEndAt(this.marks.length) && window.base + opcodeAt !== keyAt) {
            tape.count = count;
            this.depth = depth;
            window.position = opcodeAt;
            segments.beforeKey();
            count = tape.count;
            depth = this.depth;
            position = window.position;
            end = window.end;
            keyAt = window.base + position;
            safeEnd = 0;
            continue;
          }
          kind[count] = kinds.int;
          if (opcode === 0x4b) num[count] = bytes[position++]!;
          else if (opcode === 0x4d) {
            num[count] = view.getUint16(position, true);
            position += 2;
          } else {
            num[count] = view.getInt32(position, true);
            position += 4;
          }
          stack[depth++] = count++;
          // Curves are most of a file: number, float, number, float. The next round of the loop is spared.
          if (bytes[position] === 0x47 && position < safeEnd) {
            kind[count] = kinds.float;
            num[count] = view.getFloat64(position + 1);
            position += 9;
            stack[depth++] = count++;
          }
          continue;
        case 0x94: // MEMOIZE
        case 0x71: // BINPUT
        case 0x72: {
          // LONG_BINPUT
          let id = segments.memoNext;
          if (opcode === 0x71) id = bytes[position++]!;
          else if (opcode === 0x72) {
            id = view.getUint32(position, true);
            position += 4;
          }
          if (depth === 0) throw window.error('a memo entry of an empty stack', opcodeAt);
          const refused = segments.put(id, stack[depth - 1]!);
          if (refused !== null) throw window.error(refused, opcodeAt);
          continue;
        }
        case 0x68: // BINGET
        case 0x6a: {
          // LONG_BINGET
          let id = 0;
          if (opcode === 0x68) id = bytes[position++]!;
          else {
            id = view.getUint32(position, true);
            position += 4;
          }
          let ref = segments.get(id);
          if (ref === 0) {
            const there = segments.getDropped(id, window.base + opcodeAt);
            kind[count] = kinds.external;
            a[count] = tape.externals.push(there) - 1;
            ref = count++;
          }
          stack[depth++] = ref;
          continue;
        }
        case 0x28: // MARK
          if (this.marks.length >= limits.marks) {
            throw limitError('nested containers', limits.marks, window.base + opcodeAt);
          }
          segments.onMark(stack, depth, this.marks.length);
          this.marks.push(depth);
          continue;
        case 0x8c: // SHORT_BINUNICODE
          length = bytes[position]!;
          position += 1;
          break;
        case 0x58: // BINUNICODE
          length = view.getUint32(position, true);
          position += 4;
          break;
        case 0x8d: // BINUNICODE8
          length = window.length64(position, opcodeAt);
          position += 8;
          break;
        case 0x43: // SHORT_BINBYTES
        case 0x55: // SHORT_BINSTRING
          length = bytes[position]!;
          position += 1;
          textKind = kinds.bytes;
          break;
        case 0x42: // BINBYTES
        case 0x54: // BINSTRING
          length = view.getUint32(position, true);
          position += 4;
          textKind = kinds.bytes;
          break;
        case 0x8e: // BINBYTES8
        case 0x96: // BYTEARRAY8
          length = window.length64(position, opcodeAt);
          position += 8;
          textKind = kinds.bytes;
          break;
        default: {
          tape.count = count;
          this.depth = depth;
          window.position = position;
          this.opcodeAt = opcodeAt;
          if (runRareOpcode(this, opcode)) {
            this.marks.length = 0;
            this.depth = 0;
            if (window.position > window.end) throw window.truncated();
            return tape.node(this.stack[depth - 1]!);
          }
          count = tape.count;
          depth = this.depth;
          position = window.position;
          safeEnd = 0;
          continue;
        }
      }
      // Texts and bytes of every length come here.
      if (position + length > end) {
        if (window.base + position + length > window.source.size) {
          throw window.error(`a text of ${length} bytes, but the data ends before`, opcodeAt);
        }
        window.position = position;
        window.fill(length);
        bytes = tape.bytes;
        view = window.view;
        position = window.position;
        end = window.end;
        safeEnd = 0;
      }
      kind[count] = textKind;
      a[count] = position;
      b[count] = length;
      position += length;
      stack[depth++] = count++;
      // And so are text, memo, float.
      if (bytes[position] === 0x94 && position < safeEnd) {
        const refused = segments.put(segments.memoNext, count - 1);
        if (refused !== null) throw window.error(refused, position);
        position++;
        if (bytes[position] === 0x47 && position < safeEnd) {
          kind[count] = kinds.float;
          num[count] = view.getFloat64(position + 1);
          position += 9;
          stack[depth++] = count++;
        }
      }
    }
    tape.count = count;
    this.depth = depth;
    window.position = position;
    return tape.node(depth > 0 ? stack[depth - 1]! : 0);
  }
}
