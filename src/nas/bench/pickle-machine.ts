/**
 * A pickle machine, protocols 2 to 5, that fills a tape and can do nothing else: an allow-list of globals
 * (pickle-globals.ts), a bound on everything, and an error with its byte for all that is wrong.
 * Opcodes: CPython's Lib/pickletools.py.
 */
import { BenchFormatError } from './format-error.ts';
import { call, dtypeState, globalId, globalName } from './pickle-globals.ts';
import { type Entries, Segments } from './pickle-segments.ts';
import { defaultLimits, kinds, type Limits, limitError, Node, Tape } from './pickle-tape.ts';

/** Bytes with random access: a file, a part of one, or memory. */
export interface ByteSource {
  readonly size: number;
  /** Reads into `target` from byte `at` on; returns how many bytes it got, 0 only at the end. */
  read(target: Uint8Array, at: number): number;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(target, at) {
      const part = bytes.subarray(at, at + target.length);
      target.set(part);
      return part.length;
    },
  };
}

export interface MachineOptions {
  readonly limits?: Limits;
  /** Hands out the entries of one dict as they complete, and forgets them (pickle-segments.ts). */
  readonly entries?: Entries;
  /** Byte of the source to start at. */
  readonly at?: number;
  /** To be overwritten: its arrays have the size that earlier files needed. */
  readonly tape?: Tape;
}

/** Reads the pickle at the start of `bytes`, onto `tape` if one is given to be used again. */
export function readPickle(bytes: Uint8Array, limits: Limits = defaultLimits, tape = new Tape()): Node {
  return new PickleMachine(memorySource(bytes), { limits, tape }).run();
}

/** Zeros behind the window's end, so that an argument can be read before it is known to be there. */
const padding = 16;
const firstWindow = 4 * 2 ** 20;
/** Room that is left on the tape and the stack before an opcode is run. */
const slack = 4;

