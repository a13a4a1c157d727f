/** Trains one super-network: a size, a search space, a method, a seed. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openBackend } from '../src/nas/backend/open.ts';
import { readImageSet } from '../src/nas/data/image-files.ts';
import { downsampleTo } from '../src/nas/data/image-set.ts';
import { splitImages } from '../src/nas/data/split.ts';
import { parseParams } from '../src/nas/params.ts';
import { superNetworkLayout } from '../src/nas/supernet/network/layout.ts';
import { dataSchema, groupedVariantSchema } from '../src/nas/supernet/network/options.ts';
import { saveWeights, snapshotName } from '../src/nas/supernet/network/weights-file.ts';
import { train } from '../src/nas/supernet/train/train.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({
  seed: z.number().int().nonnegative(),
  backend: z.enum(['auto', 'tensorflow', 'wasm']).default('auto'),
  data: dataSchema,
  /** Epochs after which the weights are kept as well, in the out `snapshots`: how the ranking grows. */
  snapshots: z.array(z.number().int().positive()).default([]),
});

const checkpointEveryMs = 60_000;

export default defineStage(async (stage) => {
  const { seed, backend: wanted, data, snapshots } = parseParams(paramsSchema, stage.params);
  const variant = parseParams(groupedVariantSchema, stage.params);
  const images = downsampleTo(readImageSet(stage.dep('images')), data.side);
  const split = splitImages(images.count, data.validationImages, data.trainImages, data.splitSeed);
  const backend = await openBackend(wanted, { threads: stage.cpu });
  stage.info(`${backend.id.name} (${backend.id.version}), ${backend.id.threads} thread(s)`);

  const { epochs: _length, ...identity } = variant;
  // Beside the checkpoint they outlive an interruption.
  const kept = snapshots.length === 0 ? null : join(stage.checkpoint ?? stage.out('snapshots'), 'kept');
  if (kept !== null) mkdirSync(kept, { recursive: true });
  const provenance = { variant, data, seed, backend: backend.id };
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
    onEpoch: ({ epoch, loss, accuracy }, trained) => {
      if (kept !== null && snapshots.includes(epoch + 1))
        saveWeights(join(kept, snapshotName(epoch + 1)), backend, trained, provenance);
      stage.metric('loss', loss, epoch);
      stage.metric('accuracy', accuracy, epoch);
    },
  });
  saveWeights(stage.out('weights'), backend, network, provenance);
  if (kept !== null) {
    mkdirSync(stage.out('snapshots'), { recursive: true });
    for (const epoch of snapshots)
      copyFileSync(join(kept, snapshotName(epoch)), join(stage.out('snapshots'), snapshotName(epoch)));
  }
  writeFileSync(stage.out('history'), history.map((record) => `${JSON.stringify(record)}\n`).join(''));
  stage.info(`tensors took at most ${(peakBytes / 2 ** 20).toFixed(0)} MiB`);
});
