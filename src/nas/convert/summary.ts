/**
 * What a converted benchmark can answer, policy by policy (dataset, split, epochs, seeds → one accuracy an
 * architecture): how many architectures have it, and which are best. An architecture that lacks a number is counted as
 * lacking it; nothing is filled in.
 */
import type { BenchColumns } from '../benchmark/columns.ts';
import { applyPolicy, parsePolicy } from '../benchmark/policy.ts';

/** Asked when the user names none: what the raw files are known to hold, and the policy behind the paper's numbers. */
export const defaultPolicies = [
  'cifar10-valid/x-valid/last/mean',
  'cifar10-valid/x-valid/last3/mean',
  'cifar10-valid/ori-test/last/mean',
  'cifar10-valid/train/last3/mean',
  'cifar10/ori-test/last3/mean',
  'cifar100/x-valid/last/mean',
  'cifar100/x-test/last/mean',
  'ImageNet16-120/x-valid/last/mean',
  'ImageNet16-120/x-test/last/mean',
  'cifar10-valid@12/x-valid/last/mean',
] as const;

/** Accuracy in % by architecture, for those that have all the policy asks. Throws SyntaxError for no policy. */
export function accuracies(table: BenchColumns, policy: string): Map<number, number> {
  const { dataset, split } = parsePolicy(policy);
  const serie = table.series.findIndex((known) => known[0] === dataset && known[1] === split);
  const rows: number[] = [];
  for (let i = 0; i < table.length; i++) if (table.serie[i] === serie) rows.push(i);
  if (rows.length === 0) return new Map();
  try {
    const { rows: found } = applyPolicy(
      {
        length: rows.length,
        index: rows.map((row) => table.index[row]!),
        ops: rows.map((row) => table.ops.get(table.index[row]!)!),
        dataset: rows.map(() => dataset),
        split: rows.map(() => split),
        hp: rows.map((row) => table.hp[row]!),
        epoch: rows.map((row) => table.epoch[row]!),
        seed: rows.map((row) => table.seed[row]!),
        accuracy: rows.map((row) => table.accuracy[row]!),
      },
      policy,
    );
    return new Map(found.map(({ index, accuracy }) => [index, accuracy]));
  } catch (error) {
    // Nothing under this policy: no architecture has it, which the summary says.
    if (error instanceof RangeError) return new Map();
    throw error;
  }
}

export interface Ranked {
  readonly index: number;
  readonly ops: string;
  readonly accuracy: number;
}

export interface PolicySummary {
  readonly policy: string;
  /** Architectures that have it. */
  readonly count: number;
  /** Best first, at most `shown`. */
  readonly best: readonly Ranked[];
  /** Best to 10th best in % points, of all and of those without skip; null: fewer than ten. */
  readonly gap: number | null;
  readonly gapWithoutSkip: number | null;
}

/** Ranks the architectures under each policy. */
export function summarise(table: BenchColumns, policies: readonly string[], shown: number): PolicySummary[] {
  return policies.map((policy) => {
    const ranked = [...accuracies(table, policy)]
      .map(([index, accuracy]): Ranked => ({ index, ops: table.ops.get(index)!, accuracy }))
      .sort((a, b) => b.accuracy - a.accuracy || a.index - b.index);
    return {
      policy,
      count: ranked.length,
      best: ranked.slice(0, shown),
      gap: gapToTenth(ranked),
      gapWithoutSkip: gapToTenth(ranked.filter(({ ops }) => !ops.includes('1'))),
    };
  });
}

function gapToTenth(ranked: readonly Ranked[]): number | null {
  const tenth = ranked[9];
  return tenth ? ranked[0]!.accuracy - tenth.accuracy : null;
}

/** How many architectures have 1, 2, … seeds in the 200-epoch schedule of a dataset. */
export function seedCounts(table: BenchColumns, dataset: string, hp: number): Map<number, number> {
  const seeds = new Map<number, Set<number>>();
  for (let i = 0; i < table.length; i++) {
    if (table.hp[i] !== hp || table.series[table.serie[i]!]![0] !== dataset) continue;
    const known = seeds.get(table.index[i]!);
    if (known) known.add(table.seed[i]!);
    else seeds.set(table.index[i]!, new Set([table.seed[i]!]));
  }
  const counts = new Map<number, number>();
  for (const { size } of seeds.values()) counts.set(size, (counts.get(size) ?? 0) + 1);
  return new Map([...counts].sort((a, b) => a[0] - b[0]));
}
