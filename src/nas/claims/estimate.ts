/**
 * The size of an effect and how sure it is. Seeds: the effect is computed per seed, every variant of it at the same seed
 * (the same order of images, the same sample), so that what the seeds share falls out; the spread over seeds gives its
 * error. Architectures: another set of them could have been asked; the effect without each tenth of them in turn (delete-a-
 * group jackknife, Kott 2001) gives that error. The two are independent and add up; degrees of freedom by Welch and
 * Satterthwaite.
 */
import { spreadOf } from '../stats/spread.ts';
import { studentQuantile } from '../stats/student.ts';
import { type Expression, evaluateExpression, MissingResult } from './expression.ts';
import { type BenchmarkFacts, claimFunctions, variantsOf } from './functions.ts';
import { jackknifeParts, type NetworkTable } from './networks.ts';
import type { Measured } from './region.ts';

export interface Estimate extends Measured {
  /** 95 %, two-sided; null for what is known exactly. */
  readonly interval: readonly [number, number] | null;
  /** Seeds; null: the benchmark alone decides. */
  readonly n: number | null;
}

/** `each`: what `$` in the expression stands for. @throws MissingResult for what was not run or is undefined */
export function estimate(
  of: Expression,
  each: string | null,
  { networks, benchmark }: { readonly networks: NetworkTable; readonly benchmark: BenchmarkFacts },
): Estimate {
  const variants = variantsOf(of, each);
  const at = (seed: string, seeds: readonly string[], without: number | null) =>
    evaluateExpression(of, claimFunctions({ networks, benchmark, seed, seeds, without }, each));
  if (variants.length === 0)
    return { effect: at('', [], null), error: 0, df: Infinity, interval: null, n: null };
  const seeds = commonSeeds(variants, networks);
  if (seeds.length === 0) throw new MissingResult(`${variants.join(' and ')} have no seed in common`);
  const { mean, std, n } = spreadOf(seeds.map((seed) => at(seed, seeds, null)));
  const effect = mean!;
  if (std === null) return { effect, error: Infinity, df: 1, interval: null, n };
  const ofSeeds = std / Math.sqrt(n);
  const ofArchitectures = jackknifeError((without) => {
    const values = seeds.map((seed) => at(seed, seeds, without));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  const error = Math.hypot(ofSeeds, ofArchitectures);
  const df =
    error === 0 ? n - 1 : error ** 4 / (ofSeeds ** 4 / (n - 1) + ofArchitectures ** 4 / (jackknifeParts - 1));
  const half = error === 0 ? 0 : studentQuantile(0.025, df) * error;
  return { effect, error, df, interval: [effect - half, effect + half], n };
}

/** Seeds that every variant has, in the order of the first. */
function commonSeeds(variants: readonly string[], networks: NetworkTable): readonly string[] {
  const [first, ...others] = variants.map((variant) => {
    const bySeed = networks.get(variant);
    if (!bySeed) throw new MissingResult(`${variant} was not run`);
    return bySeed;
  });
  return [...(first?.keys() ?? [])].filter((seed) => others.every((other) => other.has(seed)));
}

function jackknifeError(without: (part: number) => number): number {
  const values = Array.from({ length: jackknifeParts }, (_, part) => without(part));
  const mean = values.reduce((sum, value) => sum + value, 0) / jackknifeParts;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt((squares * (jackknifeParts - 1)) / jackknifeParts);
}
