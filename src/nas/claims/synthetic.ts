/**
 * Synthetic studies in which the truth is known: what the verdicts' logic does with them is its power and its error. Each
 * network's predictions are drawn from a few numbers per variant; spreads are those of the published run (docs/results/cpu).
 */
import { Random } from '../data/random.ts';
import { spaceSize } from '../space/architecture.ts';
import type { NetworkPredictions } from '../study/aggregate.ts';
import type { PredictionRow } from '../tables.ts';

/** What is true of a variant, over all seeds and architectures. */
export interface Truth {
  /** Mean predicted accuracy of the top-500, in %. */
  readonly level: number;
  /** Points by which the random sample is predicted below that. */
  readonly belowTop: number;
  /** Points of A_N per tenfold N. */
  readonly slope: number;
  /** Points by which the best of the top-500 is predicted above the 500th besides: raises τ within it, not the slope. */
  readonly within: number;
  /** τ over the random sample, before architectures are predicted as by guessing. */
  readonly tau: number;
  /** Part of the random sample that is predicted as by guessing. */
  readonly chance: number;
  /** Standard deviation of the level over seeds, in points. */
  readonly deviation: number;
}

/** Standard deviations: of a variant's slope and τ over seeds, of what is peculiar to an architecture and to a prediction. */
export const spreads = { slope: 0.6, tau: 0.06, architecture: 3, prediction: 4, quality: 8 } as const;

export type World = ReadonlyMap<string, Truth>;

const topCount = 500;
const randomCount = 300;
/** What a straight line over ranks adds to the slope of A_N, per point of its height: taken out again. */
const slopeOfLine = 0.261;

/** Every variant of the world at every seed. `study`: which of many; the same number gives the same study. */
export function syntheticStudy(world: World, seeds: number, study: number): NetworkPredictions[] {
  const spaces = new Map<string, Space>();
  const spaceOf = (name: string): Space => {
    const known = spaces.get(name) ?? drawSpace(Random.stream(study, `space ${name}`));
    spaces.set(name, known);
    return known;
  };
  return [...world].flatMap(([variant, truth]) =>
    Array.from({ length: seeds }, (_, seed): NetworkPredictions => {
      const [size = 'S', space = 'all', method = 'baseline'] = variant.split('/');
      const random = Random.stream(study, `${variant} ${seed}`);
      const network = drawNetwork(truth, random);
      const rows = predict(spaceOf(space), network, random);
      // The unmasked network is also asked about the architectures of every masked one.
      const shared =
        space === 'all'
          ? [...world.keys()]
              .filter((other) => sharesNetwork(other, size, method))
              .flatMap((other) => asShared(predict(spaceOf(other.split('/')[1]!), network, random)))
          : [];
      return { axes: { size, space, method, seed: String(seed) }, rows: [...rows, ...shared] };
    }),
  );
}

function sharesNetwork(other: string, size: string, method: string): boolean {
  const [otherSize, space, otherMethod = 'baseline'] = other.split('/');
  return otherSize === size && otherMethod === method && space !== 'all';
}

interface Space {
  /** The best, best first; then a random sample. */
  readonly architectures: readonly {
    readonly index: number;
    /** Standard normal: where the sample's architecture stands in the benchmark. */
    readonly quality: number;
    readonly peculiarity: number;
  }[];
}

function drawSpace(random: Random): Space {
  const order = random.permutation(spaceSize).subarray(0, topCount + randomCount);
  return {
    architectures: Array.from(order, (index) => ({
      index,
      quality: random.normal(),
      peculiarity: random.normal() * spreads.architecture,
    })),
  };
}

interface Network extends Truth {
  /** Pearson's correlation of quality and prediction that gives its τ. */
  readonly correlation: number;
}

function drawNetwork(truth: Truth, random: Random): Network {
  const tau = Math.max(-0.95, Math.min(0.95, truth.tau + random.normal() * spreads.tau));
  return {
    ...truth,
    level: truth.level + random.normal() * truth.deviation,
    slope: truth.slope + random.normal() * spreads.slope,
    // Of a bivariate normal distribution (Greiner 1909).
    correlation: Math.sin((Math.PI / 2) * tau),
  };
}

function predict({ architectures }: Space, network: Network, random: Random): PredictionRow[] {
  // The mean of log10 r over the top-500, so that the level is A_500.
  const middle = Math.log10(topCount) - Math.LOG10E;
  const slope = network.slope + network.within * slopeOfLine;
  const noise = () => random.normal() * spreads.prediction;
  return architectures.map(({ index, quality, peculiarity }, i) => {
    const isTop = i < topCount;
    const rank = i + 1;
    const own = peculiarity + noise();
    const residual = (own * spreads.quality) / Math.hypot(spreads.architecture, spreads.prediction);
    const predicted = isTop
      ? network.level + slope * (Math.log10(rank) - middle) + network.within * (0.5 - rank / topCount) + own
      : random.uniform() < network.chance
        ? 10
        : network.level -
          network.belowTop +
          network.correlation * spreads.quality * quality +
          Math.sqrt(1 - network.correlation ** 2) * residual;
    return {
      index,
      ops: '',
      group: isTop ? 'top' : 'random',
      sampled: !isTop,
      rank: isTop ? rank : null,
      predicted,
      benchmark: isTop ? 92 - rank / 500 : 85 + quality,
    };
  });
}

function asShared(rows: readonly PredictionRow[]): PredictionRow[] {
  return rows.map((row) => ({ ...row, group: 'shared', sampled: false, rank: null }));
}
