/** Converts a batch of architecture files to columns: read, unpack, parse, keep what the table wants. */

import { BenchFormatError } from '../../lib/format-error.ts';
import { type ColumnData, Columns } from '../benchmark/columns.ts';
import { decompress } from '../bzip2/bzip2.ts';
import { readPickle } from '../pickle/machine.ts';
import { defaultLimits, PickleTape } from '../pickle/tape.ts';
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

export function convertMembers(task: WorkerTask): WorkerResult {
  const columns = new Columns();
  const bad: BadFile[] = [];
  const tape = new PickleTape();
  let bytes = 0;
  for (const { index, member } of task.members) {
    bytes += member.size;
    try {
      const record = readPickle(decompress(readMember(member)), defaultLimits, tape);
      addArchitecture(columns, index, record, { schedules: simpleSchedules, offset: 0 });
    } catch (error) {
      if (!(error instanceof BenchFormatError)) throw error;
      bad.push(toBadFile(error, member.name, index));
    }
  }
  return { batch: task.batch, data: columns.data(), bad, bytes };
}

export function toBadFile(error: BenchFormatError, file: string, index: number | null): BadFile {
  const { reason, offset, offsetIn } = error;
  return { file, reason, offset, offsetIn, index };
}
