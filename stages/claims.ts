/** Holds the paper's claims against the results: claims.json for the report, claims.xml for a CI. */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { applyPolicy } from '../src/nas/benchmark/policy.ts';
import { readBenchTable } from '../src/nas/benchmark/table.ts';
import { judgeClaims } from '../src/nas/claims/claims.ts';
import { claimsJunit } from '../src/nas/claims/junit.ts';
import { readClaims } from '../src/nas/claims/read.ts';
import { plannedSeeds, readSummary } from '../src/nas/claims/summary.ts';
import { parseParams } from '../src/nas/params.ts';
import { dataSchema, groupedVariantSchema } from '../src/nas/supernet/network/options.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  embedded: z.boolean(),
  target: z.string(),
  data: dataSchema,
  network: z.record(z.string(), z.unknown()),
  train: z.record(z.string(), z.unknown()),
});
/** CIFAR-10's training set: what `trainImages: null` takes, less those withheld. */
const allTrainingImages = 50_000;

export default defineStage((stage) => {
  const { embedded, target, data, network, train } = parseParams(paramsSchema, stage.params);
  const { channels, cellsPerStage, epochs } = parseParams(groupedVariantSchema, { network, train });
  const path = stage.dep('claims');
  const file = readClaims(readFileSync(path, 'utf8'), relative(process.cwd(), path));
  const summary = readSummary(readFileSync(stage.dep('summary')));
  const planned = plannedSeeds(readFileSync(stage.dep('variants'), 'utf8'));
  const claims = judgeClaims(
    file,
    { summary, bench: applyPolicy(readBenchTable(stage.dep('bench')), target).rows },
    {
      channels,
      cellsPerStage,
      epochs,
      side: data.side,
      trainImages: data.trainImages ?? allTrainingImages - data.validationImages,
      embedded,
      planned,
    },
  );
  writeFileSync(stage.out('claims'), `${JSON.stringify({ claims }, null, 1)}\n`);
  writeFileSync(stage.out('junit'), claimsJunit(claims));
  for (const { id, verdict, detail } of claims) stage.info(`claim ${id} is ${verdict}: ${detail}`);
});
