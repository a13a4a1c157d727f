/**
 * The tables that pass between the study's stages, as Arrow IPC files (flechette, arquero's own). Column names and
 * units are fixed here; each is written by one stage and read by those after it.
 */

/**
 * bench.arrow, long: one row for every number the benchmark has. Written by compact-bench, whatever its source.
 * Raw files give one row per seed; the compact CSV gives seed means (seed −1).
 */
export interface BenchRow {
  /** 0…15624, the benchmark's own order. */
  readonly index: number;
  /** Six digits. Held once per architecture in a dictionary column. */
  readonly ops: string;
  /** cifar10-valid | cifar10 | cifar100 | ImageNet16-120, or the name of an own micro-benchmark. */
  readonly dataset: string;
  /** train | x-valid | x-test | ori-test. */
  readonly split: string;
  /** Schedule: 12 or 200 epochs (any number for an own benchmark). */
  readonly hp: number;
  /** 0-based epoch of the measurement; −1: the last one. */
  readonly epoch: number;
  /** 777 | 888 | 999; −1: mean over seeds. */
  readonly seed: number;
  /** Accuracy in %. */
  readonly accuracy: number;
  /** Cross-entropy; NaN where unknown (null in the file). */
  readonly loss: number | null;
}

/** arch.arrow beside it: one row per architecture. */
export interface ArchRow {
  readonly index: number;
  readonly ops: string;
  /** Trainable parameters with CIFAR-10's head; null where unknown. */
  readonly params: number | null;
  /** Multiply-adds of one image, in millions as the benchmark counts them; null where unknown. */
  readonly flops: number | null;
  /** Seconds; null where unknown. */
  readonly latency: number | null;
  /** Seconds to train 200 epochs on CIFAR-10, mean over its seeds; null where unknown. */
  readonly trainSeconds: number | null;
}

/**
 * Which of the benchmark's numbers is the truth: `dataset/split/epochs/seeds`, e.g. `cifar10-valid/x-valid/last/mean`,
 * `cifar10-valid/train/last3/mean`, `cifar10/ori-test/last/777`; `@12` behind the dataset takes the 12-epoch schedule.
 */
export type Policy = string & { readonly __brand: 'Policy' };

/** predictions.arrow, one row an evaluated architecture. Written by evaluate[variant,seed]. */
export interface PredictionRow {
  readonly index: number;
  readonly ops: string;
  /** `top`: among the top-N of the benchmark under the variant's mask; `random`: not among them, but in the random sample;
   * `shared`: evaluated only so that masked and unmasked networks can be compared on the same architectures. */
  readonly group: 'top' | 'random' | 'shared';
  /** In the random sample of the space, which may hold some of the top as well. */
  readonly sampled: boolean;
  /** Rank in the masked benchmark, 1 = best; null for groups but `top`. */
  readonly rank: number | null;
  /** Accuracy on the validation images, in %. */
  readonly predicted: number;
  /** The benchmark's accuracy under the target policy, in %. */
  readonly benchmark: number;
}

/** The N of the paper's top-N (section 3.2). */
export const topNs = [10, 25, 50, 150, 250, 500] as const;
