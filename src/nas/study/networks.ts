/** Reads the predictions of many networks, and says how many seeds each variant should have. */
import { readFileSync } from 'node:fs';
import { predictionsFromArrow } from '../stats/predictions.ts';
import type { NetworkPredictions } from './aggregate.ts';

export interface Gathered {
  readonly items: readonly { readonly path: string; readonly axes: Readonly<Record<string, string>> }[];
  readonly planned: number;
}

export interface Networks {
  readonly networks: readonly NetworkPredictions[];
  /** Seeds that a variant should have, as far as the networks that are there tell: all different ones. */
  readonly seeds: number;
  /** Networks in the plan. */
  readonly planned: number;
}

export function readNetworks({ items, planned }: Gathered): Networks {
  const networks = items.map(({ path, axes }) => ({ axes, rows: predictionsFromArrow(readFileSync(path)) }));
  const seeds = new Set(networks.map(({ axes }) => axes.seed ?? '0'));
  return { networks, seeds: Math.max(1, seeds.size), planned };
}
