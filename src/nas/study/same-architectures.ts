/**
 * A mask changes the space and the training at once. Here a masked and an unmasked network are compared on the same
 * architectures, those that the masked one was asked about, so that what is left is the training (study: section 10).
 */
import { type Spread, spreadOf } from '../stats/spread.ts';
import type { PredictionRow } from '../tables.ts';
import { type NetworkPredictions, type VariantName, variantOf } from './aggregate.ts';
import { measure, tauOfAverages } from './measure.ts';

/** One network's side of the comparison, over seeds. */
export interface Side {
  /** τ_a over the masked benchmark's top-N. */
  readonly tauOfAverages: Spread;
  /** τ-b over the masked random sample. */
  readonly tauRandom: Spread;
  /** Mean predicted accuracy of the random sample, in %. */
  readonly predictedRandom: Spread;
}

export interface SameArchitectures extends VariantName {
  /** Seeds for which both networks are there. */
  readonly seeds: number;
  readonly masked: Side;
  readonly unmasked: Side;
}

/** One comparison for each masked variant whose unmasked one (same size and method) was asked about its architectures. */
export function compareOnSame(networks: readonly NetworkPredictions[]): SameArchitectures[] {
  return pairsOnSame(networks).map(({ pairs, ...name }) => ({
    ...name,
    seeds: pairs.length,
    masked: sideOf(pairs.map((pair) => pair.masked)),
    unmasked: sideOf(pairs.map((pair) => pair.unmasked)),
  }));
}

export interface SamePairs extends VariantName {
  /** One a seed: the same architectures in the same groups and ranks, predicted by either network. */
  readonly pairs: readonly {
    readonly seed: string;
    readonly masked: readonly PredictionRow[];
    readonly unmasked: readonly PredictionRow[];
  }[];
}

/** Masked variants for which there is at least one pair, in the order in which they first appear. */
export function pairsOnSame(networks: readonly NetworkPredictions[]): SamePairs[] {
  const variants = new Map<string, VariantName>();
  for (const { axes } of networks) {
    const name = variantOf(axes);
    if (name.space !== 'all') variants.set(JSON.stringify(name), name);
  }
  return [...variants.values()].flatMap((name): SamePairs[] => {
    const pairs = networks
      .filter(({ axes }) => sameVariant(variantOf(axes), name))
      .flatMap((masked) => {
        const unmasked = networks.find(
          ({ axes }) =>
            sameVariant(variantOf(axes), { ...name, space: 'all' }) && axes.seed === masked.axes.seed,
        );
        const rows = unmasked ? onSameArchitectures(masked.rows, unmasked.rows) : null;
        return rows ? [{ seed: masked.axes.seed ?? '0', masked: own(masked.rows), unmasked: rows }] : [];
      });
    return pairs.length > 0 ? [{ ...name, pairs }] : [];
  });
}

/** The unmasked network's predictions in the masked one's groups and ranks; null when it lacks one of them. */
function onSameArchitectures(
  masked: readonly PredictionRow[],
  unmasked: readonly PredictionRow[],
): PredictionRow[] | null {
  const predicted = new Map(unmasked.map((row) => [row.index, row.predicted]));
  const wanted = own(masked);
  if (wanted.some(({ index }) => !predicted.has(index))) return null;
  return wanted.map((row) => ({ ...row, predicted: predicted.get(row.index)! }));
}

function own(rows: readonly PredictionRow[]): readonly PredictionRow[] {
  return rows.filter(({ group }) => group !== 'shared');
}

function sideOf(networks: readonly (readonly PredictionRow[])[]): Side {
  const measures = networks.map((rows) => measure(rows));
  const random = measures.map((groups) => groups.find(({ group }) => group === 'random'));
  return {
    tauOfAverages: spreadOf(
      measures.map((groups) =>
        tauOfAverages(
          groups
            .filter(({ group }) => group !== 'random')
            .map(({ group, predicted }) => ({ n: Number(group), predicted })),
        ),
      ),
    ),
    tauRandom: spreadOf(random.map((group) => group?.tauB ?? null)),
    predictedRandom: spreadOf(random.map((group) => group?.predicted ?? null)),
  };
}

function sameVariant(a: VariantName, b: VariantName): boolean {
  return a.size === b.size && a.space === b.space && a.method === b.method;
}
