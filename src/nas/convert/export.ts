/**
 * Writes a converted benchmark as Arrow, CSV or Parquet: one file of all numbers, one of the architectures. Or as the
 * compact table: one file of seed means.
 */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, replaceWith } from '../../lib/replace-file.ts';
import { archColumns, type BenchColumns, benchColumns, type NamedColumn } from '../benchmark/columns.ts';
import { writeBenchTables } from '../benchmark/table.ts';
import { compactCsv } from './compact.ts';

export const exportFormats = ['arrow', 'csv', 'parquet', 'compact'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface Exported {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Writes bench.FORMAT and arch.FORMAT, or nb201_compact.csv, into an existing folder, each aside first and then renamed. */
export async function exportTable(
  table: BenchColumns,
  folder: string,
  format: ExportFormat,
): Promise<Exported[]> {
  if (format === 'compact') {
    const file = join(folder, 'nb201_compact.csv');
    const text = compactCsv(table);
    replaceFile(file, text);
    return [{ file, rows: table.archs.length, bytes: statSync(file).size }];
  }
  const outs = [
    { name: 'bench', columns: () => benchColumns(table), rows: table.length },
    { name: 'arch', columns: () => archColumns(table.archs), rows: table.archs.length },
  ].map((out) => ({ ...out, file: join(folder, `${out.name}.${format}`) }));
  if (format === 'arrow') {
    const [bench, arch] = outs.map(({ file }) => file);
    writeBenchTables({ bench: bench!, arch: arch! }, table);
  } else {
    for (const { columns, file } of outs) {
      if (format === 'csv') replaceWith(file, (aside) => writeCsv(columns(), aside));
      else replaceFile(file, await parquetBytes(columns()));
    }
  }
  return outs.map(({ file, rows }) => ({ file, rows, bytes: statSync(file).size }));
}

async function parquetBytes(columns: readonly NamedColumn[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const types = { int: 'INT32', float: 'DOUBLE', text: 'STRING', label: 'STRING' } as const;
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, type, values }) => ({
      name,
      type: types[type],
      data: Array.isArray(values) ? values : (values as never),
      nullable: Array.isArray(values) && values.includes(null),
    })),
  });
  return new Uint8Array(buffer);
}

/** RFC 4180 with line feeds; numbers as JavaScript writes them, which reads back to the same bits. */
function writeCsv(columns: readonly NamedColumn[], file: string): void {
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
