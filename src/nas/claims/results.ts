/** The results that claims speak about, as functions of the claim language: over all seeds, or over a resample of them. */

import { kendall } from '../stats/kendall.ts';
import { spreadOf } from '../stats/spread.ts';
import type { SummaryRow, VariantName } from '../study/aggregate.ts';
import { operationUsage } from '../study/usage.ts';
import { type ClaimFunction, MissingResult } from './expression.ts';

/** Everything a claim can ask about. */
export interface Results {
  readonly summary: readonly SummaryRow[];
  /** The benchmark under the target policy; null where claims are about networks only. */
  readonly bench: readonly { readonly index: number; readonly ops: string; readonly accuracy: number }[];
}

/** What a variant's seeds become: all of them, or a sample drawn with replacement. */
export type ChooseSeeds = (seeds: readonly string[]) => readonly string[];

/** What an evaluation looked at. */
export interface Touched {
  /** Seeds that each variant has. */
  readonly seeds: Map<string, number>;
  /** Whether the benchmark alone was looked at. */
  benchmark: boolean;
}

type Statistic = 'predicted' | 'tauA' | 'tauB' | 'spearman' | 'pearson';
type BySeed = ReadonlyMap<string, ReadonlyMap<string, SummaryRow>>;

/**
 * - `A(variant, group)`: predicted accuracy in %; group is N of the top-N or 'random'. `std` is its deviation over seeds.
 * - `tau`, `tau_b`, `spearman`, `pearson` (variant, group): means over seeds.
 * - `tau_a(variant)`: τ over (N, A_N), A_N averaged over seeds (paper, section 3.1).
 * - `largest` and `smallest` (name, pattern, group): the extreme of one of these over the variants that match.
 * - `usage` and `share` (mask, operation, N): of the benchmark's top-N (figure 3).
 * - `min`, `max`, `abs`.
 *
 * A variant is 'size/space' or 'size/space/method', the method `baseline` when left out; in a pattern * stands for any.
 */
export function claimFunctions(
  variants: VariantTable,
  usage: UsageTable,
  choose: ChooseSeeds,
  touched: Touched,
): Readonly<Record<string, ClaimFunction>> {
  const chosen = new Map<string, readonly string[]>();
  const valuesOf = (variant: string, group: string, statistic: Statistic): (number | null)[] => {
    const bySeed = variants.get(variant);
    if (!bySeed) throw new MissingResult(`${variant} was not run`);
    touched.seeds.set(variant, bySeed.size);
    // One draw a variant and evaluation: every term of an expression sees the same seeds.
    const seeds = chosen.get(variant) ?? choose([...bySeed.keys()]);
    chosen.set(variant, seeds);
    return seeds.map((seed) => {
      const row = bySeed.get(seed)?.get(group);
      if (!row) throw new MissingResult(`${variant} has no ${groupText(group)}`);
      return row[statistic];
    });
  };
  const meanOf = (statistic: Statistic) => (variant: string, group: string) => {
    const { mean } = spreadOf(valuesOf(variant, group, statistic));
    if (mean === null)
      throw new MissingResult(`${statistic} of ${variant}, ${groupText(group)} is undefined`);
    return mean;
  };
  const ofGroup = {
    A: meanOf('predicted'),
    tau: meanOf('tauA'),
    tau_b: meanOf('tauB'),
    spearman: meanOf('spearman'),
    pearson: meanOf('pearson'),
    std: (variant: string, group: string) => {
      const { std } = spreadOf(valuesOf(variant, group, 'predicted'));
      if (std === null) throw new MissingResult(`${variant} has one seed, so no deviation`);
      return std;
    },
    tau_a: (variant: string) => tauOfMeans(variant, variants, ofGroup.A),
  };
  const extreme = (name: string, pick: (values: readonly number[]) => number) => (args: Args) => {
    const statistic = textAt(args, 0, name);
    const pattern = variantPattern(textAt(args, 1, name));
    const measure = Object.hasOwn(ofGroup, statistic)
      ? ofGroup[statistic as keyof typeof ofGroup]
      : undefined;
    if (!measure) throw new SyntaxError(`${name}: no statistic ${statistic}`);
    const values = [...variants.keys()]
      .filter((variant) => pattern.test(variant))
      .flatMap((variant) => {
        try {
          return [measure(variant, args[2] === undefined ? '' : String(args[2]))];
        } catch (error) {
          if (error instanceof MissingResult) return [];
          throw error;
        }
      });
    if (values.length === 0) throw new MissingResult(`no variant like ${textAt(args, 1, name)} was run`);
    return pick(values);
  };
  const ofBenchmark = (name: 'usage' | 'share') => (args: Args) => {
    touched.benchmark = true;
    const key = `${textAt(args, 0, name)}/${textAt(args, 1, name)}/${String(args[2])}`;
    const value = usage.get(key)?.[name];
    if (value === undefined) throw new MissingResult(`the benchmark has no ${name} of ${key}`);
    return value;
  };
  return {
    ...Object.fromEntries(
      Object.entries(ofGroup).map(([name, measure]): [string, ClaimFunction] => [
        name,
        (args) => measure(fullName(textAt(args, 0, name)), args[1] === undefined ? '' : String(args[1])),
      ]),
    ),
    largest: extreme('largest', (values) => Math.max(...values)),
    smallest: extreme('smallest', (values) => Math.min(...values)),
    usage: ofBenchmark('usage'),
    share: ofBenchmark('share'),
    min: (args) => Math.min(...args.map(Number)),
    max: (args) => Math.max(...args.map(Number)),
    abs: ([value]) => Math.abs(Number(value)),
  };
}

