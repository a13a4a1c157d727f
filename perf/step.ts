/** A strictly fair training step on random images: what perf/train.ts races and perf/ops.ts takes apart. */
import type { Backend } from '../src/nas/backend/contract/backend.ts';
import { Random } from '../src/nas/data/random.ts';
import type { Architecture } from '../src/nas/space/architecture.ts';
import { superNetworkLayout } from '../src/nas/supernet/network/layout.ts';
import { initialise } from '../src/nas/supernet/network/network.ts';
import { variantSchema } from '../src/nas/supernet/network/options.ts';
import { trainingPass } from '../src/nas/supernet/network/pass.ts';
import { Optimizer } from '../src/nas/supernet/train/optimizer.ts';
import { Sampler } from '../src/nas/supernet/train/sampler.ts';

export interface StepSetting {
  readonly channels: number;
  readonly cellsPerStage: number;
  readonly batch: number;
  /** Pixels of an image's side. */
  readonly side: number;
}

/** `16x1x64` is channels × cells a stage × batch. */
export function stepSetting(text: string, side: number): StepSetting {
  const [channels = 16, cellsPerStage = 1, batch = 64] = text.split('x').map(Number);
  return { channels, cellsPerStage, batch, side };
}

/** The five paths of each step, one architecture a cell. */
export function strictlyFairPaths({ cellsPerStage }: StepSetting): () => (readonly Architecture[])[] {
  const sampler = new Sampler(variantSchema.parse({}), 3 * cellsPerStage, 0);
  return () => Array.from({ length: 5 }, () => sampler.next());
}

/** Runs its paths forward and backward, then SGD; returns the milliseconds. */
export function trainingStep(
  backend: Backend,
  { channels, cellsPerStage, batch: size, side }: StepSetting,
): (paths: readonly (readonly Architecture[])[]) => number {
  const options = variantSchema.parse({ channels, cellsPerStage, batchSize: size });
  const network = initialise(backend, superNetworkLayout(options), 0);
  const optimizer = new Optimizer(backend, network, options);
  const random = Random.stream(0, 'images');
  const values = new Float32Array(size * side ** 2 * 3).map(() => 2 * random.uniform() - 1);
  const hot = new Float32Array(size * 10).map((_, i) => (Math.floor(i / 10) % 10 === i % 10 ? 1 : 0));
  const batch = {
    images: backend.tensor(values, [size, side, side, 3]),
    targets: backend.tensor(hot, [size, 10]),
  };
  return (paths) => {
    const start = performance.now();
    for (const path of paths) {
      const { gradients, used } = trainingPass(backend, network, path, batch);
      optimizer.accumulate(gradients, used);
    }
    optimizer.step(options.lr);
    return performance.now() - start;
  };
}
