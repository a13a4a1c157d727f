/** Holds the paper's claims against the results: claims.json for the report, claims.xml for a CI. */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { applyPolicy } from '../src/nas/benchmark/policy.ts';
import { readBenchTable } from '../src/nas/benchmark/table.ts';
import { judgeClaims } from '../src/nas/claims/claims.ts';
import { BenchmarkFacts } from '../src/nas/claims/functions.ts';
import { claimsJunit } from '../src/nas/claims/junit.ts';
import { readClaims } from '../src/nas/claims/read.ts';
import { readImageSet } from '../src/nas/data/image-files.ts';
import { parseParams } from '../src/nas/params.ts';
import { dataOrigin } from '../src/nas/study/data-origin.ts';
import { datasetAgreements } from '../src/nas/study/datasets.ts';
import { readNetworks } from '../src/nas/study/networks.ts';
import { dataSchema, groupedVariantSchema } from '../src/nas/supernet/network/options.ts';
import type { ClaimsMark } from '../src/pipe/report-format.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  embedded: z.boolean(),
  source: z.object({ images: z.string(), bench: z.string() }),
  target: z.string(),
  data: dataSchema,
  network: z.record(z.string(), z.unknown()),
  train: z.record(z.string(), z.unknown()),
});

/** Said where a run leaves out what claims need. */
const wholeStudy = '`npx pipe run --profile cpu` has more variants and seeds, `--profile paper` all of them';

export default defineStage((stage) => {
  const { embedded, source, target, data, network, train } = parseParams(paramsSchema, stage.params);
  const { channels, cellsPerStage, epochs } = parseParams(groupedVariantSchema, { network, train });
  const path = stage.dep('claims');
  const file = readClaims(readFileSync(path, 'utf8'), relative(process.cwd(), path));
  const { networks, seeds } = readNetworks(stage.gathered('predictions'));
  const bench = readBenchTable(stage.dep('bench'));
  const { rows } = applyPolicy(bench, target);
  const claims = judgeClaims(file, {
    networks,
    benchmark: new BenchmarkFacts(rows, datasetAgreements(bench, rows)),
    scale: {
      channels,
      cellsPerStage,
      epochs,
      side: data.side,
      // `trainImages: null` is all that are there, less those withheld.
      trainImages: data.trainImages ?? readImageSet(stage.dep('images')).count - data.validationImages,
      embedded,
      own: dataOrigin(embedded, source) === 'own',
      planned: seeds,
    },
  });
  // One variant and few seeds are what the default run has; which profiles have more is in pipeline.yaml.
  const lacks = claims.some(({ verdict, n }) => verdict === 'undecided' && n === 0);
  const mark: ClaimsMark = { claims, ...(lacks ? { hint: wholeStudy } : {}) };
  writeFileSync(stage.out('claims'), `${JSON.stringify(mark, null, 1)}\n`);
  writeFileSync(stage.out('junit'), claimsJunit(claims));
  for (const { id, verdict, detail } of claims) stage.info(`claim ${id} is ${verdict}: ${detail}`);
});
