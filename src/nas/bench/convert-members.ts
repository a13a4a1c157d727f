/** Converts a batch of architecture files to columns: read, unpack, parse, keep what the table wants. */
import { decompressAll } from './bzip2.ts';
import { type ColumnData, Columns } from './columns.ts';
import { BenchFormatError } from './format-error.ts';
import { readPickle } from './pickle-machine.ts';
import { defaultLimits, Tape } from './pickle-tape.ts';
import { addArchitecture, simpleSchedules } from './record.ts';
import { type Member, readMember } from './source.ts';

export interface WorkerTask {
  readonly batch: number;
  readonly members: readonly { readonly index: number; readonly member: Member }[];
}

/** A file that could not be read, and why. */
export interface BadFile {
  readonly file: string;
  readonly reason: string;
  readonly offset: number;
  readonly offsetIn: 'file' | 'unpacked';
  /** Architecture, where the file is one. */
  readonly index: number | null;
}

export interface WorkerResult {
  readonly batch: number;
  readonly data: ColumnData;
  readonly bad: readonly BadFile[];
  /** Bytes read. */
  readonly bytes: number;
}

/** Files unpacked at a time: more share the decoder's lanes evenly, fewer need less memory. */
const unpackedTogether = 16;

export function convertMembers(task: WorkerTask): WorkerResult {
  const columns = new Columns();
  const bad: BadFile[] = [];
  const tape = new Tape();
  let bytes = 0;
  for (let from = 0; from < task.members.length; from += unpackedTogether) {
    const group = task.members.slice(from, from + unpackedTogether);
    const packed = group.map(({ member }) => orError(() => readMember(member)));
    const inputs = packed.filter((input) => input instanceof Uint8Array);
    const unpacked = decompressAll(inputs);
    for (const [i, { index, member }] of group.entries()) {
      bytes += member.size;
      const input = packed[i]!;
      const result = input instanceof Uint8Array ? unpacked[inputs.indexOf(input)]! : input;
      const error =
        result instanceof Uint8Array
          ? orError(() => {
              const record = readPickle(result, defaultLimits, tape);
              addArchitecture(columns, index, record, simpleSchedules, 0);
            })
          : result;
      if (error) bad.push(toBadFile(error, member.name, index));
    }
  }
  return { batch: task.batch, data: columns.data(), bad, bytes };
}

export function toBadFile(error: BenchFormatError, file: string, index: number | null): BadFile {
  const { reason, offset, offsetIn } = error;
  return { file, reason, offset, offsetIn, index };
}

/** The error a bad file causes, as a value; bugs pass through. */
function orError<T>(work: () => T): T | BenchFormatError {
  try {
    return work();
  } catch (error) {
    if (error instanceof BenchFormatError) return error;
    throw error;
  }
}
