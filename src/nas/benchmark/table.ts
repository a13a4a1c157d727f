/** bench.arrow and arch.arrow: written from rows of any source, read back as columns (contract: src/nas/tables.ts). */
import { readFileSync } from 'node:fs';
import {
  type Column,
  columnFromArray,
  dictionary,
  float64,
  int8,
  int16,
  int32,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  utf8,
} from '@uwdata/flechette';
import { replaceFile } from '../../lib/replace-file.ts';
import type { ArchRow } from '../tables.ts';
import { archColumns, type BenchColumns, benchColumns, type NamedColumn } from './columns.ts';

/** The long table as columns of one length; strings are shared, not repeated. */
export interface BenchTable {
  readonly length: number;
  readonly index: ArrayLike<number>;
  readonly ops: readonly string[];
  readonly dataset: readonly string[];
  readonly split: readonly string[];
  readonly hp: ArrayLike<number>;
  /** −1: the last one. */
  readonly epoch: ArrayLike<number>;
  /** −1: a mean over seeds. */
  readonly seed: ArrayLike<number>;
  readonly accuracy: ArrayLike<number>;
}

/** Writes both files, each aside and then renamed. */
export function writeBenchTables(
  paths: { readonly bench: string; readonly arch: string },
  table: BenchColumns,
): void {
  replaceFile(paths.bench, toIpc(benchColumns(table)));
  replaceFile(paths.arch, toIpc(archColumns(table.archs)));
}

/** Reads bench.arrow. Throws SyntaxError that names a missing column. */
export function readBenchTable(path: string): BenchTable {
  const table = tableFromIPC(readFileSync(path));
  const column = (name: string) => {
    const found = table.getChild(name);
    if (!found) throw new SyntaxError(`${path} has no column \`${name}\`: it is no bench table`);
    return found.toArray();
  };
  const numbers = (name: string): ArrayLike<number> => Float64Array.from(column(name) as ArrayLike<number>);
  const texts = (name: string): readonly string[] => Array.from(column(name) as ArrayLike<string>);
  return {
    length: table.numRows,
    index: numbers('index'),
    ops: texts('ops'),
    dataset: texts('dataset'),
    split: texts('split'),
    hp: numbers('hp'),
    epoch: numbers('epoch'),
    seed: numbers('seed'),
    accuracy: numbers('accuracy'),
  };
}

/** Reads arch.arrow. */
export function readArchTable(path: string): ArchRow[] {
  const table = tableFromIPC(readFileSync(path));
  const column = (name: string): ArrayLike<unknown> => {
    const found = table.getChild(name);
    if (!found) throw new SyntaxError(`${path} has no column \`${name}\`: it is no table of architectures`);
    return found.toArray() as ArrayLike<unknown>;
  };
  const [index, ops] = [column('index'), column('ops')];
  const [params, flops, latency] = [column('params'), column('flops'), column('latency')];
  const trainSeconds = column('trainSeconds');
  const orNull = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  return Array.from({ length: table.numRows }, (_, i) => ({
    index: Number(index[i]),
    ops: String(ops[i]),
    params: orNull(params[i]),
    flops: orNull(flops[i]),
    latency: orNull(latency[i]),
    trainSeconds: orNull(trainSeconds[i]),
  }));
}

function toIpc(columns: readonly NamedColumn[]): Uint8Array {
  const arrow = columns.map((column): [string, Column<unknown>] => [column.name, arrowColumn(column)]);
  const bytes = tableToIPC(tableFromColumns(arrow), { format: 'file' });
  if (!bytes) throw new Error('the Arrow writer gave no bytes');
  return bytes;
}

/** Typed arrays become the column as they lie; labels are held once each, with narrow places. */
function arrowColumn({ type, values }: NamedColumn): Column<unknown> {
  if (!Array.isArray(values) && values.length > 0) return columnFromArray(values as Float64Array);
  // An empty typed array does not tell its type.
  const array: (number | string | null)[] = Array.isArray(values) ? values : [];
  switch (type) {
    case 'int':
      return columnFromArray(array, int32());
    case 'float':
      return columnFromArray(array, float64());
    case 'text':
      return columnFromArray(array, utf8());
    case 'label':
      return columnFromArray(array, dictionary(utf8(), new Set(array).size < 128 ? int8() : int16()));
  }
}
