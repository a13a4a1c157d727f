/** Networks as the study would have them, with made-up predictions: the benchmark's accuracy plus noise. */
import { sampleEvaluation } from '../../../src/nas/benchmark/target.ts';
import { Random } from '../../../src/nas/data/random.ts';
import type { NetworkPredictions } from '../../../src/nas/study/aggregate.ts';

type Rows = Parameters<typeof sampleEvaluation>[0];

export interface Variant {
  readonly size: string;
  readonly space: string;
  readonly method: string;
}

/** The mask of a space by its name in pipeline.yaml. */
export function maskOf(space: string): string[] {
  return space === 'all' ? [] : space.split('-').slice(1);
}

export function madeUpNetworks(
  bench: Rows,
  variants: readonly Variant[],
  seeds: number,
  sample: { readonly top: number; readonly random: number },
): NetworkPredictions[] {
  return variants.flatMap(({ size, space, method }) => {
    const mask = maskOf(space);
    const sharedMasks = space === 'all' ? [['zero'], ['pool']] : [];
    const asked = sampleEvaluation(bench, mask, { ...sample, sampleSeed: 0, sharedMasks });
    return Array.from({ length: seeds }, (_, seed): NetworkPredictions => {
      const random = Random.stream(seed, `${size}/${space}/${method}`);
      return {
        axes: { size, space, method, seed: String(seed) },
        rows: asked.map(({ architecture: _, ...one }) => ({
          ...one,
          predicted: Math.max(10, one.benchmark / 2 + 4 * random.normal()),
        })),
      };
    });
  });
}
