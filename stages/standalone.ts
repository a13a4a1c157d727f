/** Trains a share of the micro-benchmark's architectures one by one, each alone. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openBackend } from '../src/nas/backend/open.ts';
import { readImageSet } from '../src/nas/data/image-files.ts';
import { downsampleTo } from '../src/nas/data/image-set.ts';
import { Random } from '../src/nas/data/random.ts';
import { splitImages } from '../src/nas/data/split.ts';
import { parseParams } from '../src/nas/params.ts';
import { fromCode, spaceSize, toCode, toDigits } from '../src/nas/space/architecture.ts';
import { dataSchema, groupedVariantSchema } from '../src/nas/supernet/network/options.ts';
import { trainStandAlone } from '../src/nas/supernet/stand-alone.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.strictObject({
  /** Architectures drawn in all, by a seed of their own. */
  architectures: z.number().int().positive().max(spaceSize),
  sampleSeed: z.number().int().nonnegative(),
  shard: z.number().int().nonnegative(),
  shards: z.number().int().positive(),
  seed: z.number().int().nonnegative(),
  backend: z.enum(['auto', 'tensorflow', 'wasm']),
  data: dataSchema,
  train: z.record(z.string(), z.unknown()),
});

export default defineStage(async (stage) => {
  const params = parseParams(paramsSchema, stage.params);
  const options = parseParams(groupedVariantSchema, { train: params.train });
  const images = downsampleTo(readImageSet(stage.dep('images')), params.data.side);
  const test = downsampleTo(readImageSet(stage.dep('test')), params.data.side);
  const { validationImages, trainImages, splitSeed } = params.data;
  const split = splitImages(images.count, validationImages, trainImages, splitSeed);
  const backend = await openBackend(params.backend, { threads: stage.cpu });
  const mine = Random.stream(params.sampleSeed, 'micro-benchmark')
    .permutation(spaceSize)
    .subarray(0, params.architectures)
    .filter((_, i) => i % params.shards === params.shard);

  // A line per architecture as it is done: an interrupted share goes on behind the last whole line.
  const saved = stage.checkpoint && join(stage.checkpoint, 'measured.csv');
  const lines =
    saved && statSync(saved, { throwIfNoEntry: false })
      ? readFileSync(saved, 'utf8').split('\n').slice(0, -1)
      : [];
  for (const [done, code] of mine.entries()) {
    if (done < lines.length) continue;
    const architecture = fromCode(code);
    const result = await trainStandAlone(backend, {
      architecture,
      options,
      images,
      split,
      test,
      seed: params.seed,
      signal: stage.signal,
    });
    const { parameters, training, validation, test: tested } = result;
    const accuracies = [training, validation, tested].map((value) => value.toFixed(3));
    lines.push([toCode(architecture), toDigits(architecture), ...accuracies, parameters].join(','));
    if (saved) writeFileSync(saved, `${lines.join('\n')}\n`);
    stage.progress(done + 1, mine.length, 'architectures');
    stage.metric('test accuracy', tested, done);
  }
  writeFileSync(stage.out('measured'), `${lines.join('\n')}\n`);
});
