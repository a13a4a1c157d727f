/** bench.arrow and arch.arrow: written from rows of any source, read back as columns (contract: src/nas/tables.ts). */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  type Column,
  columnFromArray,
  columnFromValues,
  type DataType,
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
import type { ArchRow, BenchRow } from '../tables.ts';
import type { BenchTable as RawTable } from './columns.ts';

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
  bench: readonly BenchRow[] | RawTable,
  archs: readonly ArchRow[],
): void {
  replace(paths.bench, toIpc('series' in bench ? columnsOfRaw(bench) : columnsOfRows(bench)));
  replace(paths.arch, toIpc(archColumns(archs)));
}

/** Applies a callback to one value after the other. */
type Visit<T> = (each: (value: T) => void) => void;

interface BenchColumns extends Numbers {
  readonly ops: Visit<string>;
  readonly dataset: Visit<string>;
  readonly split: Visit<string>;
  /** How many different data sets and splits there may be. */
  readonly names: number;
}

type Numbers = Pick<RawTable, 'index' | 'hp' | 'epoch' | 'seed' | 'accuracy' | 'loss'>;
type NamedColumn = [name: string, values: Column<unknown>];

/** The columns of bench.arrow; numbers as they are, texts once each and a place in them for every row. */
function benchColumns(columns: BenchColumns): NamedColumn[] {
  const { index, hp, epoch, seed, accuracy, loss, names } = columns;
  const place = names < 128 ? int8 : int16;
  return [
    ['index', numbers(index, int32())],
    ['ops', columnFromValues(columns.ops, dictionary(utf8(), int16()))],
    ['dataset', columnFromValues(columns.dataset, dictionary(utf8(), place()))],
    ['split', columnFromValues(columns.split, dictionary(utf8(), place()))],
    ['hp', numbers(hp, int16())],
    ['epoch', numbers(epoch, int16())],
    ['seed', numbers(seed, int32())],
    ['accuracy', numbers(accuracy, float64())],
    ['loss', loss.some(Number.isNaN) ? optional(loss) : numbers(loss, float64())],
  ];
}

/** The array itself becomes the column; an empty one has to be told its type. */
function numbers(values: Int16Array | Int32Array | Float64Array, type: DataType): Column<unknown> {
  return values.length > 0 ? columnFromArray(values) : columnFromArray([], type);
}

/** NaN becomes null. */
function optional(values: Float64Array): Column<unknown> {
  const visit: Visit<number | null> = (each) =>
    values.forEach((value) => {
      each(Number.isNaN(value) ? null : value);
    });
  return columnFromValues(visit, float64());
}

function columnsOfRaw(table: RawTable): NamedColumn[] {
  const { length, index, serie, series, ops } = table;
  const ofSerie =
    (at: 0 | 1): Visit<string> =>
    (each) => {
      for (let i = 0; i < length; i++) each(series[serie[i]!]![at]);
    };
  const ofArchitecture: Visit<string> = (each) => {
    for (let i = 0; i < length; i++) each(ops.get(index[i]!)!);
  };
  return benchColumns({
    ...table,
    ops: ofArchitecture,
    dataset: ofSerie(0),
    split: ofSerie(1),
    names: series.length,
  });
}

function columnsOfRows(rows: readonly BenchRow[]): NamedColumn[] {
  const text =
    (name: 'ops' | 'dataset' | 'split'): Visit<string> =>
    (each) => {
      for (const row of rows) each(row[name]);
    };
  return benchColumns({
    index: Int32Array.from(rows, (row) => row.index),
    ops: text('ops'),
    dataset: text('dataset'),
    split: text('split'),
    hp: Int16Array.from(rows, (row) => row.hp),
    epoch: Int16Array.from(rows, (row) => row.epoch),
    seed: Int32Array.from(rows, (row) => row.seed),
    accuracy: Float64Array.from(rows, (row) => row.accuracy),
    loss: Float64Array.from(rows, (row) => row.loss ?? Number.NaN),
    names: new Set(rows.map(({ dataset, split }) => `${dataset}/${split}`)).size,
  });
}

function archColumns(archs: readonly ArchRow[]): NamedColumn[] {
  const number = (name: 'params' | 'flops' | 'latency' | 'trainSeconds') =>
    columnFromArray(
      archs.map((arch) => arch[name]),
      float64(),
    );
  return [
    [
      'index',
      numbers(
        Int32Array.from(archs, (arch) => arch.index),
        int32(),
      ),
    ],
    [
      'ops',
      columnFromArray(
        archs.map((arch) => arch.ops),
        utf8(),
      ),
    ],
    ['params', number('params')],
    ['flops', number('flops')],
    ['latency', number('latency')],
    ['trainSeconds', number('trainSeconds')],
  ];
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

function toIpc(columns: NamedColumn[]): Uint8Array {
  const bytes = tableToIPC(tableFromColumns(columns), { format: 'file' });
  if (!bytes) throw new Error('the Arrow writer gave no bytes');
  return bytes;
}

function replace(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}
