/**
 * Converts a legacy .pth (torch.save before 1.6, not zipped): a file of consecutive pickles, of which the fourth is the
 * whole benchmark, 4.7 GB. Read as a stream; what is in memory at a time is one architecture.
 */

import { BenchFormatError } from '../../lib/format-error.ts';
import { type ColumnData, Columns } from '../benchmark/columns.ts';
import { PickleMachine } from '../pickle/machine.ts';
import type { ResumePoint } from '../pickle/segments.ts';
import { key, kinds, type Node } from '../pickle/tape.ts';
import { type BadFile, toBadFile } from './members.ts';
import { addArchitecture, legacySchedules } from './record.ts';
import { fileSource } from './source.ts';

export interface StreamTask {
  readonly file: string;
  /** Where an earlier run had come to. */
  readonly resume: ResumePoint | null;
  readonly skipBad: boolean;
}

export interface StreamPart {
  readonly data: ColumnData;
  readonly bad: readonly BadFile[];
  /** Byte of the file up to which it was read, and its size. */
  readonly offset: number;
  readonly size: number;
  /** Where to go on behind this part; null: the file is read to its end, or cannot be read further. */
  readonly next: ResumePoint | null;
  /** The benchmark's list of architecture strings, with the last part. */
  readonly metaArchs: readonly string[] | null;
}

/** torch.save's own magic number and version of this layout. */
const magic = 0x1950a86a20f9469cfc6cn;
const layoutVersion = 1001;
/** Architectures in a part. */
const partSize = 256;

/** Reads the file and hands out parts. Throws BenchFormatError unless `skipBad`. */
export function convertStream(task: StreamTask, onPart: (part: StreamPart) => void): void {
  const source = fileSource(task.file);
  let columns = new Columns();
  let bad: BadFile[] = [];
  const emit = (offset: number, next: ResumePoint | null, metaArchs: readonly string[] | null) => {
    onPart({ data: columns.data(), bad, offset, size: source.size, next, metaArchs });
    columns = new Columns();
    bad = [];
  };
  let entryAt = 0;
  const onEntry = (index: number, value: Node, next: ResumePoint | null) => {
    try {
      addArchitecture(columns, index, value, { schedules: legacySchedules, offset: entryAt });
    } catch (error) {
      if (!(error instanceof BenchFormatError) || !task.skipBad) throw error;
      bad.push(toBadFile(asFileOffset(error), task.file, index));
    }
    if (next === null) return;
    entryAt = next.offset;
    if (columns.archs.length + bad.length >= partSize) {
      emit(next.offset, { ...next, starts: [...next.starts] }, null);
    }
  };
  try {
    const machine = new PickleMachine(source, {
      entries: { of: key('arch2infos'), onEntry, ...(task.resume && { resume: task.resume }) },
    });
    try {
      if (machine.run().bigint() !== magic) {
        throw new BenchFormatError('not a .pth of the legacy torch layout', 0, 'file');
      }
      if (machine.run().number() !== layoutVersion) {
        throw new BenchFormatError('an unknown version of the legacy torch layout', 0, 'file');
      }
      machine.run();
      const benchmark = machine.run();
      if (benchmark.get(key('arch2infos')) === undefined) {
        throw new BenchFormatError('the .pth holds no arch2infos', 0, 'file');
      }
      emit(machine.offset, null, strings(benchmark.get(key('meta_archs'))));
    } catch (error) {
      if (!(error instanceof BenchFormatError)) throw error;
      const located = asFileOffset(error).inFile(task.file);
      if (!task.skipBad) throw located;
      bad.push({
        ...toBadFile(located, task.file, null),
        reason: `${located.reason}; a pickle cannot be read on behind an error, so what follows is lost`,
      });
      emit(located.offset, null, null);
    }
  } finally {
    source.close();
  }
}

/** A .pth is not packed: a byte of the pickle is the file's byte. */
function asFileOffset(error: BenchFormatError): BenchFormatError {
  return new BenchFormatError(error.reason, error.offset, 'file');
}

function strings(list: Node | undefined): string[] | null {
  if (list?.kind !== kinds.list) return null;
  return [...list.items()].map((item) => item.text() ?? '');
}
