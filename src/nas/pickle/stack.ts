/** What every opcode does to a machine's stack and tape: pushValue, need, close a mark, refuse. */
import type { BenchFormatError } from '../../lib/format-error.ts';
import type { Segments } from './segments.ts';
import type { MachineState } from './state.ts';

/** What an opcode acts on. */
export type OpcodeMachine = MachineState & { readonly segments: Segments };

/** Puts a new value onto the stack and returns its place on the tape. The machine has made room for one. */
export function pushValue(machine: OpcodeMachine, kind: number): number {
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
export function popMark(machine: OpcodeMachine): number {
  const mark = machine.marks.pop();
  if (mark === undefined || mark > machine.depth) throw refusal(machine, 'no mark on the stack');
  return mark;
}

/** Refuses an opcode that takes `depth` values where fewer lie above the topmost mark. */
export function need(machine: OpcodeMachine, depth: number): void {
  const floor = machine.marks.at(-1) ?? 0;
  if (machine.depth - floor < depth) throw refusal(machine, 'too little on the stack');
}

/** What is wrong with the opcode now run. */
export function refusal(machine: OpcodeMachine, reason: string): BenchFormatError {
  return machine.window.error(reason, machine.opcodeAt);
}
