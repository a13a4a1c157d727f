/** The opcodes that push no value of their own: protocol, frame, marks, what is dropped or doubled, the end. */
import { need, type OpcodeMachine, popMark, refusal } from './stack.ts';
import { limitError } from './tape.ts';

/** PROTO. */
export function checkProtocol(machine: OpcodeMachine): void {
  const { tape, window } = machine;
  const protocol = tape.bytes[window.position++]!;
  if (protocol < 2 || protocol > 5) throw refusal(machine, `pickle protocol ${protocol}`);
}

/** FRAME. */
export function checkFrame(machine: OpcodeMachine): void {
  const { window } = machine;
  const frame = window.length64(window.position, machine.opcodeAt);
  window.position += 8;
  if (window.offset + frame > window.source.size)
    throw refusal(machine, `a frame of ${frame} bytes, but the data ends before`);
}

/** MARK. */
export function openMark(machine: OpcodeMachine): void {
  const { marks, limits, stack, depth } = machine;
  if (marks.length >= limits.marks) throw limitError('nested containers', limits.marks, machine.opcodeOffset);
  machine.segments.onMark(stack, depth, marks.length);
  marks.push(depth);
}

/** POP: a value, or the mark that lies on top. */
export function pop(machine: OpcodeMachine): void {
  if (machine.marks.at(-1) === machine.depth) machine.marks.pop();
  else {
    need(machine, 1);
    machine.depth--;
  }
}

/** POP_MARK: all that lies above the topmost mark. */
export function popToMark(machine: OpcodeMachine): void {
  machine.depth = popMark(machine);
}

/** DUP. */
export function duplicate(machine: OpcodeMachine): void {
  need(machine, 1);
  machine.stack[machine.depth] = machine.stack[machine.depth - 1]!;
  machine.depth++;
}

/** STOP. */
export function stop(machine: OpcodeMachine): void {
  need(machine, 1);
  machine.segments.atStop();
}
