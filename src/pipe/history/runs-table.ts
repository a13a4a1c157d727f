/** The list of runs for other programs: CSV and Parquet, a row per run, a column per fact and per metric. */
import { writeFile } from 'node:fs/promises';
import { csvText } from '../../lib/csv.ts';
import type { RunRow } from './run-row.ts';

const texts = {
  run: ({ run }) => run,
  name: ({ name }) => name,
  tags: ({ tags }) => tags.join(' '),
  started: ({ started }) => started,
  outcome: ({ outcome }) => outcome,
  pipeline: ({ pipeline }) => pipeline,
  profile: ({ profile }) => profile,
  set: ({ set }) => set.join(' '),
  revision: ({ revision }) => revision,
} satisfies Readonly<Record<string, (row: RunRow) => string | null>>;

const counts = {
  cells: ({ cells }) => cells,
  done: ({ done }) => done,
  cached: ({ cached }) => cached,
  failed: ({ failed }) => failed,
  not_run: ({ notRun }) => notRun,
  ms: ({ ms }) => ms,
  saved_ms: ({ savedMs }) => savedMs,
} satisfies Readonly<Record<string, (row: RunRow) => number>>;

/** A missing value is an empty field. */
export function runsCsv(rows: readonly RunRow[]): string {
  const metrics = metricNames(rows);
  return csvText(
    [...Object.keys(texts), ...Object.keys(counts), ...metrics],
    rows.map((row) => [
      ...Object.values(texts).map((of) => of(row) ?? ''),
      ...Object.values(counts).map((of) => String(of(row))),
      ...metrics.map((name) => String(row.metrics[name] ?? '')),
    ]),
  );
}

/** `file`: absolute; what is there is replaced. */
export async function writeParquet(file: string, rows: readonly RunRow[]): Promise<void> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const column = <Value>(of: (row: RunRow) => Value) => rows.map(of);
  const buffer = parquetWriteBuffer({
    columnData: [
      ...Object.entries(texts).map(([name, of]) => ({
        name,
        data: column(of),
        type: 'STRING' as const,
        nullable: true,
      })),
      ...Object.entries(counts).map(([name, of]) => ({ name, data: column(of), type: 'DOUBLE' as const })),
      ...metricNames(rows).map((name) => ({
        name,
        data: column(({ metrics }) => metrics[name] ?? null),
        type: 'DOUBLE' as const,
        nullable: true,
      })),
    ],
  });
  await writeFile(file, new Uint8Array(buffer));
}

function metricNames(rows: readonly RunRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
}
