/** The functions of the claim language, over one network per variant or over the benchmark alone. */

import { rankUnder } from '../benchmark/target.ts';
import { type Operation, operations } from '../space/architecture.ts';
import { type BenchmarkRows, operationUsage } from '../study/operation-usage.ts';
import { type ClaimFunction, type Expression, MissingResult, operandsOf } from './expression.ts';
import type { GroupStatistic, NetworkTable, TopStatistic } from './networks.ts';

/** Which networks an expression is evaluated over. */
export interface Sight {
  readonly networks: NetworkTable;
  readonly benchmark: BenchmarkFacts;
  readonly seed: string;
  /** Seeds that are there for every variant of the expression: deviations are from their median. */
  readonly seeds: readonly string[];
  /** The jackknife part that is left out; null: none. */
  readonly without: number | null;
}

const groupStatistics: readonly GroupStatistic[] = ['A', 'tau', 'tau_b', 'spearman', 'pearson', 'chance'];
const topStatistics: readonly TopStatistic[] = ['slope', 'tau_a'];
/** Functions whose first argument is a variant. */
const ofNetworks: ReadonlySet<string> = new Set([...groupStatistics, ...topStatistics, 'deviation']);

/**
 * - `A(variant, group)`: predicted accuracy in %; group is N of the top-N or 'random'.
 * - `tau`, `tau_b`, `spearman`, `pearson` (variant, group).
 * - `chance(variant, group)`: part of the architectures that are predicted at what guessing gives.
 * - `deviation(variant, group)`: points by which a seed's A lies off the median over seeds (Brown & Forsythe 1974).
 * - `slope(variant)`: points of A_N per tenfold N; below 0 the best are predicted best. `tau_a(variant)`: τ over (N, A_N).
 * - `usage`, `share` (mask, operation, N): of the benchmark's top-N (figure 3); `kept(N, operation, …)`: part of the unmasked
 *   top-N that uses none of the operations; `agreement(dataset)`: τ-b of the target's accuracies and another data set's.
 * - `min`, `max`.
 *
 * A variant is 'size/space' or 'size/space/method', the method `baseline` when left out; `@no-pool` behind it: on the
 * architectures that the network without pool was asked about. `$` stands for each variant of `every` or `some`.
 */
export function claimFunctions(sight: Sight, each: string | null): Readonly<Record<string, ClaimFunction>> {
  const group = (statistic: GroupStatistic, variant: string, name: string, seed = sight.seed) => {
    const value = networkOf(sight, variant, seed).ofGroup(statistic, name, sight.without);
    if (value !== null) return value;
    throw new MissingResult(`${statistic} of ${variant}, ${groupText(name)}, seed ${seed} is undefined`);
  };
  const variantAt = (args: Args, name: string) => fullName(textAt(args, 0, name), each);
  return {
    ...Object.fromEntries(
      groupStatistics.map((name): [string, ClaimFunction] => [
        name,
        (args) => group(name, variantAt(args, name), groupAt(args, name)),
      ]),
    ),
    ...Object.fromEntries(
      topStatistics.map((name): [string, ClaimFunction] => [
        name,
        (args) => {
          const variant = variantAt(args, name);
          const value = networkOf(sight, variant, sight.seed).ofTop(name, sight.without);
          if (value === null) throw new MissingResult(`${variant} has fewer than two top-N`);
          return value;
        },
      ]),
    ),
    deviation: (args) => {
      const [variant, name] = [variantAt(args, 'deviation'), groupAt(args, 'deviation')];
      const all = sight.seeds.map((seed) => group('A', variant, name, seed));
      return Math.abs(group('A', variant, name) - medianOf(all));
    },
    usage: (args) => sight.benchmark.usage('usage', args),
    share: (args) => sight.benchmark.usage('share', args),
    kept: (args) => sight.benchmark.kept(args),
    agreement: (args) => sight.benchmark.agreement(textAt(args, 0, 'agreement')),
    min: (args) => Math.min(...args.map(Number)),
    max: (args) => Math.max(...args.map(Number)),
  };
}

