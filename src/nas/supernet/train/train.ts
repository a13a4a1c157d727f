/** Trains a network along sampled paths, with checkpoints: interrupted and resumed is, bit for bit, uninterrupted. */
import type { Backend } from '../../backend/contract/backend.ts';
import { type Batch, type BatchPlan, batchesAnEpoch } from '../../data/batches.ts';
import type { ImageSet } from '../../data/image-set.ts';
import { plainLoader, threadedLoader } from '../../data/loader.ts';
import type { LoaderStart } from '../../data/loader-job.ts';
import type { Layout } from '../network/layout.ts';
import { disposeNetwork, fromStateDict, initialise, type Network } from '../network/network.ts';
import type { Variant } from '../network/options.ts';
import { trainingPass } from '../network/pass.ts';
import { type EpochRecord, loadCheckpoint, restoreOptimizer, saveCheckpoint } from './checkpoint.ts';
import { Course } from './course.ts';
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
  /** The network as it is after that epoch: to be saved, not kept. */
  readonly onEpoch?: (record: EpochRecord, network: Network) => void;
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
  const { options, checkpoint } = training;
  const { network, optimizer, course, sampler, plan } = begin(backend, training);
  const paths = training.fixedPath ?? sampler;
  const total = options.epochs * batchesAnEpoch(plan);
  const save = () => {
    if (!checkpoint) return;
    const { identity } = checkpoint;
    const progress = {
      ...course.saved,
      identity,
      sampler: sampler.state,
      lr: learningRate(options, course.epoch),
    };
    saveCheckpoint(checkpoint.folder, backend, { network, optimizer }, progress);
  };

  const loader = await openLoader(training, plan, { epoch: course.epoch, batch: course.batch });
  const started = performance.now();
  let lastSaved = started;
  let seen = 0;
  let peakBytes = 0;
  try {
    while (course.epoch < options.epochs) {
      const { epoch, batch } = course;
      const loaded = await loader.next();
      const pass = forwardAndBack(backend, network, paths.next(), { ...loaded, side: training.images.side });
      if (!Number.isFinite(pass.loss))
        throw new RangeError(
          `the loss became ${pass.loss} in epoch ${epoch}, batch ${batch}: try a smaller lr or a clipNorm`,
        );
      optimizer.accumulate(pass.gradients, pass.used);
      peakBytes = Math.max(peakBytes, pass.peakBytes);
      const lr = learningRate(options, epoch);
      if (course.makesStep(paths.period)) optimizer.step(lr);
      const record = course.advance(pass.loss, pass.correct, loaded.size, lr);
      if (record) training.onEpoch?.(record, network);
      seen += loaded.size;
      const now = performance.now();
      training.onBatch?.(course.batches, total, (1000 * seen) / (now - started));
      if (training.signal?.aborted) {
        save();
        throw new TrainingInterrupted(`interrupted in epoch ${course.epoch} after batch ${course.batch}`);
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
  return { network, history: course.history, peakBytes };
}

/** From the checkpoint where there is one of this training, else from the seed. */
function begin(backend: Backend, training: Training) {
  const { layout, options, seed, checkpoint } = training;
  const saved = checkpoint
    ? loadCheckpoint(checkpoint.folder, checkpoint.identity, (epoch) => learningRate(options, epoch))
    : null;
  const network = saved
    ? fromStateDict(backend, layout, saved.tensors, 'checkpoint')
    : initialise(backend, layout, seed);
  const optimizer = new Optimizer(backend, network, options);
  if (saved) restoreOptimizer(saved, network, optimizer);
  const plan = batchPlan(training);
  const cells = layout.stages.reduce((sum, stage) => sum + stage.length, 0);
  return {
    network,
    optimizer,
    plan,
    course: new Course(batchesAnEpoch(plan), saved?.progress),
    sampler: new Sampler(options, cells, seed, saved?.progress.sampler),
  };
}

/** One batch along one path; the batch's own tensors are disposed. */
function forwardAndBack(
  backend: Backend,
  network: Network,
  path: ReturnType<PathSource['next']>,
  { images, targets, size, side }: Batch & { readonly side: number },
) {
  const device = {
    images: backend.tensor(images, [size, side, side, 3]),
    targets: backend.tensor(targets, [size, targets.length / size]),
  };
  const pass = trainingPass(backend, network, path, device);
  backend.dispose([device.images, device.targets]);
  return pass;
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
