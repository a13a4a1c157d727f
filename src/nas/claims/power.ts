/** How often the verdicts are right: over synthetic studies in which the paper is right, and in which nothing has an effect. */

import { spaceSize } from '../space/architecture.ts';
import { judgeClaims, type Verdict } from './claims.ts';
import type { ClaimsFile, RunScale } from './form.ts';
import { BenchmarkFacts } from './functions.ts';
import { syntheticStudy, type Truth, type World } from './synthetic.ts';

/** Of one claim at one number of seeds. Parts of the studies. */
export interface Power {
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
    ['S/no-skip/baseline', { ...plain, level: 29, slope: 2.5, within: 8, tau: 0.3 }],
    ['S/no-conv1x1/baseline', { ...plain, level: 40, slope: 1, tau: 0.25 }],
    ['S/no-conv3x3/baseline', { ...plain, level: 39, slope: 1, tau: 0.25 }],
    ['S/no-pool/baseline', { ...plain, level: 37, slope: -1.5, tau: 0.35 }],
    ['S/no-zero-pool/baseline', { ...plain, level: 45, slope: -2, tau: 0.5, chance: 0 }],
    ['S/no-zero-skip/baseline', { ...plain, level: 43, slope: -2, tau: 0.5, chance: 0 }],
    ['S/no-skip-pool/baseline', { ...plain, slope: 1 }],
    ['S/no-conv1x1-pool/baseline', { ...plain, slope: 1 }],
    ['S/no-conv3x3-pool/baseline', { ...plain, slope: 1 }],
    ['S/all/lt-skip', { ...plain, level: 29, slope: 1.5, deviation: 0.4 }],
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
    readonly onStudy?: (done: number, all: number) => void;
  },
): readonly Power[] {
  // The benchmark's own claims are no matter of power; its size says that it is whole.
  const benchmark = new BenchmarkFacts(
    Array.from({ length: spaceSize }, (_, index) => ({ index, ops: '000000', accuracy: 0 })),
    new Map(),
  );
  const scale: RunScale = { ...file.paper, embedded: false, planned: Math.max(...options.seeds) };
  const all = options.seeds.length * options.studies * 2;
  let done = 0;
  const count = (world: World, seeds: number): ReadonlyMap<string, Record<Verdict, number>> => {
    const counts = new Map(
      file.claims.map(({ id }) => [id, { supported: 0, contradicted: 0, undecided: 0 }]),
    );
    for (let study = 0; study < options.studies; study++) {
      const networks = syntheticStudy(world, seeds, study);
      for (const { id, verdict, n } of judgeClaims(file, { networks, benchmark, scale }))
        if (n > 1) counts.get(id)![verdict]++;
      options.onStudy?.(++done, all);
    }
    return counts;
  };
  return options.seeds.flatMap((seeds) => {
    const whenTrue = count(paperWorld(), seeds);
    const whenNull = count(nullWorld(), seeds);
    return file.claims.flatMap(({ id }): Power[] => {
      const [t, f] = [whenTrue.get(id)!, whenNull.get(id)!];
      const tested = t.supported + t.contradicted + t.undecided;
      if (tested === 0) return [];
      const part = (of: number) => of / options.studies;
      return [
        {
          id,
          seeds,
          studies: options.studies,
          supportedWhenTrue: part(t.supported),
          contradictedWhenTrue: part(t.contradicted),
          supportedWhenNull: part(f.supported),
          contradictedWhenNull: part(f.contradicted),
        },
      ];
    });
  });
}
