/** Asks one trained super-network for the accuracy of the benchmark's best and of a random sample of architectures. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openBackend } from '../src/nas/backend/open.ts';
import { applyPolicy } from '../src/nas/benchmark/policy.ts';
import { readBenchTable } from '../src/nas/benchmark/table.ts';
import { sampleEvaluation } from '../src/nas/benchmark/target.ts';
import { readImageSet } from '../src/nas/data/image-files.ts';
import { downsampleTo } from '../src/nas/data/image-set.ts';
import { splitImages } from '../src/nas/data/split.ts';
import { parseParams } from '../src/nas/params.ts';
import { operations } from '../src/nas/space/architecture.ts';
import { predictionsToArrow } from '../src/nas/stats/predictions.ts';
import { evaluate } from '../src/nas/supernet/evaluate/evaluate.ts';
import { evaluationSchema } from '../src/nas/supernet/network/options.ts';
import { loadWeights, snapshotName } from '../src/nas/supernet/network/weights-file.ts';
import { batchPlan } from '../src/nas/supernet/train/train.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  /** Which of the benchmark's numbers is the truth. */
  target: z.string(),
  evaluate: evaluationSchema,
  /** Masks of other networks that this one is compared with on the same architectures. */
  sharedMasks: z.array(z.array(z.enum(operations))).default([]),
  /** Which snapshot of a training; null: the dep is the weights themselves. */
  epoch: z.coerce.number().int().positive().nullable().default(null),
  backend: z.enum(['auto', 'tensorflow', 'wasm']).default('auto'),
});

export default defineStage(async (stage) => {
  const params = parseParams(paramsSchema, stage.params);
  const backend = await openBackend(params.backend, { threads: stage.cpu });
  const given = stage.dep('weights');
  const weights = params.epoch === null ? given : join(given, snapshotName(params.epoch));
  const { network, provenance } = loadWeights(backend, weights);
  const { variant, data, seed } = provenance;
  const images = downsampleTo(readImageSet(stage.dep('images')), data.side);
  const split = splitImages(images.count, data.validationImages, data.trainImages, data.splitSeed);
  const target = applyPolicy(readBenchTable(stage.dep('bench')), params.target);
  if (target.missing > 0)
    stage.warn(`${target.missing} architectures of the benchmark have no ${params.target}`);
  const asked = sampleEvaluation(target.rows, variant.mask, {
    ...params.evaluate,
    sharedMasks: params.sharedMasks,
  });
  stage.info(`${asked.length} architectures on ${split.validation.length} images`);

  let lastShown = 0;
  const predicted = await evaluate(backend, {
    network,
    architectures: asked.map(({ architecture }) => architecture),
    images,
    validation: split.validation,
    options: params.evaluate,
    recalibration: batchPlan({ options: variant, images, indices: split.train, seed }),
    signal: stage.signal,
    onProgress: (done, total, perMinute) => {
      const now = performance.now();
      if (now - lastShown < 500 && done !== total) return;
      lastShown = now;
      stage.progress(Math.floor(done), total, 'architectures');
      stage.metric('architectures/min', Math.round(perMinute), Math.floor(done));
    },
  });
  const rows = asked.map(({ index, ops, group, sampled, rank, benchmark }, i) => ({
    index,
    ops,
    group,
    sampled,
    rank,
    predicted: predicted[i]!,
    benchmark,
  }));
  writeFileSync(stage.out('predictions'), predictionsToArrow(rows));
});
