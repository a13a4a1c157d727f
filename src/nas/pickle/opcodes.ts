/**
 * The opcodes of a pickle that are not the bulk of a file: containers, constants, globals and their calls. Each acts on
 * the machine's stack and tape. An opcode that is not here, or is used as no pickler would, is refused by name.
 * Long because it has a case per opcode.
 */
import type { BenchFormatError } from '../../lib/format-error.ts';
import { call, dtypeState, globalId, globalName } from './globals.ts';
import type { Segments } from './segments.ts';
import type { MachineState } from './state.ts';
import { kinds, limitError, Node } from './tape.ts';

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

/** What an opcode acts on. */
type Running = MachineState & { readonly segments: Segments };

/** Runs the opcode at machine.opcodeAt, whose arguments the window comes to next. Returns true at the pickle's end. */
export function runRareOpcode(machine: Running, opcode: number): boolean {
  const { tape, window } = machine;
  switch (opcode) {
    case 0x80: {
      // PROTO
      const protocol = tape.bytes[window.position++]!;
      if (protocol < 2 || protocol > 5) throw refusal(machine, `pickle protocol ${protocol}`);
      return false;
    }
    case 0x95: {
      // FRAME
      const frame = window.length64(window.position, machine.opcodeAt);
      window.position += 8;
      if (window.offset + frame > window.source.size) {
        throw refusal(machine, `a frame of ${frame} bytes, but the data ends before`);
      }
      return false;
    }
    case 0x2e: // STOP
      need(machine, 1);
      machine.segments.atStop();
      return true;
    case 0x4e: // NONE
      push(machine, kinds.none);
      return false;
    case 0x88: // NEWTRUE
    case 0x89: // NEWFALSE
      tape.num[push(machine, kinds.bool)] = opcode === 0x88 ? 1 : 0;
      return false;
    case 0x8a: // LONG1
    case 0x8b: // LONG4
      pushLong(machine, opcode === 0x8a);
      return false;
    case 0x5d: // EMPTY_LIST
      push(machine, kinds.list);
      return false;
    case 0x29: // EMPTY_TUPLE
      push(machine, kinds.tuple);
      return false;
    case 0x7d: // EMPTY_DICT
      push(machine, kinds.dict);
      return false;
    case 0x8f: // EMPTY_SET
      push(machine, kinds.set);
      return false;
    case 0x61: // APPEND
      need(machine, 2);
      collect(machine, machine.stack[machine.depth - 2]!, machine.depth - 1, kinds.list);
      return false;
    case 0x73: // SETITEM
      need(machine, 3);
      if (machine.segments.atSetItems(machine.depth - 3, machine.depth - 2)) return false;
      collect(machine, machine.stack[machine.depth - 3]!, machine.depth - 2, kinds.dict);
      return false;
    case 0x65: // APPENDS
    case 0x75: // SETITEMS
    case 0x90: {
      // ADDITEMS
      const mark = popMark(machine);
      const floor = machine.marks.at(-1) ?? 0;
      if (mark <= floor) throw refusal(machine, 'items for nothing');
      if (opcode === 0x75 && machine.segments.atSetItems(mark - 1, mark)) return false;
      const kind = opcode === 0x65 ? kinds.list : opcode === 0x75 ? kinds.dict : kinds.set;
      collect(machine, machine.stack[mark - 1]!, mark, kind);
      return false;
    }
    case 0x74: // TUPLE
      collectNew(machine, kinds.tuple, popMark(machine));
      return false;
    case 0x6c: // LIST
      collectNew(machine, kinds.list, popMark(machine));
      return false;
    case 0x64: // DICT
      collectNew(machine, kinds.dict, popMark(machine));
      return false;
    case 0x91: // FROZENSET
      collectNew(machine, kinds.set, popMark(machine));
      return false;
    case 0x85: // TUPLE1
    case 0x86: // TUPLE2
    case 0x87: // TUPLE3
      need(machine, opcode - 0x84);
      collectNew(machine, kinds.tuple, machine.depth - (opcode - 0x84));
      return false;
    case 0x30: // POP
      if (machine.marks.at(-1) === machine.depth) machine.marks.pop();
      else {
        need(machine, 1);
        machine.depth--;
      }
      return false;
    case 0x31: // POP_MARK
      machine.depth = popMark(machine);
      return false;
    case 0x32: // DUP
      need(machine, 1);
      machine.stack[machine.depth] = machine.stack[machine.depth - 1]!;
      machine.depth++;
      return false;
    case 0x63: // GLOBAL
      pushGlobal(machine, `${readLine(machine)}.${readLine(machine)}`);
      return false;
    case 0x93: {
      // STACK_GLOBAL
      need(machine, 2);
      const name = tape.node(machine.stack[machine.depth - 1]!).text();
      const module = tape.node(machine.stack[machine.depth - 2]!).text();
      if (name === undefined || module === undefined) {
        throw refusal(machine, 'a global whose name is no text');
      }
      machine.depth -= 2;
      pushGlobal(machine, `${module}.${name}`);
      return false;
    }
    case 0x52: // REDUCE
      reduce(machine);
      return false;
    case 0x62: {
      // BUILD
      need(machine, 2);
      const state = tape.node(machine.stack[machine.depth - 1]!);
      const target = machine.stack[machine.depth - 2]!;
      if (tape.kind[target] !== kinds.dtype) {
        throw refusal(machine, 'state for something other than a numpy dtype');
      }
      const made = dtypeState(state);
      if (typeof made === 'string') throw refusal(machine, `${made}, refused`);
      tape.b[target] = made.bigEndian ? 1 : 0;
      machine.depth--;
      return false;
    }
    default: {
      const name = refusedOpcodes[opcode];
      throw refusal(
        machine,
        name
          ? `the pickle opcode ${name}, which no benchmark file needs, refused`
          : `0x${opcode.toString(16).padStart(2, '0')} is no pickle opcode`,
      );
    }
  }
}