/** Opcodes of text protocols 0 and 1 and others that no benchmark file has, for the message. */
const refusedOpcodes: Readonly<Record<number, string>> = {
  70: 'FLOAT',
  73: 'INT',
  76: 'LONG',
  80: 'PERSID (stored tensors)',
  81: 'BINPERSID (stored tensors)',
  83: 'STRING',
  86: 'UNICODE',
  103: 'GET',
  105: 'INST',
  111: 'OBJ',
  112: 'PUT',
  129: 'NEWOBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  146: 'NEWOBJ_EX',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

export class PickleMachine {
  readonly tape: Tape;
  readonly limits: Limits;
  readonly #source: ByteSource;
  readonly segments: Segments;

  /** The window is tape.bytes; `#end` valid bytes, of which the first stands at `#base` in the source. */
  #view = new DataView(new ArrayBuffer(0));
  #end = 0;
  #base: number;
  #position = 0;

  stack = new Int32Array(1024);
  depth = 0;
  /** Stack depths at which the open marks stand. */
  marks: number[] = [];
  #opcodeAt = 0;

  constructor(source: ByteSource, options: MachineOptions = {}) {
    this.#source = source;
    this.tape = options.tape ?? new Tape();
    this.tape.clear();
    this.limits = options.limits ?? defaultLimits;
    this.#base = options.at ?? 0;
    this.segments = new Segments(this, source, options.entries);
    this.#resize(Math.min(source.size - this.#base, firstWindow) + padding);
  }

  /** Byte of the source that comes next. */
  get offset(): number {
    return this.#base + this.#position;
  }

  /** Goes on at another byte of the source; nothing of the window may be in use behind `keep`. */
  seek(offset: number, keep: number): void {
    this.#base = offset - keep;
    this.#position = keep;
    this.#end = keep;
  }

  /** Byte of the source at which the opcode now run stands; only for those that are not the bulk of a file. */
  get opcodeOffset(): number {
    return this.#base + this.#opcodeAt;
  }

  /** Place in the window, for seek. */
  get windowPosition(): number {
    return this.#position;
  }

  /**
   * Runs to the end of the pickle, or to the byte `until`. Can be called again for the next pickle of the file.
   * Returns what the pickle holds. Throws BenchFormatError with the byte in the unpacked data.
   */
  run(until = Number.POSITIVE_INFINITY): Node {
    const { tape, segments, limits } = this;
    let { bytes, kind, num, a, b, count } = tape;
    let stack = this.stack;
    let depth = this.depth;
    let view = this.#view;
    let position = this.#position;
    let end = this.#end;
    /** Where segments.beforeKey was asked last: the opcode there is looked at twice. */
    let keyAt = -1;
    /** Up to here an opcode and its argument are known to lie in the window, before `until`. */
    let safeEnd = 0;
    // An opcode pushes one value; with the ones looked ahead to, at most `slack`.
    let capacity = kind.length - slack;
    let stackCapacity = stack.length - slack;
    for (;;) {
      if (position >= safeEnd) {
        this.#position = position;
        this.#fill(padding);
        bytes = tape.bytes;
        view = this.#view;
        position = this.#position;
        end = this.#end;
        if (this.#base + position >= until) break;
        if (position >= end) throw this.#truncated();
        // At the very end of the data, opcode by opcode.
        safeEnd = Math.min(Math.max(end - padding, position + 1), until - this.#base);
      }
      if (count >= capacity) {
        if (count >= limits.values) throw limitError('values', limits.values, this.#base + position);
        tape.growValues();
        ({ kind, num, a, b } = tape);
        capacity = kind.length - slack;
      }
      if (depth >= stackCapacity) {
        if (depth >= limits.stack) {
          throw limitError('values on its stack', limits.stack, this.#base + position);
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
          if (segments.mayEndAt(this.marks.length) && this.#base + opcodeAt !== keyAt) {
            tape.count = count;
            this.depth = depth;
            this.#position = opcodeAt;
            segments.beforeKey();
            count = tape.count;
            depth = this.depth;
            position = this.#position;
            end = this.#end;
            keyAt = this.#base + position;
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
          if (depth === 0) throw this.#error('a memo entry of an empty stack', opcodeAt);
          const refused = segments.put(id, stack[depth - 1]!);
          if (refused !== null) throw this.#error(refused, opcodeAt);
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
            const there = segments.getDropped(id, this.#base + opcodeAt);
            kind[count] = kinds.external;
            a[count] = tape.externals.push(there) - 1;
            ref = count++;
          }
          stack[depth++] = ref;
          continue;
        }
        case 0x28: // MARK
          if (this.marks.length >= limits.marks) {
            throw limitError('nested containers', limits.marks, this.#base + opcodeAt);
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
          length = this.#length64(view, position, opcodeAt);
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
          length = this.#length64(view, position, opcodeAt);
          position += 8;
          textKind = kinds.bytes;
          break;
        default: {
          tape.count = count;
          this.depth = depth;
          this.#position = position;
          this.#opcodeAt = opcodeAt;
          if (this.#rare(opcode)) {
            this.marks.length = 0;
            this.depth = 0;
            if (this.#position > this.#end) throw this.#truncated();
            return tape.node(this.stack[depth - 1]!);
          }
          count = tape.count;
          depth = this.depth;
          position = this.#position;
          safeEnd = 0;
          continue;
        }
      }
      // Texts and bytes of every length come here.
      if (position + length > end) {
        if (this.#base + position + length > this.#source.size) {
          throw this.#error(`a text of ${length} bytes, but the data ends before`, opcodeAt);
        }
        this.#position = position;
        this.#fill(length);
        bytes = tape.bytes;
        view = this.#view;
        position = this.#position;
        end = this.#end;
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
        if (refused !== null) throw this.#error(refused, position);
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
    this.#position = position;
    return tape.node(depth > 0 ? stack[depth - 1]! : 0);
  }

  #error(reason: string, position: number): BenchFormatError {
    return new BenchFormatError(reason, this.#base + position, 'unpacked');
  }

  #truncated(): BenchFormatError {
    return new BenchFormatError('the pickle ends too early', this.#source.size, 'unpacked');
  }

  /** A 64-bit length, refused where it cannot be true. */
  #length64(view: DataView, position: number, opcodeAt: number): number {
    const length = view.getBigUint64(position, true);
    if (length > BigInt(this.#source.size)) {
      throw this.#error(`a length of ${length} bytes in data of ${this.#source.size}`, opcodeAt);
    }
    return Number(length);
  }

  #resize(size: number): void {
    const { bytes } = this.tape;
    if (bytes.length >= size && this.#end === 0) {
      this.#view = new DataView(bytes.buffer);
      return;
    }
    const larger = new Uint8Array(size);
    larger.set(this.tape.bytes.subarray(0, this.#end));
    this.tape.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  /** Reads on until `wanted` bytes lie ahead or the source ends. */
  #fill(wanted: number): void {
    if (this.#end - this.#position >= wanted) return;
    while (this.#end - this.#position < wanted) {
      const left = this.#source.size - this.#base - this.#end;
      if (left <= 0) break;
      const room = this.tape.bytes.length - padding - this.#end;
      if (room === 0) {
        if (this.#end >= this.limits.bytes) throw limitError('bytes at once', this.limits.bytes, this.offset);
        this.#resize(Math.min(this.#end * 2, this.#end + left, this.limits.bytes) + padding);
        continue;
      }
      const got = this.#source.read(
        this.tape.bytes.subarray(this.#end, this.#end + Math.min(room, left)),
        this.#base + this.#end,
      );
      if (got === 0) throw this.#truncated();
      this.#end += got;
    }
    // The window is reused, and a stale byte behind the end must not read as data.
    this.tape.bytes.fill(0, this.#end, this.#end + padding);
  }

  /** Moves what lies ahead to `to` in the window, over bytes that nothing refers to any more. */
  discard(to: number): void {
    this.tape.bytes.copyWithin(to, this.#position, this.#end);
    const by = this.#position - to;
    this.#base += by;
    this.#position -= by;
    this.#end -= by;
    this.tape.bytes.fill(0, this.#end, this.#end + padding);
  }

  #push(kind: number): number {
    const { tape } = this;
    const ref = tape.count++;
    tape.kind[ref] = kind;
    tape.num[ref] = 0;
    tape.a[ref] = 0;
    tape.b[ref] = 0;
    this.stack[this.depth++] = ref;
    return ref;
  }

  /** Closes the topmost mark and returns its depth. */
  #popMark(): number {
    const mark = this.marks.pop();
    if (mark === undefined || mark > this.depth) throw this.#error('no mark on the stack', this.#opcodeAt);
    return mark;
  }

  #need(depth: number): void {
    const floor = this.marks.at(-1) ?? 0;
    if (this.depth - floor < depth) throw this.#error('too little on the stack', this.#opcodeAt);
  }

  /** Puts the stack's values from `from` on into a container. */
  #collect(container: number, from: number, allowedKinds: readonly number[], pairs: boolean): void {
    const { tape } = this;
    const length = this.depth - from;
    if (!allowedKinds.includes(tape.kind[container]!)) {
      throw this.#error('items for something that takes none', this.#opcodeAt);
    }
    if (pairs && length % 2 !== 0) throw this.#error('a dict key without a value', this.#opcodeAt);
    if (tape.itemCount + length + 2 > this.limits.items) {
      throw limitError('items', this.limits.items, this.#base + this.#opcodeAt);
    }
    tape.append(container, this.stack, from, this.depth);
    this.depth = from;
  }

  #collectNew(kind: number, from: number): void {
    const ref = this.tape.count;
    const { stack } = this;
    // The container takes the place of its first item, so its slot is made beside the stack.
    this.tape.kind[ref] = kind;
    this.tape.num[ref] = 0;
    this.tape.a[ref] = 0;
    this.tape.b[ref] = 0;
    this.tape.count++;
    this.#collect(ref, from, [kind], kind === kinds.dict);
    stack[this.depth++] = ref;
  }

  /** Everything that is not the bulk of a file. Returns true at the pickle's end. */
  #rare(opcode: number): boolean {
    const { tape } = this;
    switch (opcode) {
      case 0x80: {
        // PROTO
        const protocol = tape.bytes[this.#position++]!;
        if (protocol < 2 || protocol > 5) throw this.#error(`pickle protocol ${protocol}`, this.#opcodeAt);
        return false;
      }
      case 0x95: {
        // FRAME
        const frame = this.#length64(this.#view, this.#position, this.#opcodeAt);
        this.#position += 8;
        if (this.offset + frame > this.#source.size) {
          throw this.#error(`a frame of ${frame} bytes, but the data ends before`, this.#opcodeAt);
        }
        return false;
      }
      case 0x2e: // STOP
        this.#need(1);
        this.segments.atStop();
        return true;
      case 0x4e: // NONE
        this.#push(kinds.none);
        return false;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        tape.num[this.#push(kinds.bool)] = opcode === 0x88 ? 1 : 0;
        return false;
      case 0x8a: // LONG1
      case 0x8b: // LONG4
        this.#long(opcode === 0x8a);
        return false;
      case 0x5d: // EMPTY_LIST
        this.#push(kinds.list);
        return false;
      case 0x29: // EMPTY_TUPLE
        this.#push(kinds.tuple);
        return false;
      case 0x7d: // EMPTY_DICT
        this.#push(kinds.dict);
        return false;
      case 0x8f: // EMPTY_SET
        this.#push(kinds.set);
        return false;
      case 0x61: // APPEND
        this.#need(2);
        this.#collect(this.stack[this.depth - 2]!, this.depth - 1, [kinds.list], false);
        return false;
      case 0x73: // SETITEM
        this.#need(3);
        if (this.segments.atSetItems(this.depth - 3, this.depth - 2)) return false;
        this.#collect(this.stack[this.depth - 3]!, this.depth - 2, [kinds.dict], true);
        return false;
      case 0x65: // APPENDS
      case 0x75: // SETITEMS
      case 0x90: {
        // ADDITEMS
        const mark = this.#popMark();
        const floor = this.marks.at(-1) ?? 0;
        if (mark <= floor) throw this.#error('items for nothing', this.#opcodeAt);
        if (opcode === 0x75 && this.segments.atSetItems(mark - 1, mark)) return false;
        const kind = opcode === 0x65 ? kinds.list : opcode === 0x75 ? kinds.dict : kinds.set;
        this.#collect(this.stack[mark - 1]!, mark, [kind], opcode === 0x75);
        return false;
      }
      case 0x74: // TUPLE
        this.#collectNew(kinds.tuple, this.#popMark());
        return false;
      case 0x6c: // LIST
        this.#collectNew(kinds.list, this.#popMark());
        return false;
      case 0x64: // DICT
        this.#collectNew(kinds.dict, this.#popMark());
        return false;
      case 0x91: // FROZENSET
        this.#collectNew(kinds.set, this.#popMark());
        return false;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#need(opcode - 0x84);
        this.#collectNew(kinds.tuple, this.depth - (opcode - 0x84));
        return false;
      case 0x30: // POP
        if (this.marks.at(-1) === this.depth) this.marks.pop();
        else {
          this.#need(1);
          this.depth--;
        }
        return false;
      case 0x31: // POP_MARK
        this.depth = this.#popMark();
        return false;
      case 0x32: // DUP
        this.#need(1);
        this.stack[this.depth] = this.stack[this.depth - 1]!;
        this.depth++;
        return false;
      case 0x63: // GLOBAL
        this.#global(`${this.#line()}.${this.#line()}`);
        return false;
      case 0x93: {
        // STACK_GLOBAL
        this.#need(2);
        const name = tape.node(this.stack[this.depth - 1]!).text();
        const module = tape.node(this.stack[this.depth - 2]!).text();
        if (name === undefined || module === undefined) {
          throw this.#error('a global whose name is no text', this.#opcodeAt);
        }
        this.depth -= 2;
        this.#global(`${module}.${name}`);
        return false;
      }
      case 0x52: // REDUCE
        this.#reduce();
        return false;
      case 0x62: {
        // BUILD
        this.#need(2);
        const state = tape.node(this.stack[this.depth - 1]!);
        const target = this.stack[this.depth - 2]!;
        if (tape.kind[target] !== kinds.dtype) {
          throw this.#error('state for something other than a numpy dtype', this.#opcodeAt);
        }
        const made = dtypeState(state);
        if (typeof made === 'string') throw this.#error(`${made}, refused`, this.#opcodeAt);
        tape.b[target] = made.bigEndian ? 1 : 0;
        this.depth--;
        return false;
      }
      default: {
        const name = refusedOpcodes[opcode];
        throw this.#error(
          name
            ? `the pickle opcode ${name}, which no benchmark file needs, refused`
            : `0x${opcode.toString(16).padStart(2, '0')} is no pickle opcode`,
          this.#opcodeAt,
        );
      }
    }
  }

  /** LONG1, LONG4: a little-endian integer; up to 1 KB, where Python has no bound. */
  #long(short: boolean): void {
    const { tape } = this;
    const length = short ? tape.bytes[this.#position]! : this.#view.getUint32(this.#position, true);
    this.#position += short ? 1 : 4;
    if (length > 1024) throw this.#error(`an integer of ${length} bytes`, this.#opcodeAt);
    const from = this.#position;
    if (from + length > this.#end) this.#fill(length);
    if (this.#position + length > this.#end) throw this.#truncated();
    this.#position += length;
    const ref = this.#push(kinds.bigint);
    tape.a[ref] = this.#position - length;
    tape.b[ref] = length;
    const value = new Node(tape, ref).bigint()!;
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      tape.kind[ref] = kinds.int;
      tape.num[ref] = Number(value);
    }
  }

  /** A line of a GLOBAL: ASCII up to a line feed, at most 100 characters. */
  #line(): string {
    this.#fill(101);
    const from = this.#position;
    const to = this.tape.bytes.indexOf(0x0a, from);
    if (to < 0 || to > from + 100 || to >= this.#end) {
      throw this.#error('a global without a name', this.#opcodeAt);
    }
    this.#position = to + 1;
    return String.fromCharCode(...this.tape.bytes.subarray(from, to));
  }

  #global(name: string): void {
    const id = globalId(name);
    if (id < 0) {
      const printable = name.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
      throw this.#error(`the pickle wants ${printable}, which is not allowed`, this.#opcodeAt);
    }
    this.tape.a[this.#push(kinds.global)] = id;
  }

  #reduce(): void {
    this.#need(2);
    const { tape } = this;
    const args = tape.node(this.stack[this.depth - 1]!);
    const target = tape.node(this.stack[this.depth - 2]!);
    if (target.kind !== kinds.global || args.kind !== kinds.tuple) {
      throw this.#error('a call of something that is no allowed global', this.#opcodeAt);
    }
    const id = target.tape.a[target.ref]!;
    if (args.size > 4) throw this.#error(`${globalName(id)} with ${args.size} arguments`, this.#opcodeAt);
    const made = call(id, [...args.items()]);
    if (typeof made === 'string') throw this.#error(`${made}, refused`, this.#opcodeAt);
    this.depth -= 2;
    switch (made.kind) {
      case 'number':
        tape.num[this.#push(made.float ? kinds.float : kinds.int)] = made.value;
        break;
      case 'bool':
        tape.num[this.#push(kinds.bool)] = made.value ? 1 : 0;
        break;
      case 'dtype': {
        const ref = this.#push(kinds.dtype);
        tape.a[ref] = made.element;
        tape.b[ref] = made.bigEndian ? 1 : 0;
        break;
      }
      case 'latin1': {
        if (made.text.tape !== tape) throw this.#error('_codecs.encode of a dropped text', this.#opcodeAt);
        const ref = this.#push(kinds.latin1);
        tape.a[ref] = tape.a[made.text.ref]!;
        tape.b[ref] = tape.b[made.text.ref]!;
        break;
      }
      case 'dict':
        this.#fillFrom(this.#push(kinds.dict), made.pairs, true);
        break;
      case 'set':
        this.#fillFrom(this.#push(kinds.set), made.items ? [made.items] : [], false);
        break;
    }
  }

  /** Copies the items of `sources` (all on this tape) into a new container on top of the stack. */
  #fillFrom(container: number, sources: readonly Node[], pairs: boolean): void {
    for (const source of sources) {
      if (source.tape !== this.tape) throw this.#error('a call with dropped values', this.#opcodeAt);
      const refs = Int32Array.from(source.refs());
      if (this.tape.itemCount + refs.length + 2 > this.limits.items) {
        throw limitError('items', this.limits.items, this.#base + this.#opcodeAt);
      }
      if (pairs && refs.length !== 2)
        throw this.#error('OrderedDict of something else than pairs', this.#opcodeAt);
      this.tape.append(container, refs, 0, refs.length);
    }
  }
}
