/** Turns the benchmark, whatever its form, into the two Arrow tables that every later stage reads. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { tableOfRows } from '../src/nas/benchmark/columns.ts';
import { parseBenchCsv } from '../src/nas/benchmark/csv.ts';
import { writeBenchTables } from '../src/nas/benchmark/table.ts';
import { convertBenchmark } from '../src/nas/convert/convert.ts';
import { defineStage } from '../src/pipe/stage.ts';

export default defineStage(async (stage) => {
  const raw = stage.dep('raw');
  const paths = { bench: stage.out('bench'), arch: stage.out('arch') };
  if (raw.endsWith('.csv')) {
    const { rows, archs } = parseBenchCsv(readFileSync(raw, 'utf8'), basename(raw));
    writeBenchTables(paths, tableOfRows(rows, archs));
    stage.info(`${archs.length} architectures, ${rows.length} numbers`);
    return;
  }
  const converted = await convertBenchmark(raw, {
    signal: stage.signal,
    threads: stage.cpu,
    ...(stage.checkpoint === null ? {} : { resumeFolder: stage.checkpoint }),
    onProgress: ({ bytes, totalBytes }) => stage.progress(bytes, totalBytes, 'bytes'),
  });
  const [note] = converted.notes;
  if (note !== undefined) {
    for (const each of converted.notes) stage.info(each);
    stage.warn(
      `${converted.notes.length} architectures whose file disagrees with their own cost, such as ${note}`,
    );
  }
  writeBenchTables(paths, converted.table);
  stage.info(`${converted.table.archs.length} architectures, ${converted.table.length} numbers`);
});