/** LONG1, LONG4: a little-endian integer; up to 1 KB, where Python has no bound. */
function pushLong(machine: Running, short: boolean): void {
  const { tape, window } = machine;
  const length = short ? tape.bytes[window.position]! : window.view.getUint32(window.position, true);
  window.position += short ? 1 : 4;
  if (length > 1024) throw refusal(machine, `an integer of ${length} bytes`);
  const from = window.position;
  if (from + length > window.end) window.fill(length);
  if (window.position + length > window.end) throw window.truncated();
  window.position += length;
  const ref = push(machine, kinds.bigint);
  tape.a[ref] = window.position - length;
  tape.b[ref] = length;
  const value = new Node(tape, ref).bigint()!;
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
    tape.kind[ref] = kinds.int;
    tape.num[ref] = Number(value);
  }
}

function pushGlobal(machine: Running, name: string): void {
  const id = globalId(name);
  if (id < 0) {
    const printable = name.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
    throw refusal(machine, `the pickle wants ${printable}, which is not allowed`);
  }
  machine.tape.a[push(machine, kinds.global)] = id;
}

/** A line of a GLOBAL: ASCII up to a line feed, at most 100 characters. */
function readLine(machine: Running): string {
  const { tape, window } = machine;
  window.fill(101);
  const from = window.position;
  const to = tape.bytes.indexOf(0x0a, from);
  if (to < 0 || to > from + 100 || to >= window.end) {
    throw refusal(machine, 'a global without a name');
  }
  window.position = to + 1;
  return String.fromCharCode(...tape.bytes.subarray(from, to));
}

