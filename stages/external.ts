/** Ranks predictions that others made: every CSV and JSON file of a folder, against the benchmark. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { applyPolicy } from '../src/nas/benchmark/policy.ts';
import { readBenchTable } from '../src/nas/benchmark/table.ts';
import { externalResults, rankExternal } from '../src/nas/external/rank.ts';
import { ExternalPredictionsError, readExternalFile } from '../src/nas/external/read.ts';
import { externalFigures } from '../src/nas/figures/external.ts';
import { standAlone, toCsv } from '../src/nas/figures/figure.ts';
import { parseParams } from '../src/nas/params.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.strictObject({
  target: z.string(),
  top: z.number().int().positive(),
  random: z.number().int().nonnegative(),
  sampleSeed: z.number().int().nonnegative(),
});

export default defineStage((stage) => {
  const { target, ...options } = parseParams(paramsSchema, stage.params);
  const given = stage.dep('predictions');
  const paths = statSync(given).isDirectory()
    ? readdirSync(given)
        .filter((name) => /\.(csv|json)$/i.test(name))
        .sort()
        .map((name) => join(given, name))
    : [given];
  if (paths.length === 0)
    throw new ExternalPredictionsError(`${basename(given)} holds no .csv and no .json file`);
  const bench = applyPolicy(readBenchTable(stage.dep('bench')), target).rows;
  const files = paths.map((path, i) => {
    const file = readExternalFile(readFileSync(path, 'utf8'), basename(path));
    const ranked = rankExternal(file, bench, options);
    if (file.empty > 0) stage.warn(`${basename(path)}: ${file.empty} records without a prediction`);
    stage.progress(i + 1, paths.length, 'files');
    return ranked;
  });
  const results = externalResults(files, target);
  const json = (name: string, value: unknown) =>
    writeFileSync(stage.out(name), `${JSON.stringify(value, null, 1)}\n`);
  json('all', results.tables.all);
  json('ranking', results.tables.ranking);
  json('metrics', results.metrics);
  const folder = stage.out('figures');
  mkdirSync(folder, { recursive: true });
  for (const figure of externalFigures(files, results)) {
    writeFileSync(join(folder, `${figure.name}.vl.json`), `${JSON.stringify(standAlone(figure))}\n`);
    writeFileSync(join(folder, `${figure.name}.csv`), toCsv(figure.data));
  }
});
