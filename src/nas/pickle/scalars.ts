/** The opcodes that push one value that holds no others: constants, integers, texts, bytes, and what the memo has. */
import { type OpcodeMachine, pushValue, refusal } from './stack.ts';
import { kinds, Node } from './tape.ts';

/** NONE. */
export function pushNone(machine: OpcodeMachine): void {
  pushValue(machine, kinds.none);
}

/** NEWTRUE, NEWFALSE. */
export function pushBool(value: boolean): (machine: OpcodeMachine) => void {
  return (machine) => {
    machine.tape.num[pushValue(machine, kinds.bool)] = value ? 1 : 0;
  };
}

/** BININT1, BININT2, BININT: of 4 bytes with a sign. */
export function pushInteger(size: 1 | 2 | 4): (machine: OpcodeMachine) => void {
  return (machine) => {
    const { tape, window } = machine;
    const ref = pushValue(machine, kinds.int);
    tape.num[ref] = size === 4 ? window.view.getInt32(window.position, true) : readNumber(machine, size);
    if (size === 4) window.position += 4;
  };
}

/** LONG1, LONG4: a little-endian integer; up to 1 KB, where Python has no bound. */
export function pushLong(lengthSize: 1 | 4): (machine: OpcodeMachine) => void {
  return (machine) => {
    const { tape, window } = machine;
    const length = readNumber(machine, lengthSize);
    if (length > 1024) throw refusal(machine, `an integer of ${length} bytes`);
    if (window.position + length > window.end) window.fill(length);
    if (window.position + length > window.end) throw window.truncated();
    const ref = pushValue(machine, kinds.bigint);
    tape.a[ref] = window.position;
    tape.b[ref] = length;
    window.position += length;
    const value = new Node(tape, ref).bigint()!;
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      tape.kind[ref] = kinds.int;
      tape.num[ref] = Number(value);
    }
  };
}

/** BINUNICODE, BINBYTES and their like, of every length: the bytes stay where they are in the window. */
export function pushBytes(kind: number, lengthSize: 1 | 4 | 8): (machine: OpcodeMachine) => void {
  return (machine) => {
    const { tape, window } = machine;
    const length = readNumber(machine, lengthSize);
    if (window.position + length > window.end) {
      if (window.offset + length > window.source.size)
        throw refusal(machine, `a text of ${length} bytes, but the data ends before`);
      window.fill(length);
    }
    const ref = pushValue(machine, kind);
    tape.a[ref] = window.position;
    tape.b[ref] = length;
    window.position += length;
  };
}

/** BINPUT: the value on top gets a number. MEMOIZE and LONG_BINPUT are the loop's own. */
export function putMemo(machine: OpcodeMachine): void {
  const { segments, stack, depth } = machine;
  const id = readNumber(machine, 1);
  if (depth === 0) throw refusal(machine, 'a memo entry of an empty stack');
  const refused = segments.put(id, stack[depth - 1]!);
  if (refused !== null) throw refusal(machine, refused);
}

/** BINGET, LONG_BINGET. */
export function pushRemembered(idSize: 1 | 4): (machine: OpcodeMachine) => void {
  return (machine) => {
    const { tape, segments } = machine;
    const id = readNumber(machine, idSize);
    const ref = segments.get(id);
    if (ref !== 0) machine.stack[machine.depth++] = ref;
    else {
      const there = segments.getDropped(id, machine.opcodeOffset);
      tape.a[pushValue(machine, kinds.external)] = tape.externals.push(there) - 1;
    }
  };
}

/** An unsigned number of `size` bytes that an opcode takes; one of 8 cannot exceed the data. */
function readNumber({ window, opcodeAt }: OpcodeMachine, size: 1 | 2 | 4 | 8): number {
  const at = window.position;
  window.position += size;
  switch (size) {
    case 1:
      return window.view.getUint8(at);
    case 2:
      return window.view.getUint16(at, true);
    case 4:
      return window.view.getUint32(at, true);
    default:
      return window.length64(at, opcodeAt);
  }
}
