/** Means over seeds of every variant: summary.arrow, flat metrics, the report's tables and its word on the scale. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { applyPolicy } from '../src/nas/benchmark/policy.ts';
import { readBenchTable } from '../src/nas/benchmark/table.ts';
import { parseParams } from '../src/nas/params.ts';
import { summariseVariants, summaryTable, variantText } from '../src/nas/study/aggregate.ts';
import { dataOrigin } from '../src/nas/study/data-origin.ts';
import { datasetsTable } from '../src/nas/study/datasets.ts';
import { fewShot } from '../src/nas/study/few-shot.ts';
import { variantIntervals } from '../src/nas/study/intervals.ts';
import { keyFigures } from '../src/nas/study/key-figures.ts';
import { readNetworks } from '../src/nas/study/networks.ts';
import { axisColumns, noticeOf, rankingTable, sameTable, topTable } from '../src/nas/study/results.ts';
import { compareOnSame } from '../src/nas/study/same-architectures.ts';
import { dataSchema, evaluationSchema, groupedVariantSchema } from '../src/nas/supernet/network/options.ts';
import type { MetricsMark, NoticeMark, TableMark } from '../src/pipe/report-format.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  embedded: z.boolean(),
  source: z.object({ images: z.string(), bench: z.string() }),
  target: z.string(),
  data: dataSchema,
  network: z.record(z.string(), z.unknown()),
  train: z.record(z.string(), z.unknown()),
  evaluate: evaluationSchema,
});

export default defineStage((stage) => {
  const { embedded, source, target, data, network, train, evaluate } = parseParams(
    paramsSchema,
    stage.params,
  );
  const variant = parseParams(groupedVariantSchema, { network, train });
  const { networks, seeds, planned } = readNetworks(stage.gathered('predictions'));
  const all = [...networks, ...fewShot(networks)];
  const summaries = summariseVariants(all, seeds);
  const intervals = variantIntervals(all);
  const table = readBenchTable(stage.dep('bench'));
  const bench = applyPolicy(table, target);
  const json = (name: string, value: unknown) =>
    writeFileSync(stage.out(name), `${JSON.stringify(value, null, 1)}\n`);

  const arrow = summaryTable(all).toArrowIPC({ format: 'file' });
  writeFileSync(stage.out('summary'), arrow);
  json(
    'variants',
    summaries.map((one) => ({ ...one, intervals: intervals.get(variantText(one)) ?? null })),
  );
  json('metrics', keyFigures(summaries) satisfies MetricsMark);
  json('ranking', rankingTable(summaries, intervals, target) satisfies TableMark);
  json('tops', topTable(summaries) satisfies TableMark);
  json('datasets', datasetsTable(all, table, seeds) satisfies TableMark);
  json('same', (sameTable(compareOnSame(networks), seeds) ?? emptySame) satisfies TableMark);
  json(
    'notice',
    noticeOf({
      origin: dataOrigin(embedded, source),
      target,
      side: data.side,
      trainImages: data.trainImages,
      validationImages: data.validationImages,
      channels: variant.channels,
      cellsPerStage: variant.cellsPerStage,
      epochs: variant.epochs,
      nodeReduce: variant.nodeReduce,
      countPadding: variant.countPadding,
      batchNorm: evaluate.batchNorm,
      architectures: bench.rows.length,
    }) satisfies NoticeMark,
  );
  stage.info(`${networks.length} of ${planned} networks, ${summaries.length} variants`);
});

const emptySame: TableMark = {
  title: 'The same architectures under both networks',
  caption: 'No masked network has an unmasked one beside it that predicted the same architectures.',
  columns: axisColumns,
  rows: [],
  notes: [],
};