function reduce(machine: Running): void {
  need(machine, 2);
  const { tape } = machine;
  const args = tape.node(machine.stack[machine.depth - 1]!);
  const target = tape.node(machine.stack[machine.depth - 2]!);
  if (target.kind !== kinds.global || args.kind !== kinds.tuple) {
    throw refusal(machine, 'a call of something that is no allowed global');
  }
  const id = target.tape.a[target.ref]!;
  if (args.size > 4) throw refusal(machine, `${globalName(id)} with ${args.size} arguments`);
  const made = call(id, [...args.items()]);
  if (typeof made === 'string') throw refusal(machine, `${made}, refused`);
  machine.depth -= 2;
  switch (made.kind) {
    case 'number':
      tape.num[push(machine, made.float ? kinds.float : kinds.int)] = made.value;
      break;
    case 'bool':
      tape.num[push(machine, kinds.bool)] = made.value ? 1 : 0;
      break;
    case 'dtype': {
      const ref = push(machine, kinds.dtype);
      tape.a[ref] = made.element;
      tape.b[ref] = made.bigEndian ? 1 : 0;
      break;
    }
    case 'latin1': {
      if (made.text.tape !== tape) throw refusal(machine, '_codecs.encode of a dropped text');
      const ref = push(machine, kinds.latin1);
      tape.a[ref] = tape.a[made.text.ref]!;
      tape.b[ref] = tape.b[made.text.ref]!;
      break;
    }
    case 'dict':
      collectFrom(machine, push(machine, kinds.dict), made.pairs, true);
      break;
    case 'set':
      collectFrom(machine, push(machine, kinds.set), made.items ? [made.items] : [], false);
      break;
  }
}

/** Copies the items of `sources` (all on this tape) into a new container on top of the stack. */
function collectFrom(machine: Running, container: number, sources: readonly Node[], pairs: boolean): void {
  for (const source of sources) {
    if (source.tape !== machine.tape) throw refusal(machine, 'a call with dropped values');
    const refs = Int32Array.from(source.refs());
    if (machine.tape.itemCount + refs.length + 2 > machine.limits.items) {
      throw limitError('items', machine.limits.items, machine.opcodeOffset);
    }
    if (pairs && refs.length !== 2) throw refusal(machine, 'OrderedDict of something else than pairs');
    machine.tape.append(container, refs, 0, refs.length);
  }
}

/** Puts the stack's values from `from` on into a container of this kind; a dict takes pairs. */
function collect(machine: Running, container: number, from: number, kind: number): void {
  const { tape } = machine;
  const length = machine.depth - from;
  if (tape.kind[container] !== kind) {
    throw refusal(machine, 'items for something that takes none');
  }
  if (kind === kinds.dict && length % 2 !== 0) throw refusal(machine, 'a dict key without a value');
  if (tape.itemCount + length + 2 > machine.limits.items) {
    throw limitError('items', machine.limits.items, machine.opcodeOffset);
  }
  tape.append(container, machine.stack, from, machine.depth);
  machine.depth = from;
}

function collectNew(machine: Running, kind: number, from: number): void {
  const ref = machine.tape.count;
  const { stack } = machine;
  // The container takes the place of its first item, so its slot is made beside the stack.
  machine.tape.kind[ref] = kind;
  machine.tape.num[ref] = 0;
  machine.tape.a[ref] = 0;
  machine.tape.b[ref] = 0;
  machine.tape.count++;
  collect(machine, ref, from, kind);
  stack[machine.depth++] = ref;
}

function push(machine: Running, kind: number): number {
  const { tape } = machine;
  const ref = tape.count++;
  tape.kind[ref] = kind;
  tape.num[ref] = 0;
  tape.a[ref] = 0;
  tape.b[ref] = 0;
  machine.stack[machine.depth++] = ref;
  return ref;
}

/** Closes the topmost mark and returns its depth. */
function popMark(machine: Running): number {
  const mark = machine.marks.pop();
  if (mark === undefined || mark > machine.depth) throw refusal(machine, 'no mark on the stack');
  return mark;
}

function need(machine: Running, depth: number): void {
  const floor = machine.marks.at(-1) ?? 0;
  if (machine.depth - floor < depth) throw refusal(machine, 'too little on the stack');
}

/** What is wrong with the opcode now run. */
function refusal(machine: Running, reason: string): BenchFormatError {
  return machine.window.error(reason, machine.opcodeAt);
}
