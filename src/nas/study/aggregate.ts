/** From the predictions of many networks to one table: a row a network and group, and its means over seeds. */
import { type ColumnTable, from, op, escape as opaque } from 'arquero';
import { type Spread, spreadOf } from '../stats/spread.ts';
import type { PredictionRow } from '../tables.ts';
import { type Measure, measure, regret, tauOfAverages } from './measure.ts';

/** One network's predictions, and which network it is. */
export interface NetworkPredictions {
  /** Axis values by name, the seed among them. */
  readonly axes: Readonly<Record<string, string>>;
  readonly rows: readonly PredictionRow[];
}

/** What tells variants apart: every axis but the seed. */
export interface VariantName {
  readonly size: string;
  readonly space: string;
  readonly method: string;
}

/** A row a network and group of architectures: summary.arrow. */
export interface SummaryRow extends VariantName, Measure {
  readonly seed: string;
}

export interface VariantSummary extends VariantName {
  /** Seeds that are there, of how many. */
  readonly seeds: number;
  readonly planned: number;
  readonly groups: readonly GroupSummary[];
  /** τ_a of the mean over seeds; null below two top-N. */
  readonly tauOfAverages: number | null;
  /** τ_a of each seed by itself. */
  readonly tauOfAveragesBySeed: Spread;
  /** Points lost by picking the architecture predicted best, of all asked about under the variant's own mask. */
  readonly regret: Spread;
}

export interface GroupSummary {
  readonly group: string;
  readonly architectures: number;
  readonly predicted: Spread;
  readonly tauA: Spread;
  readonly tauB: Spread;
  readonly spearman: Spread;
  readonly pearson: Spread;
}

export function variantOf(axes: Readonly<Record<string, string>>): VariantName {
  return { size: axes.size ?? 'S', space: axes.space ?? 'all', method: axes.method ?? 'baseline' };
}

export function variantText({ size, space, method }: VariantName): string {
  return `${size} · ${space} · ${method}`;
}

/** A row a network and group. */
export function summaryTable(networks: readonly NetworkPredictions[]): ColumnTable {
  const rows: SummaryRow[] = networks.flatMap(({ axes, rows }) =>
    measure(rows).map((one) => ({ ...variantOf(axes), seed: axes.seed ?? '0', ...one })),
  );
  return from(rows);
}

/** Variants in the order in which they first appear, each averaged over its seeds. `planned`: seeds a variant should have. */
export function summariseVariants(
  networks: readonly NetworkPredictions[],
  planned: number,
): readonly VariantSummary[] {
  const table = summaryTable(networks);
  const byVariant = new Map<string, NetworkPredictions[]>();
  for (const network of networks) {
    const key = variantText(variantOf(network.axes));
    byVariant.set(key, [...(byVariant.get(key) ?? []), network]);
  }
  return [...byVariant.values()].map((members) => {
    const name = variantOf(members[0]!.axes);
    const groups = groupsOf(table, name);
    return {
      ...name,
      seeds: members.length,
      planned,
      groups,
      tauOfAverages: tauOfAverages(
        points(groups.map((group) => ({ group: group.group, predicted: group.predicted.mean! }))),
      ),
      tauOfAveragesBySeed: spreadOf(members.map(({ rows }) => tauOfAverages(points(measure(rows))))),
      regret: spreadOf(members.map(({ rows }) => regret(rows.filter((row) => row.group !== 'shared')))),
    };
  });
}

function groupsOf(table: ColumnTable, { size, space, method }: VariantName): GroupSummary[] {
  // Opaque: arquero reads expressions from a function's text, which a bundler may have rewritten.
  const chosen = table
    .filter(opaque((row: SummaryRow) => row.size === size && row.space === space && row.method === method))
    .groupby('group')
    .rollup({
      architectures: op.max('architectures'),
      predicted: op.array_agg('predicted'),
      tauA: op.array_agg('tauA'),
      tauB: op.array_agg('tauB'),
      spearman: op.array_agg('spearman'),
      pearson: op.array_agg('pearson'),
    });
  return chosen.objects().map((row: object) => {
    const values = (name: string) => spreadOf(numbersOf(row, name));
    return {
      group: String(property(row, 'group')),
      architectures: Number(property(row, 'architectures')),
      predicted: values('predicted'),
      tauA: values('tauA'),
      tauB: values('tauB'),
      spearman: values('spearman'),
      pearson: values('pearson'),
    };
  });
}

function property(row: object, name: string): unknown {
  return name in row ? (row as Record<string, unknown>)[name] : undefined;
}

function numbersOf(row: object, name: string): (number | null)[] {
  const list = property(row, name);
  if (!Array.isArray(list)) throw new Error(`the roll-up lost its column ${name}`);
  return list.map((value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null));
}

function points(groups: readonly { readonly group: string; readonly predicted: number }[]) {
  return groups
    .filter(({ group }) => group !== 'random')
    .map(({ group, predicted }) => ({ n: Number(group), predicted }));
}
