/** predictions.arrow: what a network predicts beside what the benchmark measured (columns: src/nas/tables.ts). */
import {
  bool,
  dictionary,
  float64,
  int32,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  utf8,
} from '@uwdata/flechette';
import type { PredictionRow } from '../tables.ts';

/** The rows as an Arrow IPC file. */
export function predictionsToArrow(rows: readonly PredictionRow[]): Uint8Array {
  const table = tableFromArrays(
    {
      index: rows.map((row) => row.index),
      ops: rows.map((row) => row.ops),
      group: rows.map((row) => row.group),
      sampled: rows.map((row) => row.sampled),
      rank: rows.map((row) => row.rank),
      predicted: rows.map((row) => row.predicted),
      benchmark: rows.map((row) => row.benchmark),
    },
    {
      types: {
        index: int32(),
        ops: utf8(),
        group: dictionary(utf8()),
        sampled: bool(),
        rank: int32(),
        predicted: float64(),
        benchmark: float64(),
      },
    },
  );
  const bytes = tableToIPC(table, { format: 'file' });
  if (!bytes) throw new Error('the Arrow writer gave no bytes');
  return bytes;
}

/** Reads the file back. Throws SyntaxError that names the missing column. */
export function predictionsFromArrow(bytes: Uint8Array): PredictionRow[] {
  const table = tableFromIPC(bytes);
  const column = (name: string): unknown[] => {
    const found = table.getChild(name);
    if (!found) throw new SyntaxError(`predictions without a column \`${name}\``);
    return found.toArray() as unknown[];
  };
  const index = column('index');
  const ops = column('ops');
  const group = column('group');
  const sampled = column('sampled');
  const rank = column('rank');
  const predicted = column('predicted');
  const benchmark = column('benchmark');
  return Array.from({ length: table.numRows }, (_, i) => ({
    index: Number(index[i]),
    ops: String(ops[i]),
    group: groupOf(group[i]),
    sampled: sampled[i] === true,
    rank: rank[i] === null || rank[i] === undefined ? null : Number(rank[i]),
    predicted: Number(predicted[i]),
    benchmark: Number(benchmark[i]),
  }));
}

function groupOf(value: unknown): PredictionRow['group'] {
  if (value === 'top' || value === 'random' || value === 'shared') return value;
  throw new SyntaxError(`a prediction of the unknown group '${String(value)}'`);
}
