/** 95 % intervals of a variant's means over seeds, networks and architectures resampled. */
import { Random } from '../data/random.ts';
import { type Interval, type Intervals, meanIntervals, percentiles } from '../stats/interval.ts';
import { type PredictionRow, topNs } from '../tables.ts';
import { type NetworkPredictions, variantOf, variantText } from './aggregate.ts';
import { tauOfAverages } from './measure.ts';

export interface VariantIntervals {
  /** Of the means over seeds in each group, `10` … `500` and `random`; `mean` is that of the predicted accuracy. */
  readonly groups: Readonly<Record<string, Intervals>>;
  readonly tauOfAverages: Interval | null;
}

const resampling = { seed: 0, resamples: 200 };

/** By the variant's text (`variantText`). */
export function variantIntervals(
  networks: readonly NetworkPredictions[],
): ReadonlyMap<string, VariantIntervals> {
  const byVariant = new Map<string, (readonly PredictionRow[])[]>();
  for (const { axes, rows } of networks) {
    const variant = variantText(variantOf(axes));
    byVariant.set(variant, [...(byVariant.get(variant) ?? []), rows]);
  }
  return new Map(
    [...byVariant].map(([variant, rows]) => [
      variant,
      { groups: groupIntervals(rows), tauOfAverages: tauOfAveragesInterval(rows) },
    ]),
  );
}

/** Only of architectures that every network of the variant was asked about: they are the same by design. */
function groupIntervals(networks: readonly (readonly PredictionRow[])[]): VariantIntervals['groups'] {
  const [first] = networks;
  if (!first) return {};
  const predictions = networks.map((rows) => new Map(rows.map((row) => [row.index, row.predicted])));
  const shared = first.filter(({ index }) => predictions.every((one) => one.has(index)));
  const of = (rows: readonly PredictionRow[]) =>
    meanIntervals(
      predictions.map((one) => rows.map(({ index }) => one.get(index)!)),
      rows.map(({ benchmark }) => benchmark),
      resampling,
    );
  const top = rankedTop(shared);
  const random = shared.filter(({ sampled }) => sampled);
  return Object.fromEntries([
    ...topNs.filter((n) => n <= top.length).map((n) => [String(n), of(top.slice(0, n))] as const),
    ...(random.length > 0 ? [['random', of(random)] as const] : []),
  ]);
}

/**
 * Of τ_a, over A_N averaged over networks. Architectures are drawn between one N and the next, so that each resample has
 * top-N of N architectures.
 */
function tauOfAveragesInterval(networks: readonly (readonly PredictionRow[])[]): Interval | null {
  const tops = networks.map(rankedTop);
  const most = Math.min(...tops.map((top) => top.length));
  const sizes = topNs.filter((n) => n <= most);
  if (tops.length === 0 || sizes.length < 2) return null;
  const random = Random.stream(resampling.seed, 'bootstrap of averages');
  const values: number[] = [];
  for (let sample = 0; sample < resampling.resamples; sample++) {
    const drawn = tops.map(() => tops[tops.length === 1 ? 0 : random.int(tops.length)]!);
    let sum = 0;
    let from = 0;
    const averages = sizes.map((n) => {
      for (let k = from; k < n; k++) {
        const place = from + random.int(n - from);
        for (const top of drawn) sum += top[place]!.predicted;
      }
      from = n;
      return { n, predicted: sum / (n * drawn.length) };
    });
    const tau = tauOfAverages(averages);
    if (tau !== null) values.push(tau);
  }
  return percentiles(values, resampling.resamples);
}

function rankedTop(rows: readonly PredictionRow[]): readonly PredictionRow[] {
  return rows.filter(({ group }) => group === 'top').sort((a, b) => a.rank! - b.rank!);
}
