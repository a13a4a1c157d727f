/** Means over seeds of every variant: summary.arrow, flat metrics, the report's tables and its word on the scale. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { applyPolicy } from '../src/nas/bench/policy.ts';
import { readBenchTable } from '../src/nas/bench/table.ts';
import { summariseVariants, summaryTable } from '../src/nas/study/aggregate.ts';
import { readNetworks } from '../src/nas/study/networks.ts';
import { metricsOf, noticeOf, rankingTable, sameTable, topTable } from '../src/nas/study/results.ts';
import { compareOnSame } from '../src/nas/study/same-architectures.ts';
import { dataSchema, evaluationSchema, variantSchema } from '../src/nas/supernet/options.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  embedded: z.boolean(),
  target: z.string(),
  data: dataSchema,
  network: z.record(z.string(), z.unknown()),
  train: z.record(z.string(), z.unknown()),
  evaluate: evaluationSchema,
});

export default defineStage((stage) => {
  const { embedded, target, data, network, train, evaluate } = paramsSchema.parse(stage.params);
  const variant = variantSchema.parse({ ...network, ...train });
  const { networks, seeds } = readNetworks(stage.gathered('predictions'));
  const summaries = summariseVariants(networks, seeds);
  const bench = applyPolicy(readBenchTable(stage.dep('bench')), target);
  const json = (name: string, value: unknown) =>
    writeFileSync(stage.out(name), `${JSON.stringify(value, null, 1)}\n`);

  const arrow = summaryTable(networks).toArrowIPC({ format: 'file' });
  writeFileSync(stage.out('summary'), arrow);
  json('variants', summaries);
  json('metrics', metricsOf(summaries));
  json('ranking', rankingTable(summaries, target));
  json('tops', topTable(summaries));
  json('same', sameTable(compareOnSame(networks), seeds) ?? emptySame);
  json(
    'notice',
    noticeOf({
      embedded,
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
    }),
  );
  stage.info(
    `${networks.length} of ${stage.gathered('predictions').planned} networks, ${summaries.length} variants`,
  );
});

const emptySame = {
  title: 'The same architectures under both networks',
  caption: 'No masked network has an unmasked one beside it that predicted the same architectures.',
  columns: [],
  rows: [],
  notes: [],
};