/** Full names of the variants that an expression speaks about. */
export function variantsOf(of: Expression, each: string | null): readonly string[] {
  if (of.kind === 'call' && ofNetworks.has(of.name)) {
    const [first] = of.args;
    return first?.kind === 'text' ? [fullName(first.value, each)] : [];
  }
  return operandsOf(of).flatMap((operand) => variantsOf(operand, each));
}

/** `S/*` → the variants that are there, in the order of the table. Each part stands for its own; `*` is any. */
export function variantsLike(pattern: string, networks: NetworkTable): readonly string[] {
  const parts = fullName(pattern, null)
    .split('/')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/@]*'));
  const like = new RegExp(`^${parts.join('/')}$`);
  return [...networks.keys()].filter((variant) => like.test(variant));
}

type Args = readonly (number | string)[];

function networkOf({ networks }: Sight, variant: string, seed: string) {
  const bySeed = networks.get(variant);
  if (!bySeed) throw new MissingResult(`${variant} was not run`);
  const network = bySeed.get(seed);
  if (!network) throw new MissingResult(`${variant} has no seed ${seed}`);
  return network;
}

function fullName(variant: string, each: string | null): string {
  const named = each === null ? variant : variant.replace('$', each.replace(/\/baseline$/, ''));
  const [path = '', on] = named.split('@');
  return `${path.split('/').length === 2 ? `${path}/baseline` : path}${on === undefined ? '' : `@${on}`}`;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function textAt(args: Args, at: number, name: string): string {
  const value = args[at];
  if (typeof value === 'string') return value;
  throw new SyntaxError(`${name}: argument ${at + 1} must be a 'text'`);
}

function groupAt(args: Args, name: string): string {
  if (args[1] !== undefined) return String(args[1]);
  throw new SyntaxError(`${name}: argument 2 must be an N of the top-N or 'random'`);
}

function groupText(group: string): string {
  return group === 'random' ? 'random sample' : `top-${group}`;
}

/** What claims ask about the benchmark itself. */
export class BenchmarkFacts {
  readonly #rows: BenchmarkRows;
  readonly #agreements: ReadonlyMap<string, number>;
  #usage: ReadonlyMap<string, Readonly<Record<'usage' | 'share', number>>> | undefined;
  #ranked: ReturnType<typeof rankUnder> | undefined;

  /** `agreements`: other data set → τ-b of its accuracies and the target's. */
  constructor(rows: BenchmarkRows, agreements: ReadonlyMap<string, number>) {
    this.#rows = rows;
    this.#agreements = agreements;
  }

  /** Architectures in the benchmark. */
  get size(): number {
    return this.#rows.length;
  }

  usage(what: 'usage' | 'share', args: Args): number {
    this.#usage ??= usageTable(this.#rows);
    const key = `${textAt(args, 0, what)}/${textAt(args, 1, what)}/${String(args[2])}`;
    const value = this.#usage.get(key)?.[what];
    if (value === undefined) throw new MissingResult(`the benchmark has no ${what} of ${key}`);
    return value;
  }

  kept([n, ...names]: Args): number {
    if (typeof n !== 'number') throw new SyntaxError('kept: argument 1 must be an N of the top-N');
    const out = names.map((name) => operations.indexOf(name as Operation));
    if (out.includes(-1)) throw new SyntaxError(`kept: operations are ${operations.join(', ')}`);
    this.#ranked ??= rankUnder(this.#rows, []);
    if (this.#ranked.length < n) throw new MissingResult(`the benchmark has no top-${n}`);
    const top = this.#ranked.slice(0, n);
    return top.filter(({ architecture }) => !architecture.some((one) => out.includes(one))).length / n;
  }

  agreement(dataset: string): number {
    const tau = this.#agreements.get(dataset);
    if (tau === undefined) throw new MissingResult(`the benchmark here has no ${dataset}`);
    return tau;
  }
}

function usageTable(rows: BenchmarkRows): ReadonlyMap<string, { usage: number; share: number }> {
  const table = new Map<string, { usage: number; share: number }>();
  for (const { masked, top, operation, usage, share } of operationUsage(rows)) {
    if (typeof usage === 'number' && typeof share === 'number')
      table.set(`${masked}/${operation}/${top}`, { usage, share });
  }
  return table;
}
