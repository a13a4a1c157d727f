/** Trains one super-network: a size, a search space, a method, a seed. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { openBackend } from '../src/nas/backend/open.ts';
import { downsampleTo, readImageSet } from '../src/nas/data/image-set.ts';
import { splitImages } from '../src/nas/data/split.ts';
import { parseParams } from '../src/nas/params.ts';
import { superNetworkLayout } from '../src/nas/supernet/network/layout.ts';
import { dataSchema, groupedVariantSchema } from '../src/nas/supernet/network/options.ts';
import { saveWeights } from '../src/nas/supernet/network/weights-file.ts';
import { train } from '../src/nas/supernet/train/train.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  seed: z.number().int().nonnegative(),
  backend: z.enum(['auto', 'tensorflow', 'wasm']).default('auto'),
  data: dataSchema,
});

const checkpointEveryMs = 60_000;

export default defineStage(async (stage) => {
  const { seed, backend: wanted, data } = parseParams(paramsSchema, stage.params);
  const variant = parseParams(groupedVariantSchema, stage.params);
  const images = downsampleTo(readImageSet(stage.dep('images')), data.side);
  const split = splitImages(images.count, data.validationImages, data.trainImages, data.splitSeed);
  const backend = await openBackend(wanted, { threads: stage.cpu });
  stage.info(`${backend.id.name} (${backend.id.version}), ${backend.id.threads} thread(s)`);

  const { epochs: _length, ...identity } = variant;
  let lastShown = 0;
  const { network, history, peakBytes } = await train(backend, {
    layout: superNetworkLayout(variant),
    options: variant,
    images,
    indices: split.train,
    seed,
    signal: stage.signal,
    ...(stage.checkpoint === null
      ? {}
      : {
          checkpoint: {
            folder: stage.checkpoint,
            identity: JSON.stringify({ identity, data, seed, backend: backend.id }),
            everyMs: checkpointEveryMs,
          },
        }),
    onBatch: (done, total, rate) => {
      const now = performance.now();
      if (now - lastShown < 500 && done !== total) return;
      lastShown = now;
      stage.progress(done, total, 'batches');
      stage.metric('images/s', Math.round(rate), done);
    },
    onEpoch: ({ epoch, loss, accuracy }) => {
      stage.metric('loss', loss, epoch);
      stage.metric('accuracy', accuracy, epoch);
    },
  });
  saveWeights(stage.out('weights'), backend, network, { variant, data, seed, backend: backend.id });
  writeFileSync(stage.out('history'), history.map((record) => `${JSON.stringify(record)}\n`).join(''));
  stage.info(`tensors took at most ${(peakBytes / 2 ** 20).toFixed(0)} MiB`);
});
