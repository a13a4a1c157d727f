/** Predicts architectures' accuracy with a trained super-network (study: section 4). */
import type { Backend, Tensor } from '../../backend/contract/backend.ts';
import { type BatchPlan, batchesAnEpoch, epochOrder, fillBatch, plainImages } from '../../data/batches.ts';
import { classCount, type ImageSet } from '../../data/image-set.ts';
import { type Architecture, toDigits } from '../../space/architecture.ts';
import { freshStatistics, type Network, type RunningStatistics } from '../network/network.ts';
import type { EvaluationOptions } from '../network/options.ts';
import { groupByComputation } from './computation.ts';
import { BatchForward } from './forward.ts';
import { batchNormaliser, fixedNormaliser, type Normaliser } from './normalise.ts';

export interface Evaluation {
  readonly network: Network;
  readonly architectures: readonly Architecture[];
  readonly images: ImageSet;
  /** Which of the images validate. */
  readonly validation: Uint32Array;
  readonly options: Pick<EvaluationOptions, 'batchNorm' | 'batchSize' | 'recalibrationBatches'>;
  /** The training batches that `recalibrated` forwards first. */
  readonly recalibration: BatchPlan;
  readonly signal?: AbortSignal;
  /** Architectures done, as a fraction while they share batches, and how many a minute. */
  readonly onProgress?: (done: number, total: number, perMinute: number) => void;
}

/** Accuracy on the validation images in %, one per architecture, in their order. */
export async function evaluate(backend: Backend, evaluation: Evaluation): Promise<Float64Array> {
  const { architectures, validation, options, network } = evaluation;
  // Sorted by digits, neighbours share the beginning of the first cell.
  const computations = groupByComputation(architectures, network.layout)
    .map((computation) => ({ ...computation, digits: toDigits(computation.architecture) }))
    .sort((a, b) => (a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0));
  const asked = computations.map(({ architecture }) => architecture);
  const correct = new Float64Array(asked.length);
  const report = progressReporter(evaluation, asked.length);

  if (options.batchNorm === 'recalibrated') {
    const batches = recalibrationBatches(backend, evaluation);
    for (const [index, architecture] of asked.entries()) {
      const statistics = recalibrate(backend, network, architecture, batches);
      const normaliser = fixedNormaliser(backend, network, statistics);
      for (const batch of validationBatches(evaluation))
        await onBatch(
          { backend, normaliser },
          { ...evaluation, indices: batch },
          [architecture],
          (_, hits) => {
            correct[index]! += hits;
          },
        );
      normaliser.dispose();
      report(index + 1);
    }
    backend.dispose(batches);
  } else {
    const normaliser =
      options.batchNorm === 'running'
        ? fixedNormaliser(backend, network, network.statistics)
        : batchNormaliser(backend, network);
    let images = 0;
    for (const batch of validationBatches(evaluation)) {
      await onBatch({ backend, normaliser }, { ...evaluation, indices: batch }, asked, (index, hits) => {
        correct[index]! += hits;
        report((images * asked.length + batch.length * (index + 1)) / validation.length);
      });
      images += batch.length;
    }
    normaliser.dispose();
  }
  const accuracies = new Float64Array(architectures.length);
  computations.forEach(({ positions }, index) => {
    for (const position of positions) accuracies[position] = (100 * correct[index]!) / validation.length;
  });
  return accuracies;
}

/** Live values of one stage's size in an evaluation: the first cell's cache and what a cell needs at once. */
const liveTensors = 30;
const memoryBudget = 256 * 2 ** 20;

/** Images at once that keep the evaluation's tensors within a quarter of a GiB. */
export function automaticBatchSize(network: Network, side: number): number {
  const channels = network.layout.stages[0]![0]!.channels;
  const bytesAnImage = channels * side * side * 4 * liveTensors;
  return Math.max(1, Math.min(1000, Math.floor(memoryBudget / bytesAnImage)));
}

function* validationBatches({ network, images, validation, options }: Evaluation): Generator<Uint32Array> {
  const size = options.batchSize ?? automaticBatchSize(network, images.side);
  for (let at = 0; at < validation.length; at += size) yield validation.subarray(at, at + size);
}

/** Runs architectures over one batch of images and tells how many images each got right. */
async function onBatch(
  { backend, normaliser }: { readonly backend: Backend; readonly normaliser: Normaliser },
  { network, images, signal, indices }: Evaluation & { readonly indices: Uint32Array },
  architectures: readonly Architecture[],
  onResult: (index: number, correct: number) => void,
): Promise<void> {
  const input = backend.tensor(plainImages(images, indices), [indices.length, images.side, images.side, 3]);
  const forward = new BatchForward(backend, network, normaliser, input);
  try {
    for (const [index, architecture] of architectures.entries()) {
      const logits = forward.logits(architecture);
      const guessed = backend.argMax(logits);
      backend.dispose([logits]);
      let hits = 0;
      for (let i = 0; i < indices.length; i++) if (guessed[i] === images.labels[indices[i]!]) hits++;
      onResult(index, hits);
      // Signals and timers get their turn.
      if (index % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
  } finally {
    forward.dispose();
    backend.dispose([input]);
  }
}

/**
 * Statistics of an architecture alone: the plain mean over some training batches [n, side, side, 3], as PyTorch makes
 * with momentum=None.
 */
export function recalibrate(
  backend: Backend,
  network: Network,
  architecture: Architecture,
  batches: readonly Tensor[],
): RunningStatistics[] {
  const statistics = freshStatistics(network.layout);
  const seen = new Uint32Array(network.layout.norms.length);
  const normaliser = batchNormaliser(backend, network, (norm, mean, variance, count) => {
    const share = 1 / ++seen[norm]!;
    const kept = statistics[norm]!;
    for (let c = 0; c < mean.length; c++) {
      kept.mean[c]! += (mean[c]! - kept.mean[c]!) * share;
      kept.variance[c]! += ((variance[c]! * count) / (count - 1) - kept.variance[c]!) * share;
    }
  });
  for (const batch of batches) {
    const forward = new BatchForward(backend, network, normaliser, batch);
    backend.dispose([forward.logits(architecture)]);
    forward.dispose();
  }
  return statistics;
}

/** The first batches of the training's first epoch, on the backend. */
function recalibrationBatches(backend: Backend, { images, recalibration, options }: Evaluation): Tensor[] {
  const order = epochOrder(recalibration, 0);
  const pixels = images.side * images.side * 3;
  const count = Math.min(options.recalibrationBatches, batchesAnEpoch(recalibration));
  return Array.from({ length: count }, (_, batch) => {
    const values = new Float32Array(recalibration.batchSize * pixels);
    const targets = new Float32Array(recalibration.batchSize * classCount);
    const size = fillBatch(images, recalibration, order, 0, batch, values, targets);
    return backend.tensor(values.subarray(0, size * pixels), [size, images.side, images.side, 3]);
  });
}

/** Counts architectures: one computation counts as its share of all. */
function progressReporter(
  { architectures, onProgress }: Evaluation,
  computations: number,
): (done: number) => void {
  const started = performance.now();
  return (computed) => {
    const done = (computed / computations) * architectures.length;
    onProgress?.(done, architectures.length, (60_000 * done) / (performance.now() - started));
  };
}
