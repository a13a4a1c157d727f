/** Writes a converted benchmark as Arrow, CSV or Parquet: one file of all numbers, one of the architectures. */
import { closeSync, openSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchRow } from '../tables.ts';
import type { BenchTable } from './columns.ts';
import { writeBenchTables } from './table.ts';

export const exportFormats = ['arrow', 'csv', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface Exported {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Writes bench.FORMAT and arch.FORMAT into an existing folder, each aside first and then renamed. */
export async function exportTable(
  table: BenchTable,
  folder: string,
  format: ExportFormat,
): Promise<Exported[]> {
  const outs = [
    { name: 'bench', columns: () => benchColumns(table), rows: table.length },
    { name: 'arch', columns: () => archColumns(table.archs), rows: table.archs.length },
  ].map((out) => ({ ...out, file: join(folder, `${out.name}.${format}`) }));
  if (format === 'arrow') {
    const [bench, arch] = outs.map(({ file }) => file);
    writeBenchTables({ bench: bench!, arch: arch! }, table, table.archs);
  } else {
    const write = { csv: writeCsv, parquet: writeParquet }[format];
    for (const { columns, file } of outs) {
      const aside = `${file}.${process.pid}.partial`;
      await write(columns(), aside);
      renameSync(aside, file);
    }
  }
  return outs.map(({ file, rows }) => ({ file, rows, bytes: statSync(file).size }));
}

/** A named column; `null` is a missing value. `text` columns repeat few values. */
interface Column {
  readonly name: string;
  readonly type: 'int' | 'float' | 'text';
  readonly values: ArrayLike<number> | ArrayLike<number | string | null>;
}

function benchColumns(table: BenchTable): Column[] {
  const { index, hp, epoch, seed, accuracy, loss, series } = table;
  const text = (of: (row: number) => string) => Array.from(index, (_, row) => of(row));
  return [
    { name: 'index', type: 'int', values: index },
    { name: 'ops', type: 'text', values: text((row) => table.ops.get(index[row]!)!) },
    { name: 'dataset', type: 'text', values: text((row) => series[table.serie[row]!]![0]) },
    { name: 'split', type: 'text', values: text((row) => series[table.serie[row]!]![1]) },
    { name: 'hp', type: 'int', values: hp },
    { name: 'epoch', type: 'int', values: epoch },
    { name: 'seed', type: 'int', values: seed },
    { name: 'accuracy', type: 'float', values: accuracy },
    { name: 'loss', type: 'float', values: loss.some(Number.isNaN) ? withNulls(loss) : loss },
  ];
}

function archColumns(archs: readonly ArchRow[]): Column[] {
  const column = (name: keyof ArchRow, type: Column['type']): Column => ({
    name,
    type,
    values: archs.map((arch) => arch[name]),
  });
  return [
    column('index', 'int'),
    column('ops', 'text'),
    column('params', 'int'),
    column('flops', 'float'),
    column('latency', 'float'),
    column('trainSeconds', 'float'),
  ];
}

function withNulls(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

async function writeParquet(columns: readonly Column[], file: string): Promise<void> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const types = { int: 'INT32', float: 'DOUBLE', text: 'STRING' } as const;
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, type, values }) => ({
      name,
      type: types[type],
      data: Array.isArray(values) ? values : (values as never),
      nullable: Array.isArray(values) && values.includes(null),
    })),
  });
  writeFileSync(file, new Uint8Array(buffer));
}

/** RFC 4180 with line feeds; numbers as JavaScript writes them, which reads back to the same bits. */
async function writeCsv(columns: readonly Column[], file: string): Promise<void> {
  const descriptor = openSync(file, 'w');
  try {
    let lines = [columns.map(({ name }) => name).join(',')];
    const rows = columns[0]!.values.length;
    for (let row = 0; row < rows; row++) {
      lines.push(columns.map(({ values }) => values[row] ?? '').join(','));
      if (lines.length >= 20_000) {
        writeSync(descriptor, `${lines.join('\n')}\n`);
        lines = [];
      }
    }
    if (lines.length > 0) writeSync(descriptor, `${lines.join('\n')}\n`);
  } finally {
    closeSync(descriptor);
  }
}
