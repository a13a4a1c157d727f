/**
 * Which function runs which opcode of a pickle. An opcode that is not here, or is used as no pickler would, is refused by
 * name. Those of the bulk are here for what the loop in machine.ts leaves: a text that crosses the window, an entry's key.
 */
import { build, readGlobal, reduce, stackGlobal } from './calls.ts';
import { addItems, append, collectFromMark, collectTuple, pushEmpty, setItem } from './containers.ts';
import { checkFrame, checkProtocol, duplicate, openMark, pop, popToMark, stop } from './flow.ts';
import { pushBool, pushBytes, pushInteger, pushLong, pushNone, pushRemembered, putMemo } from './scalars.ts';
import { type OpcodeMachine, refusal } from './stack.ts';
import { kinds } from './tape.ts';

const opcodes: Readonly<Record<number, (machine: OpcodeMachine) => void>> = {
  40: openMark, // MARK
  41: pushEmpty(kinds.tuple), // EMPTY_TUPLE
  46: stop, // STOP
  48: pop, // POP
  49: popToMark, // POP_MARK
  50: duplicate, // DUP
  66: pushBytes(kinds.bytes, 4), // BINBYTES
  67: pushBytes(kinds.bytes, 1), // SHORT_BINBYTES
  74: pushInteger(4), // BININT
  75: pushInteger(1), // BININT1
  77: pushInteger(2), // BININT2
  78: pushNone, // NONE
  82: reduce, // REDUCE
  84: pushBytes(kinds.bytes, 4), // BINSTRING
  85: pushBytes(kinds.bytes, 1), // SHORT_BINSTRING
  88: pushBytes(kinds.text, 4), // BINUNICODE
  93: pushEmpty(kinds.list), // EMPTY_LIST
  97: append, // APPEND
  98: build, // BUILD
  99: readGlobal, // GLOBAL
  100: collectFromMark(kinds.dict), // DICT
  101: addItems(kinds.list), // APPENDS
  104: pushRemembered(1), // BINGET
  106: pushRemembered(4), // LONG_BINGET
  108: collectFromMark(kinds.list), // LIST
  113: putMemo, // BINPUT
  115: setItem, // SETITEM
  116: collectFromMark(kinds.tuple), // TUPLE
  117: addItems(kinds.dict), // SETITEMS
  125: pushEmpty(kinds.dict), // EMPTY_DICT
  128: checkProtocol, // PROTO
  133: collectTuple(1), // TUPLE1
  134: collectTuple(2), // TUPLE2
  135: collectTuple(3), // TUPLE3
  136: pushBool(true), // NEWTRUE
  137: pushBool(false), // NEWFALSE
  138: pushLong(1), // LONG1
  139: pushLong(4), // LONG4
  140: pushBytes(kinds.text, 1), // SHORT_BINUNICODE
  141: pushBytes(kinds.text, 8), // BINUNICODE8
  142: pushBytes(kinds.bytes, 8), // BINBYTES8
  143: pushEmpty(kinds.set), // EMPTY_SET
  144: addItems(kinds.set), // ADDITEMS
  145: collectFromMark(kinds.set), // FROZENSET
  147: stackGlobal, // STACK_GLOBAL
  149: checkFrame, // FRAME
  150: pushBytes(kinds.bytes, 8), // BYTEARRAY8
};

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

/** Runs the opcode at machine.opcodeAt, whose arguments the window comes to next. Returns true at the pickle's end. */
export function runOpcode(machine: OpcodeMachine, opcode: number): boolean {
  const run = opcodes[opcode];
  if (run === undefined) {
    const name = refusedOpcodes[opcode];
    throw refusal(
      machine,
      name
        ? `the pickle opcode ${name}, which no benchmark file needs, refused`
        : `0x${opcode.toString(16).padStart(2, '0')} is no pickle opcode`,
    );
  }
  run(machine);
  return run === stop;
}
