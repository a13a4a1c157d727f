/** What a pickle machine holds between two opcodes; the opcodes and the memo act on it. */
import type { Limits, PickleTape } from './tape.ts';
import type { PickleWindow } from './window.ts';

export interface MachineState {
  readonly tape: PickleTape;
  readonly limits: Limits;
  readonly window: PickleWindow;
  readonly stack: Int32Array;
  depth: number;
  /** Stack depths at which the open marks stand. */
  readonly marks: number[];
  /** Place in the window of the opcode now run; only for those that are not the bulk of a file. */
  readonly opcodeAt: number;
  /** Byte of the source that comes next. */
  readonly offset: number;
  /** Byte of the source at which the opcode now run stands. */
  readonly opcodeOffset: number;
}
