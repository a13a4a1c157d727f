/** Reads the predictions of many networks, and says how many seeds each variant should have. */
import { readFileSync } from 'node:fs';
import { predictionsFromArrow } from '../rank/predictions.ts';
import { type NetworkPredictions, variantOf, variantText } from './aggregate.ts';

export interface Gathered {
  readonly items: readonly { readonly path: string; readonly axes: Readonly<Record<string, string>> }[];
  readonly planned: number;
}

export interface Networks {
  readonly networks: readonly NetworkPredictions[];
  /** Seeds of a variant in the plan. */
  readonly seeds: number;
}

export function readNetworks({ items, planned }: Gathered): Networks {
  const networks = items.map(({ path, axes }) => ({ axes, rows: predictionsFromArrow(readFileSync(path)) }));
  const counts = new Map<string, number>();
  for (const { axes } of networks) {
    const variant = variantText(variantOf(axes));
    counts.set(variant, (counts.get(variant) ?? 0) + 1);
  }
  const most = Math.max(1, ...counts.values());
  // With cells missing, the plan's share of a variant is the better guess; both agree when none is.
  return { networks, seeds: Math.max(most, counts.size === 0 ? 1 : Math.ceil(planned / counts.size)) };
}
