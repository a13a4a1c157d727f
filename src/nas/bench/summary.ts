/**
 * What a converted benchmark can answer, policy by policy (dataset, split, epochs, seeds → one accuracy an
 * architecture): how many architectures have it, and which are best. An architecture that lacks a number is counted as
 * lacking it; nothing is filled in.
 */
import type { BenchTable } from './columns.ts';

export interface PolicyParts {
  readonly text: string;
  readonly dataset: string;
  /** 200, or 12 with `@12` behind the dataset. */
  readonly hp: number;
  readonly split: string;
  /** last | last3 | a 0-based epoch. */
  readonly epochs: 'last' | 'last3' | number;
  readonly seeds: 'mean' | number;
}

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

/** Parses `dataset[@12]/split/epochs/seeds`. Throws SyntaxError that says what is wrong. */
export function parsePolicyParts(text: string): PolicyParts {
  const [, dataset, schedule, split, epochs, seeds] =
    /^([^/@]+)(?:@(\d+))?\/([^/]+)\/(last3?|\d+)\/(mean|\d+)$/.exec(text) ?? [];
  if (dataset === undefined || split === undefined || epochs === undefined || seeds === undefined) {
    throw new SyntaxError(
      `'${text}' is no policy: dataset[@12]/split/epochs/seeds, such as cifar10-valid/x-valid/last/mean`,
    );
  }
  return {
    text,
    dataset,
    split,
    hp: schedule === undefined ? 200 : Number(schedule),
    epochs: epochs === 'last' || epochs === 'last3' ? epochs : Number(epochs),
    seeds: seeds === 'mean' ? 'mean' : Number(seeds),
  };
}

/** Accuracy in % by architecture, for those that have all the policy asks. */
export function accuracies(table: BenchTable, policy: PolicyParts): Map<number, number> {
  const serie = table.series.findIndex(
    ([dataset, split]) => dataset === policy.dataset && split === policy.split,
  );
  const last = policy.hp - 1;
  const [first, end] =
    policy.epochs === 'last'
      ? [last, last]
      : policy.epochs === 'last3'
        ? [last - 2, last]
        : [policy.epochs, policy.epochs];
  /** By architecture, then seed: sum and number of epochs. */
  const bySeed = new Map<number, Map<number, { sum: number; count: number }>>();
  for (let i = 0; i < table.length && serie >= 0; i++) {
    if (table.serie[i] !== serie || table.hp[i] !== policy.hp) continue;
    const epoch = table.epoch[i]!;
    const seed = table.seed[i]!;
    if (epoch < first || epoch > end || (policy.seeds !== 'mean' && seed !== policy.seeds)) continue;
    const index = table.index[i]!;
    let seeds = bySeed.get(index);
    if (!seeds) {
      seeds = new Map();
      bySeed.set(index, seeds);
    }
    const entry = seeds.get(seed);
    if (entry) {
      entry.sum += table.accuracy[i]!;
      entry.count++;
    } else seeds.set(seed, { sum: table.accuracy[i]!, count: 1 });
  }
  const wanted = end - first + 1;
  const result = new Map<number, number>();
  for (const [index, seeds] of bySeed) {
    const means = [...seeds.values()].filter(({ count }) => count === wanted).map(({ sum }) => sum / wanted);
    if (means.length > 0) result.set(index, means.reduce((sum, value) => sum + value, 0) / means.length);
  }
  return result;
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
export function summarise(
  table: BenchTable,
  policies: readonly PolicyParts[],
  shown: number,
): PolicySummary[] {
  return policies.map((policy) => {
    const ranked = [...accuracies(table, policy)]
      .map(([index, accuracy]): Ranked => ({ index, ops: table.ops.get(index)!, accuracy }))
      .sort((a, b) => b.accuracy - a.accuracy || a.index - b.index);
    return {
      policy: policy.text,
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
export function seedCounts(table: BenchTable, dataset: string, hp: number): Map<number, number> {
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
