/** Trains one architecture alone and measures it: what a benchmark's entry is made of. */
import type { Backend } from '../backend/contract/backend.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Split } from '../data/split.ts';
import type { Architecture } from '../space/architecture.ts';
import { evaluate } from './evaluate/evaluate.ts';
import { parameterCount, standAloneLayout } from './network/layout.ts';
import { disposeNetwork } from './network/network.ts';
import type { Variant } from './network/options.ts';
import { batchPlan, train } from './train/train.ts';

export interface StandAloneJob {
  readonly architecture: Architecture;
  readonly options: Variant;
  readonly images: ImageSet;
  readonly split: Split;
  /** Images that neither train nor validate. */
  readonly test: ImageSet;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface StandAloneResult {
  readonly parameters: number;
  /** Accuracies in % after the last epoch; `training` is over the last epoch's augmented batches. */
  readonly training: number;
  readonly validation: number;
  readonly test: number;
}

/** Nodes are summed and normalisation is affine, as in NAS-Bench-201; of the options only size and training count. */
export async function trainStandAlone(backend: Backend, job: StandAloneJob): Promise<StandAloneResult> {
  const { architecture, options, images, split, seed } = job;
  const layout = standAloneLayout(architecture, options);
  const path = options.cellsPerStage * 3;
  const { network, history } = await train(backend, {
    layout,
    options,
    images,
    indices: split.train,
    seed,
    fixedPath: { period: 1, next: () => Array(path).fill(architecture) },
    // A small network's batches are made faster than a thread is started.
    threaded: false,
    ...(job.signal ? { signal: job.signal } : {}),
  });
  const accuracyOn = async (set: ImageSet, indices: Uint32Array) => {
    const [accuracy] = await evaluate(backend, {
      network,
      architectures: [architecture],
      images: set,
      validation: indices,
      options: { batchNorm: 'running', batchSize: null, recalibrationBatches: 1 },
      recalibration: batchPlan({ options, images, indices: split.train, seed }),
    });
    return accuracy!;
  };
  const everyTestImage = Uint32Array.from({ length: job.test.count }, (_, i) => i);
  const result = {
    parameters: parameterCount(layout),
    training: history.at(-1)!.accuracy,
    validation: await accuracyOn(images, split.validation),
    test: await accuracyOn(job.test, everyTestImage),
  };
  disposeNetwork(backend, network);
  return result;
}
