/** The networks that claims speak about: their statistics, with and without a tenth of the architectures. */
import { pearson, spearman } from '../stats/correlation.ts';
import { kendall } from '../stats/kendall.ts';
import { type NetworkPredictions, variantOf } from '../study/aggregate.ts';
import { tauOfAverages } from '../study/measure.ts';
import { pairsOnSame } from '../study/same-architectures.ts';
import { type PredictionRow, topNs } from '../tables.ts';

/** Of one group of architectures: an N of the top-N, or `random`. */
export type GroupStatistic = 'A' | 'tau' | 'tau_b' | 'spearman' | 'pearson' | 'chance';
/** Of the top-N together. */
export type TopStatistic = 'slope' | 'tau_a';

/** Parts into which architectures are divided for the jackknife. */
export const jackknifeParts = 10;
/** An accuracy in % that a network of ten classes has by guessing, and what it may be off by chance. */
const guessing = 11;

/** Which part an architecture belongs to: the same in every network, so that comparisons lose the same ones. */
export function jackknifePart(index: number): number {
  return (Math.imul(index + 1, 0x9e3779b1) >>> 8) % jackknifeParts;
}

/** One network asked about one set of architectures. */
export class RankedNetwork {
  readonly #top: readonly PredictionRow[];
  readonly #random: readonly PredictionRow[];
  readonly #known = new Map<string, number | null>();

  constructor(rows: readonly PredictionRow[]) {
    this.#top = rows.filter((row) => row.group === 'top').sort((a, b) => a.rank! - b.rank!);
    this.#random = rows.filter((row) => row.sampled);
  }

  /** Null: undefined there (a constant prediction), or the group has no architectures. `without`: a jackknife part. */
  ofGroup(statistic: GroupStatistic, group: string, without: number | null): number | null {
    return this.#once(`${statistic} ${group} ${without}`, () => {
      const rows = this.#rows(group, without);
      return rows.length === 0 ? null : groupStatistics[statistic](rows);
    });
  }

  /** `slope`: points of A_N per tenfold N, by least squares; `tau_a`: τ over (N, A_N). Null below two top-N. */
  ofTop(statistic: TopStatistic, without: number | null): number | null {
    return this.#once(`${statistic} ${without}`, () => {
      const points = topNs.flatMap((n) => {
        const predicted = n <= this.#top.length ? this.ofGroup('A', String(n), without) : null;
        return predicted === null ? [] : [{ n, predicted }];
      });
      if (points.length < 2) return null;
      return statistic === 'tau_a' ? tauOfAverages(points) : slopeOf(points);
    });
  }

  #rows(group: string, without: number | null): readonly PredictionRow[] {
    const n = Number(group);
    const rows = group === 'random' ? this.#random : n <= this.#top.length ? this.#top.slice(0, n) : [];
    return without === null ? rows : rows.filter(({ index }) => jackknifePart(index) !== without);
  }

  #once(name: string, compute: () => number | null): number | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const value = compute();
    this.#known.set(name, value);
    return value;
  }
}

const groupStatistics: Readonly<Record<GroupStatistic, (rows: readonly PredictionRow[]) => number | null>> = {
  A: (rows) => rows.reduce((sum, { predicted }) => sum + predicted, 0) / rows.length,
  tau: (rows) => correlated(rows, kendall).a,
  tau_b: (rows) => correlated(rows, kendall).b,
  spearman: (rows) => correlated(rows, spearman),
  pearson: (rows) => correlated(rows, pearson),
  chance: (rows) => rows.filter(({ predicted }) => predicted <= guessing).length / rows.length,
};

function correlated<Result>(
  rows: readonly PredictionRow[],
  of: (x: ArrayLike<number>, y: ArrayLike<number>) => Result,
): Result {
  return of(
    Float64Array.from(rows, (row) => row.predicted),
    Float64Array.from(rows, (row) => row.benchmark),
  );
}

function slopeOf(points: readonly { readonly n: number; readonly predicted: number }[]): number {
  const x = points.map(({ n }) => Math.log10(n));
  const meanX = x.reduce((sum, one) => sum + one, 0) / x.length;
  const meanY = points.reduce((sum, { predicted }) => sum + predicted, 0) / points.length;
  let [xy, xx] = [0, 0];
  for (const [i, { predicted }] of points.entries()) {
    xy += (x[i]! - meanX) * (predicted - meanY);
    xx += (x[i]! - meanX) ** 2;
  }
  return xy / xx;
}

/** `size/space/method` → seed → network. `S/all/baseline@no-pool`: the unmasked network on the masked one's architectures. */
export type NetworkTable = ReadonlyMap<string, ReadonlyMap<string, RankedNetwork>>;

export function networkTable(networks: readonly NetworkPredictions[]): NetworkTable {
  const table = new Map<string, Map<string, RankedNetwork>>();
  const add = (variant: string, seed: string, rows: readonly PredictionRow[]) => {
    const bySeed = table.get(variant) ?? new Map<string, RankedNetwork>();
    bySeed.set(seed, new RankedNetwork(rows));
    table.set(variant, bySeed);
  };
  for (const { axes, rows } of networks) {
    const { size, space, method } = variantOf(axes);
    add(`${size}/${space}/${method}`, axes.seed ?? '0', rows);
  }
  for (const { size, space, method, pairs } of pairsOnSame(networks))
    for (const { seed, unmasked } of pairs) add(`${size}/all/${method}@${space}`, seed, unmasked);
  return table;
}
