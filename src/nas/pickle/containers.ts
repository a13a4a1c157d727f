/** The opcodes that make containers and fill them: lists, tuples, dicts and sets. */
import { need, type OpcodeMachine, popMark, pushValue, refusal } from './stack.ts';
import { kinds, limitError, type Node } from './tape.ts';

/** EMPTY_LIST and the like. */
export function pushEmpty(kind: number): (machine: OpcodeMachine) => void {
  return (machine) => {
    pushValue(machine, kind);
  };
}

/** TUPLE, LIST, DICT, FROZENSET: of all that lies above the mark. */
export function collectFromMark(kind: number): (machine: OpcodeMachine) => void {
  return (machine) => collectNew(machine, kind, popMark(machine));
}

/** TUPLE1, TUPLE2, TUPLE3. */
export function collectTuple(size: number): (machine: OpcodeMachine) => void {
  return (machine) => {
    need(machine, size);
    collectNew(machine, kinds.tuple, machine.depth - size);
  };
}

/** APPEND. */
export function append(machine: OpcodeMachine): void {
  need(machine, 2);
  collect(machine, machine.stack[machine.depth - 2]!, machine.depth - 1, kinds.list);
}

/** SETITEM. */
export function setItem(machine: OpcodeMachine): void {
  need(machine, 3);
  if (machine.segments.atSetItems(machine.depth - 3, machine.depth - 2)) return;
  collect(machine, machine.stack[machine.depth - 3]!, machine.depth - 2, kinds.dict);
}

/** APPENDS, SETITEMS, ADDITEMS: what lies above the mark goes into the container below it. */
export function addItems(kind: number): (machine: OpcodeMachine) => void {
  return (machine) => {
    const mark = popMark(machine);
    const floor = machine.marks.at(-1) ?? 0;
    if (mark <= floor) throw refusal(machine, 'items for nothing');
    if (kind === kinds.dict && machine.segments.atSetItems(mark - 1, mark)) return;
    collect(machine, machine.stack[mark - 1]!, mark, kind);
  };
}

/** Copies the items of `sources` (all on this tape) into a new container on top of the stack. */
export function collectCopies(machine: OpcodeMachine, kind: number, sources: readonly Node[]): void {
  const container = pushValue(machine, kind);
  for (const source of sources) {
    if (source.tape !== machine.tape) throw refusal(machine, 'a call with dropped values');
    const refs = Int32Array.from(source.refs());
    checkItems(machine, refs.length);
    if (kind === kinds.dict && refs.length !== 2)
      throw refusal(machine, 'OrderedDict of something else than pairs');
    machine.tape.append(container, refs, 0, refs.length);
  }
}

/** Puts the stack's values from `from` on into a container of this kind; a dict takes pairs. */
function collect(machine: OpcodeMachine, container: number, from: number, kind: number): void {
  const { tape } = machine;
  const length = machine.depth - from;
  if (tape.kind[container] !== kind) throw refusal(machine, 'items for something that takes none');
  if (kind === kinds.dict && length % 2 !== 0) throw refusal(machine, 'a dict key without a value');
  checkItems(machine, length);
  tape.append(container, machine.stack, from, machine.depth);
  machine.depth = from;
}

function collectNew(machine: OpcodeMachine, kind: number, from: number): void {
  // The container takes the place of its first item, so it is pushed when they are gone.
  const { tape, stack } = machine;
  const ref = tape.count++;
  tape.kind[ref] = kind;
  tape.num[ref] = 0;
  tape.a[ref] = 0;
  tape.b[ref] = 0;
  collect(machine, ref, from, kind);
  stack[machine.depth++] = ref;
}

function checkItems(machine: OpcodeMachine, more: number): void {
  if (machine.tape.itemCount + more + 2 > machine.limits.items)
    throw limitError('items', machine.limits.items, machine.opcodeOffset);
}
