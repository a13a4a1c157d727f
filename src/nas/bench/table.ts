/** bench.arrow and arch.arrow: written from rows of any source, read back as columns (contract: src/nas/tables.ts). */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  dictionary,
  float64,
  int16,
  int32,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  utf8,
} from '@uwdata/flechette';
import type { ArchRow, BenchRow } from '../tables.ts';

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

/** Writes both files, each aside and then renamed. Rows are taken one at a time. */
export function writeBenchTables(
  paths: { readonly bench: string; readonly arch: string },
  rows: Iterable<BenchRow>,
  archs: Iterable<ArchRow>,
): void {
  replace(paths.bench, benchToArrow(rows));
  replace(paths.arch, archToArrow(archs));
}

function benchToArrow(rows: Iterable<BenchRow>): Uint8Array {
  const index: number[] = [];
  const ops: string[] = [];
  const dataset: string[] = [];
  const split: string[] = [];
  const hp: number[] = [];
  const epoch: number[] = [];
  const seed: number[] = [];
  const accuracy: number[] = [];
  const loss: (number | null)[] = [];
  for (const row of rows) {
    index.push(row.index);
    ops.push(row.ops);
    dataset.push(row.dataset);
    split.push(row.split);
    hp.push(row.hp);
    epoch.push(row.epoch);
    seed.push(row.seed);
    accuracy.push(row.accuracy);
    loss.push(row.loss);
  }
  const types = {
    index: int32(),
    ops: dictionary(utf8()),
    dataset: dictionary(utf8()),
    split: dictionary(utf8()),
    hp: int16(),
    epoch: int16(),
    seed: int32(),
    accuracy: float64(),
    loss: float64(),
  };
  return toIpc(tableFromArrays({ index, ops, dataset, split, hp, epoch, seed, accuracy, loss }, { types }));
}

function archToArrow(archs: Iterable<ArchRow>): Uint8Array {
  const rows = [...archs];
  const types = { index: int32(), ops: utf8(), params: float64(), flops: float64(), latency: float64() };
  const columns = {
    index: rows.map((row) => row.index),
    ops: rows.map((row) => row.ops),
    params: rows.map((row) => row.params),
    flops: rows.map((row) => row.flops),
    latency: rows.map((row) => row.latency),
  };
  return toIpc(tableFromArrays(columns, { types }));
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
  const optional = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  return Array.from({ length: table.numRows }, (_, i) => ({
    index: Number(index[i]),
    ops: String(ops[i]),
    params: optional(params[i]),
    flops: optional(flops[i]),
    latency: optional(latency[i]),
  }));
}

function toIpc(table: ReturnType<typeof tableFromArrays>): Uint8Array {
  const bytes = tableToIPC(table, { format: 'file' });
  if (!bytes) throw new Error('the Arrow writer gave no bytes');
  return bytes;
}

function replace(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}
