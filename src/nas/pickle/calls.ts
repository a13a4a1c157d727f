/** The opcodes that name a global and call it: only those of globals.ts, and nothing is looked up or run. */

import { collectCopies } from './containers.ts';
import { call, dtypeState, globalId, globalName, type Made } from './globals.ts';
import { need, type OpcodeMachine, pushValue, refusal } from './stack.ts';
import { kinds } from './tape.ts';

/** GLOBAL: module and name in two lines. */
export function readGlobal(machine: OpcodeMachine): void {
  pushGlobal(machine, `${readLine(machine)}.${readLine(machine)}`);
}

/** STACK_GLOBAL: module and name on the stack. */
export function stackGlobal(machine: OpcodeMachine): void {
  need(machine, 2);
  const { tape, stack, depth } = machine;
  const name = tape.node(stack[depth - 1]!).text();
  const module = tape.node(stack[depth - 2]!).text();
  if (name === undefined || module === undefined) throw refusal(machine, 'a global whose name is no text');
  machine.depth -= 2;
  pushGlobal(machine, `${module}.${name}`);
}

/** REDUCE: calls the global below a tuple of arguments. */
export function reduce(machine: OpcodeMachine): void {
  need(machine, 2);
  const { tape } = machine;
  const args = tape.node(machine.stack[machine.depth - 1]!);
  const target = tape.node(machine.stack[machine.depth - 2]!);
  if (target.kind !== kinds.global || args.kind !== kinds.tuple)
    throw refusal(machine, 'a call of something that is no allowed global');
  const id = target.tape.a[target.ref]!;
  if (args.size > 4) throw refusal(machine, `${globalName(id)} with ${args.size} arguments`);
  const made = call(id, [...args.items()]);
  if (typeof made === 'string') throw refusal(machine, `${made}, refused`);
  machine.depth -= 2;
  pushMade(machine, made);
}

/** BUILD: the state of a numpy dtype, and of nothing else. */
export function build(machine: OpcodeMachine): void {
  need(machine, 2);
  const { tape } = machine;
  const state = tape.node(machine.stack[machine.depth - 1]!);
  const target = machine.stack[machine.depth - 2]!;
  if (tape.kind[target] !== kinds.dtype)
    throw refusal(machine, 'state for something other than a numpy dtype');
  const made = dtypeState(state);
  if (typeof made === 'string') throw refusal(machine, `${made}, refused`);
  tape.b[target] = made.bigEndian ? 1 : 0;
  machine.depth--;
}

function pushMade(machine: OpcodeMachine, made: Made): void {
  const { tape } = machine;
  switch (made.kind) {
    case 'number':
      tape.num[pushValue(machine, made.float ? kinds.float : kinds.int)] = made.value;
      break;
    case 'bool':
      tape.num[pushValue(machine, kinds.bool)] = made.value ? 1 : 0;
      break;
    case 'dtype': {
      const ref = pushValue(machine, kinds.dtype);
      tape.a[ref] = made.element;
      tape.b[ref] = made.bigEndian ? 1 : 0;
      break;
    }
    case 'latin1': {
      if (made.text.tape !== tape) throw refusal(machine, '_codecs.encode of a dropped text');
      const ref = pushValue(machine, kinds.latin1);
      tape.a[ref] = tape.a[made.text.ref]!;
      tape.b[ref] = tape.b[made.text.ref]!;
      break;
    }
    case 'dict':
      collectCopies(machine, kinds.dict, made.pairs);
      break;
    case 'set':
      collectCopies(machine, kinds.set, made.items ? [made.items] : []);
      break;
  }
}

function pushGlobal(machine: OpcodeMachine, name: string): void {
  const id = globalId(name);
  if (id < 0) {
    const printable = name.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
    throw refusal(machine, `the pickle wants ${printable}, which is not allowed`);
  }
  machine.tape.a[pushValue(machine, kinds.global)] = id;
}

/** A line of a GLOBAL: ASCII up to a line feed, at most 100 characters. */
function readLine(machine: OpcodeMachine): string {
  const { tape, window } = machine;
  window.fill(101);
  const from = window.position;
  const to = tape.bytes.indexOf(0x0a, from);
  if (to < 0 || to > from + 100 || to >= window.end) throw refusal(machine, 'a global without a name');
  window.position = to + 1;
  return String.fromCharCode(...tape.bytes.subarray(from, to));
}
