/** How often the verdicts are right: over synthetic studies in which the paper is right, and in which nothing has an effect. */

import { spaceSize } from '../space/architecture.ts';
import { spreadOf } from '../stats/spread.ts';
import { examineClaims, type Verdict, verdictsOf } from './claims.ts';
import type { Claim, ClaimsFile, RunScale } from './form.ts';
import { BenchmarkFacts } from './functions.ts';
import type { PartResult } from './part.ts';
import { isInside } from './region.ts';
import { syntheticStudy, type Truth, type World } from './synthetic.ts';

interface PartCalibration {
  /** Of the parts that are not true in the second world; null: there is none that stands by itself. */
  readonly partSupportedWhenNull: number | null;
  /** Of the 95 % interval of an effect that is nought in the second world; null: no part has such an effect. */
  readonly coverage: number | null;
}

/** Of one claim at one number of seeds. Parts of the studies. */
export interface Power extends PartCalibration {
  readonly id: string;
  readonly seeds: number;
  readonly studies: number;
  readonly supportedWhenTrue: number;
  readonly contradictedWhenTrue: number;
  readonly supportedWhenNull: number;
  readonly contradictedWhenNull: number;
}

const plain: Truth = { level: 36, belowTop: 3, slope: 0, within: 0, tau: 0.2, chance: 0.1, deviation: 1.3 };

/** As the paper describes its networks; sizes of effects as the published run has them where it has them. */
export function paperWorld(): World {
  return new Map<string, Truth>([
    ['S/all/baseline', { ...plain, within: 3, tau: 0.25 }],
    ['S/no-zero/baseline', { ...plain, level: 43, slope: -1.5, tau: 0.35, chance: 0.02 }],
    ['S/no-skip/baseline', { ...plain, level: 29, belowTop: -2.5, slope: 2.5, within: 8, tau: 0.3 }],
    ['S/no-conv1x1/baseline', { ...plain, level: 40, slope: 1, tau: 0.25 }],
    ['S/no-conv3x3/baseline', { ...plain, level: 39, slope: 1, tau: 0.25 }],
    ['S/no-pool/baseline', { ...plain, level: 37, slope: -1.5, tau: 0.35 }],
    ['S/no-zero-pool/baseline', { ...plain, level: 45, slope: -2, tau: 0.5, chance: 0 }],
    ['S/no-zero-skip/baseline', { ...plain, level: 43, slope: -2, tau: 0.5, chance: 0 }],
    ['S/no-skip-pool/baseline', { ...plain, slope: 1 }],
    ['S/no-conv1x1-pool/baseline', { ...plain, slope: 1 }],
    ['S/no-conv3x3-pool/baseline', { ...plain, slope: 1 }],
    ['S/all/lt-skip', { ...plain, level: 29, belowTop: -3, slope: 1.5, deviation: 0.4 }],
    ['S/all/lt-skip-pool', { ...plain, level: 29, slope: 1.8, deviation: 0.4 }],
    ['S/no-zero-pool/lt-skip', { ...plain, level: 45, slope: -3, tau: 0.5 }],
    ['S/no-zero-pool/lt-skip-pool', { ...plain, level: 45, slope: -3, tau: 0.5 }],
    ['S/all/not-shared', { ...plain, slope: 1.5, tau: 0.25 }],
    ['S/all/uniform', { ...plain, level: 39, slope: 0.5, tau: 0.2 }],
    ['S/all/warm-up', { ...plain, slope: 0.2, within: 3, tau: 0.23 }],
    ['S/all/clipping', { ...plain, within: 3, tau: 0.25 }],
    ['S/all/regularised', { ...plain, level: 34, slope: 1.5 }],
    ['S/no-zero-pool/regularised', { ...plain, level: 43, slope: -1.5 }],
    ['M/all/baseline', { ...plain, slope: -1, deviation: 5 }],
    ['M/no-zero/baseline', { ...plain, level: 12, slope: 0.5, belowTop: -3, deviation: 2 }],
    ['M/no-zero-pool/baseline', { ...plain, level: 15, belowTop: -3, deviation: 3 }],
    ['M/no-zero-pool/lt-skip', { ...plain, level: 60, slope: -1.5 }],
    ['M/no-zero/warm-up', { ...plain, level: 12, belowTop: -3, deviation: 2 }],
    ['M/no-zero/clipping', { ...plain, level: 12, belowTop: -3, deviation: 2 }],
    ['M/no-zero/regularised', { ...plain, level: 11, belowTop: -3, deviation: 2 }],
    ['M/no-zero/not-shared', { ...plain, level: 35 }],
    ['M/no-zero/uniform', { ...plain, level: 35 }],
    ['cells-1/all/baseline', { ...plain, tau: 0.35 }],
    ['cells-5/all/baseline', { ...plain, tau: 0.15 }],
  ]);
}

/**
 * No claim is true, each by a hair: every variant ranks alike, and those of which the paper says that they make no
 * difference make just as much as the claim's margin.
 */