type Args = readonly (number | string)[];
/** Variant name → seed → group → row. */
export type VariantTable = ReadonlyMap<string, BySeed>;
/** `mask/operation/N` → figure 3's numbers. */
export type UsageTable = ReadonlyMap<string, { readonly usage: number; readonly share: number }>;

export function variantTable(summary: readonly SummaryRow[]): VariantTable {
  const table = new Map<string, Map<string, Map<string, SummaryRow>>>();
  for (const row of summary) {
    const variant = variantKey(row);
    const bySeed = table.get(variant) ?? new Map<string, Map<string, SummaryRow>>();
    const byGroup = bySeed.get(row.seed) ?? new Map<string, SummaryRow>();
    byGroup.set(row.group, row);
    bySeed.set(row.seed, byGroup);
    table.set(variant, bySeed);
  }
  return table;
}

export function usageTable(bench: Results['bench']): UsageTable {
  const table = new Map<string, { usage: number; share: number }>();
  for (const { masked, top, operation, usage, share } of operationUsage(bench)) {
    if (typeof usage === 'number' && typeof share === 'number')
      table.set(`${masked}/${operation}/${top}`, { usage, share });
  }
  return table;
}

function variantKey({ size, space, method }: VariantName): string {
  return `${size}/${space}/${method}`;
}

function tauOfMeans(
  variant: string,
  variants: VariantTable,
  average: (variant: string, group: string) => number,
): number {
  const groups = [...(variants.get(variant)?.values().next().value?.keys() ?? [])];
  const tops = groups.filter((group) => group !== 'random');
  // Asked also when there is no top-N, so that a variant that was not run is said to be missing.
  const averages = (tops.length > 0 ? tops : ['10']).map((group) => average(variant, group));
  const { a } = kendall(tops.map(Number), averages);
  if (a === null) throw new MissingResult(`${variant} has fewer than two top-N`);
  return a;
}

function fullName(variant: string): string {
  return variant.split('/').length === 2 ? `${variant}/baseline` : variant;
}

function variantPattern(pattern: string): RegExp {
  const parts = fullName(pattern)
    .split('/')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*'));
  return new RegExp(`^${parts.join('/')}$`);
}

function textAt(args: Args, at: number, name: string): string {
  const value = args[at];
  if (typeof value === 'string') return value;
  throw new SyntaxError(`${name}: argument ${at + 1} must be a 'text'`);
}

function groupText(group: string): string {
  return group === 'random' ? 'random sample' : `top-${group}`;
}
