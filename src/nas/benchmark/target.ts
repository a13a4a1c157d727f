/**
 * Which architectures a network is asked about: the benchmark's best under its mask, a random sample of what is left,
 * and those that other networks are asked about, so that two networks can be compared on the same ones.
 */
import { Random } from '../data/random.ts';
import { type Architecture, parseArchitecture } from '../space/architecture.ts';
import { allows } from '../space/mask.ts';
import type { PredictionRow } from '../tables.ts';

export interface RankedArchitecture {
  readonly index: number;
  readonly ops: string;
  readonly architecture: Architecture;
  /** The benchmark's accuracy under the target policy, in %. */
  readonly benchmark: number;
}

export interface AskedArchitecture extends RankedArchitecture {
  readonly group: PredictionRow['group'];
  /** In the random sample, which is drawn from the whole space that the mask leaves, its best included. */
  readonly sampled: boolean;
  /** 1 = best under the mask; null outside the top. */
  readonly rank: number | null;
}

export interface SampleOptions {
  /** The paper's 500. */
  readonly top: number;
  /** The paper's 1000, or all that are left when there are fewer. */
  readonly random: number;
  readonly sampleSeed: number;
  /** Masks of other networks whose architectures this one is asked about as well. */
  readonly sharedMasks?: readonly (readonly string[])[];
}

/** The architectures a mask leaves, best first; equal ones stay in the benchmark's order (study: section 4). */
export function rankUnder(
  rows: readonly { readonly index: number; readonly ops: string; readonly accuracy: number }[],
  mask: readonly string[],
): RankedArchitecture[] {
  return rows
    .map(({ index, ops, accuracy }) => ({
      index,
      ops,
      architecture: parseArchitecture(ops),
      benchmark: accuracy,
    }))
    .filter(({ architecture }) => allows(mask, architecture))
    .sort((a, b) => b.benchmark - a.benchmark || a.index - b.index);
}

/**
 * The top-N under the mask, then the random sample, then the shared ones; each architecture once. The sample is the
 * front of one random order of the whole benchmark, so samples under different masks overlap as far as they can, and a
 * larger sample contains a smaller one. A space with fewer architectures than the sample is taken whole.
 */
export function sampleEvaluation(
  rows: readonly { readonly index: number; readonly ops: string; readonly accuracy: number }[],
  mask: readonly string[],
  options: SampleOptions,
): AskedArchitecture[] {
  const order = randomOrder(rows, options.sampleSeed);
  const asked = new Map<number, AskedArchitecture>();
  const own = chosenUnder(rows, mask, order, options);
  const sampled = new Set(own.sample.map(({ index }) => index));
  own.top.forEach((one, i) => {
    asked.set(one.index, { ...one, group: 'top', rank: i + 1, sampled: sampled.has(one.index) });
  });
  for (const one of own.sample) {
    if (!asked.has(one.index)) asked.set(one.index, { ...one, group: 'random', rank: null, sampled: true });
  }
  for (const other of options.sharedMasks ?? []) {
    // A network can be asked only about architectures that it has the operations of.
    if (!mask.every((name) => other.includes(name))) continue;
    const { top, sample } = chosenUnder(rows, other, order, options);
    for (const one of [...top, ...sample]) {
      if (!asked.has(one.index)) {
        asked.set(one.index, { ...one, group: 'shared', rank: null, sampled: false });
      }
    }
  }
  return [...asked.values()];
}

function chosenUnder(
  rows: Parameters<typeof rankUnder>[0],
  mask: readonly string[],
  order: ReadonlyMap<number, number>,
  { top, random }: SampleOptions,
): { readonly top: readonly RankedArchitecture[]; readonly sample: readonly RankedArchitecture[] } {
  const ranked = rankUnder(rows, mask);
  const shuffled = [...ranked].sort((a, b) => order.get(a.index)! - order.get(b.index)!);
  return { top: ranked.slice(0, top), sample: shuffled.slice(0, random) };
}

/** index → place in a random order that depends on the seed and the set of indices alone. */
function randomOrder(rows: readonly { readonly index: number }[], seed: number): ReadonlyMap<number, number> {
  const indices = rows.map(({ index }) => index).sort((a, b) => a - b);
  Random.stream(seed, 'evaluation-sample').shuffle(indices);
  return new Map(indices.map((index, place) => [index, place]));
}