export function nullWorld(): World {
  const equal: Truth = { ...plain, belowTop: 0, chance: 0.05 };
  const world = new Map([...paperWorld().keys()].map((variant): [string, Truth] => [variant, equal]));
  for (const method of ['warm-up', 'clipping'])
    world.set(`S/all/${method}`, { ...equal, slope: -1, tau: equal.tau + 0.1 });
  world.set('S/no-zero-pool/lt-skip-pool', { ...equal, slope: 1, level: equal.level + 2 });
  for (const variant of world.keys())
    if (variant.startsWith('M/')) world.set(variant, { ...equal, level: 20 });
  return world;
}

/** `onStudy` is called after each study, with how many are done of how many. */
export function powerOf(
  file: ClaimsFile,
  options: {
    readonly seeds: readonly number[];
    readonly studies: number;
    /** Full names of the variants that are run, `S/no-zero/baseline`; all when left out. */
    readonly variants?: readonly string[];
    readonly onStudy?: (done: number, all: number) => void;
  },
): readonly Power[] {
  const all = options.seeds.length * options.studies * 2;
  let done = 0;
  const onStudy = () => options.onStudy?.(++done, all);
  const run = (world: World): World =>
    new Map([...world].filter(([variant]) => options.variants?.includes(variant) ?? true));
  return options.seeds.flatMap((seeds) => {
    const how = { seeds, studies: options.studies, onStudy };
    const whenTrue = simulate(file, run(paperWorld()), how);
    const whenNull = simulate(file, run(nullWorld()), how);
    return file.claims.flatMap((claim): Power[] => {
      const [t, f] = [whenTrue.get(claim)!, whenNull.get(claim)!];
      if (t.verdicts.length === 0) return [];
      const part = (of: readonly Verdict[], verdict: Verdict) =>
        of.filter((one) => one === verdict).length / options.studies;
      return [
        {
          id: claim.id,
          seeds,
          studies: options.studies,
          supportedWhenTrue: part(t.verdicts, 'supported'),
          contradictedWhenTrue: part(t.verdicts, 'contradicted'),
          supportedWhenNull: part(f.verdicts, 'supported'),
          contradictedWhenNull: part(f.verdicts, 'contradicted'),
          ...worstParts(claim, f.parts, file.level),
        },
      ];
    });
  });
}

interface Simulated {
  /** Of the studies in which the claim could be tested. */
  readonly verdicts: Verdict[];
  /** A list per study. */
  readonly parts: (readonly PartResult[])[];
}

function simulate(
  file: ClaimsFile,
  world: World,
  how: { readonly seeds: number; readonly studies: number; readonly onStudy: () => void },
): ReadonlyMap<Claim, Simulated> {
  // The benchmark's own claims are no matter of power; its size says that it is whole.
  const benchmark = new BenchmarkFacts(
    Array.from({ length: spaceSize }, (_, index) => ({ index, ops: '000000', accuracy: 0 })),
    new Map(),
  );
  const scale: RunScale = { ...file.paper, embedded: false, planned: how.seeds };
  const found = new Map(file.claims.map((claim): [Claim, Simulated] => [claim, { verdicts: [], parts: [] }]));
  for (let study = 0; study < how.studies; study++) {
    const results = { networks: syntheticStudy(world, how.seeds, study), benchmark, scale };
    const examined = examineClaims(file, results);
    for (const [i, { verdict, n }] of verdictsOf(file, results, examined).entries()) {
      const of = found.get(file.claims[i]!)!;
      if (n <= 1) continue;
      of.verdicts.push(verdict);
      of.parts.push(examined[i]!.parts);
    }
    how.onStudy();
  }
  return found;
}

/**
 * Of the parts that are not true: the largest part of studies in which one is as claimed at `level` by itself. No claim is
 * supported oftener than that, were all its other parts true. And of the parts whose effect is nought, the smallest part of
 * studies in which the 95 % interval holds it. Whether a part is true is read from its mean effect over the studies.
 */
function worstParts(claim: Claim, studies: Simulated['parts'], level: number): PartCalibration {
  const rates: number[] = [];
  const coverages: number[] = [];
  for (const [i, part] of claim.parts.entries()) {
    const results = studies.map((parts) => parts[i]!);
    const estimates = results.flatMap(({ estimate }) => (estimate === null ? [] : [estimate]));
    const { mean, std, n } = spreadOf(estimates.map(({ effect }) => effect));
    // `some` and `every` show the best or worst of many, whose mean says nothing.
    if (mean === null || std === null || part.some !== undefined || part.every !== undefined) continue;
    const sure = (4 * std) / Math.sqrt(n);
    const isTrue = [mean - sure, mean, mean + sure].every((effect) => isInside(part.supported, effect));
    if (!isTrue) rates.push(results.filter(({ pSupport }) => pSupport <= level).length / results.length);
    if (part.supported.value !== 0 || part.contradicted.value !== 0 || Math.abs(mean) > sure) continue;
    const holds = estimates.filter(
      ({ interval }) => interval === null || (interval[0] <= 0 && interval[1] >= 0),
    );
    coverages.push(holds.length / estimates.length);
  }
  return {
    partSupportedWhenNull: rates.length === 0 ? null : Math.max(...rates),
    coverage: coverages.length === 0 ? null : Math.min(...coverages),
  };
}
