/** Trains a network along sampled paths, with checkpoints: interrupted and resumed is, bit for bit, uninterrupted. */
import type { Backend } from '../../backend/contract/backend.ts';
import type { BatchPlan } from '../../data/batches.ts';
import { batchesAnEpoch } from '../../data/batches.ts';
import type { ImageSet } from '../../data/image-set.ts';
import { type LoaderStart, plainLoader, threadedLoader } from '../../data/loader.ts';
import type { Layout } from '../network/layout.ts';
import { disposeNetwork, fromStateDict, initialise, type Network } from '../network/network.ts';
import type { Variant } from '../network/options.ts';
import { trainingPass } from '../network/pass.ts';
import {
  type EpochRecord,
  loadCheckpoint,
  type Progress,
  restoreOptimizer,
  saveCheckpoint,
} from './checkpoint.ts';
import { Optimizer } from './optimizer.ts';
import { Sampler } from './sampler.ts';
import { learningRate } from './schedule.ts';

export interface Training {
  readonly layout: Layout;
  readonly options: Variant;
  readonly images: ImageSet;
  /** Which of the images train. */
  readonly indices: Uint32Array;
  readonly seed: number;
  /** Paths other than the options' sampling: a stand-alone network has one. */
  readonly fixedPath?: PathSource;
  /** Whether a thread prepares the batches (default) or they are made when needed. */
  readonly threaded?: boolean;
  readonly checkpoint?: CheckpointOptions;
  readonly signal?: AbortSignal;
  /** After every batch: batches done, of all, and images a second so far in this process. */
  readonly onBatch?: (done: number, total: number, rate: number) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** Where paths come from; Sampler is one. */
export type PathSource = Pick<Sampler, 'next' | 'period'>;

export interface CheckpointOptions {
  readonly folder: string;
  /** Names the training apart from its length: a state of another identity is not used. */
  readonly identity: string;
  /** Milliseconds between two checkpoints, at least. */
  readonly everyMs: number;
}

export interface Trained {
  readonly network: Network;
  readonly history: readonly EpochRecord[];
  /** Most bytes of tensors alive in a backward pass. */
  readonly peakBytes: number;
}

/** Thrown when the signal asked for an end; the checkpoint is written. */
export class TrainingInterrupted extends Error {
  override readonly name = 'TrainingInterrupted';
}

/** Runs the training to its end. The caller disposes the network. */
export async function train(backend: Backend, training: Training): Promise<Trained> {
  const { layout, options, images, seed, checkpoint } = training;
  const saved = checkpoint
    ? loadCheckpoint(checkpoint.folder, checkpoint.identity, (epoch) => learningRate(options, epoch))
    : null;
  const network = saved
    ? fromStateDict(backend, layout, saved.tensors, 'checkpoint')
    : initialise(backend, layout, seed);
  const optimizer = new Optimizer(backend, network, options);
  if (saved) restoreOptimizer(saved, network, optimizer);

  const plan = batchPlan(training);
  const perEpoch = batchesAnEpoch(plan);
  const cells = layout.stages.reduce((sum, stage) => sum + stage.length, 0);
  const sampler = new Sampler(options, cells, seed, saved?.progress.sampler);
  const paths = training.fixedPath ?? sampler;

  let { epoch, batch, accumulated } = saved?.progress ?? { epoch: 0, batch: 0, accumulated: 0 };
  let totals = saved?.progress.totals ?? { loss: 0, correct: 0, images: 0 };
  const history = [...(saved?.progress.history ?? [])];
  const progress = (): Progress => ({
    identity: checkpoint?.identity ?? '',
    epoch,
    batch,
    accumulated,
    sampler: sampler.state,
    totals,
    lr: learningRate(options, epoch),
    history,
  });
  const save = () => {
    if (checkpoint) saveCheckpoint(checkpoint.folder, backend, network, optimizer, progress());
  };

  const loader = await openLoader(training, plan, { epoch, batch });
  const started = performance.now();
  let lastSaved = started;
  let seen = 0;
  let peakBytes = 0;
  try {
    while (epoch < options.epochs) {
      const loaded = await loader.next();
      const device = {
        images: backend.tensor(loaded.images, [loaded.size, images.side, images.side, 3]),
        targets: backend.tensor(loaded.targets, [loaded.size, loaded.targets.length / loaded.size]),
      };
      const { loss, correct, gradients, used, ...pass } = trainingPass(
        backend,
        network,
        paths.next(),
        device,
      );
      backend.dispose([device.images, device.targets]);
      if (!Number.isFinite(loss))
        throw new RangeError(
          `the loss became ${loss} in epoch ${epoch}, batch ${batch}: try a smaller lr or a clipNorm`,
        );
      optimizer.accumulate(gradients, used);
      peakBytes = Math.max(peakBytes, pass.peakBytes);
      const lr = learningRate(options, epoch);
      if (++accumulated >= paths.period) {
        optimizer.step(lr);
        accumulated = 0;
      }
      totals = {
        loss: totals.loss + loss * loaded.size,
        correct: totals.correct + correct,
        images: totals.images + loaded.size,
      };
      seen += loaded.size;
      if (++batch === perEpoch) {
        history.push({
          epoch,
          lr,
          loss: totals.loss / totals.images,
          accuracy: (100 * totals.correct) / totals.images,
        });
        training.onEpoch?.(history.at(-1)!);
        totals = { loss: 0, correct: 0, images: 0 };
        batch = 0;
        epoch++;
      }
      const now = performance.now();
      training.onBatch?.(
        epoch * perEpoch + batch,
        options.epochs * perEpoch,
        (1000 * seen) / (now - started),
      );
      if (training.signal?.aborted) {
        save();
        throw new TrainingInterrupted(`interrupted in epoch ${epoch} after batch ${batch}`);
      }
      if (checkpoint && now - lastSaved >= checkpoint.everyMs) {
        save();
        lastSaved = performance.now();
      }
    }
    // What follows may fail (a full disk): the whole training should not be lost with it.
    save();
  } catch (error) {
    disposeNetwork(backend, network);
    throw error;
  } finally {
    await loader.close();
    optimizer.dispose();
  }
  return { network, history, peakBytes };
}

/** How the training's images become batches; recalibration draws from the same. */
export function batchPlan({
  options,
  images,
  indices,
  seed,
}: Pick<Training, 'options' | 'images' | 'indices' | 'seed'>): BatchPlan {
  return {
    indices,
    batchSize: options.batchSize,
    augmentation: {
      cropPadding: options.cropPadding ?? Math.floor(images.side / 8),
      flip: true,
      autoAugment: options.autoAugment,
    },
    labelSmoothing: options.labelSmoothing,
    seed,
  };
}

async function openLoader(training: Training, plan: BatchPlan, start: LoaderStart) {
  return training.threaded === false
    ? plainLoader(training.images, plan, start)
    : threadedLoader(training.images, plan, start);
}
