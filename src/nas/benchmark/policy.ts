/**
 * A policy says which of the benchmark's many numbers is an architecture's accuracy:
 * `dataset[@schedule]/split/epochs/seeds`, e.g. `cifar10-valid/x-valid/last/mean`, `cifar10-valid/train/last3/mean`,
 * `cifar10@12/ori-test/last/777`. What a table does not hold is said, never guessed (study: section 6).
 */
import type { Policy } from '../tables.ts';
import type { BenchTable } from './table.ts';

export interface ParsedPolicy {
  readonly dataset: string;
  /** Epochs of the training schedule; null: the longest that the table has for the dataset. */
  readonly schedule: number | null;
  readonly split: string;
  /** How many of the last epochs are averaged, or one 0-based epoch. */
  readonly epochs:
    | { readonly kind: 'last'; readonly count: number }
    | { readonly kind: 'epoch'; readonly epoch: number };
  /** One seed; null: the mean of those there are. */
  readonly seed: number | null;
}

/** Accuracy of each architecture under a policy. */
export interface PolicyResult {
  readonly policy: Policy;
  /** Ascending by index. */
  readonly rows: readonly { readonly index: number; readonly ops: string; readonly accuracy: number }[];
  /** Architectures of the table that have no such number. */
  readonly missing: number;
  /** Number of seeds averaged → architectures; 0 stands for a mean that the table brought along. */
  readonly seeds: ReadonlyMap<number, number>;
}

/** Throws SyntaxError that shows the form. */
export function parsePolicy(text: string): ParsedPolicy {
  const match = /^([^/@]+)(?:@(\d+))?\/([^/]+)\/(last\d*|\d+)\/(mean|\d+)$/.exec(text);
  if (!match) {
    throw new SyntaxError(
      `'${text}' is no policy: dataset[@schedule]/split/epochs/seeds, such as cifar10-valid/x-valid/last/mean, ` +
        'epochs last, last3 or a 0-based number, seeds mean or one seed',
    );
  }
  const [, dataset, schedule, split, epochs, seeds] = match;
  const count = epochs!.startsWith('last') ? Number(epochs!.slice(4) || 1) : null;
  if (count === 0) throw new SyntaxError(`'${text}': last0 averages nothing`);
  return {
    dataset: dataset!,
    schedule: schedule === undefined ? null : Number(schedule),
    split: split!,
    epochs: count === null ? { kind: 'epoch', epoch: Number(epochs) } : { kind: 'last', count },
    seed: seeds === 'mean' ? null : Number(seeds),
  };
}

/** Applies a policy. Throws RangeError that lists what the table has when it holds nothing of the kind. */
export function applyPolicy(table: BenchTable, text: string): PolicyResult {
  const policy = parsePolicy(text);
  const schedule = policy.schedule ?? longestSchedule(table, policy.dataset);
  /** index → seed → epoch → accuracy */
  const found = new Map<number, { ops: string; bySeed: Map<number, Map<number, number>> }>();
  const known = new Set<number>();
  for (let i = 0; i < table.length; i++) {
    const index = table.index[i]!;
    known.add(index);
    if (table.dataset[i] !== policy.dataset || table.split[i] !== policy.split || table.hp[i] !== schedule)
      continue;
    if (policy.seed !== null && table.seed[i] !== policy.seed) continue;
    // The last epoch may be written as −1.
    const epoch = table.epoch[i] === -1 ? schedule - 1 : table.epoch[i]!;
    if (!wanted(policy, schedule, epoch)) continue;
    let entry = found.get(index);
    if (!entry) {
      entry = { ops: table.ops[i]!, bySeed: new Map() };
      found.set(index, entry);
    }
    const seed = table.seed[i]!;
    let epochs = entry.bySeed.get(seed);
    if (!epochs) {
      epochs = new Map();
      entry.bySeed.set(seed, epochs);
    }
    epochs.set(epoch, table.accuracy[i]!);
  }
  const needed = policy.epochs.kind === 'last' ? policy.epochs.count : 1;
  const rows: { index: number; ops: string; accuracy: number }[] = [];
  const seeds = new Map<number, number>();
  for (const [index, { ops, bySeed }] of found) {
    // A seed that lacks one of the epochs is left out whole: a mean over other epochs would be another number.
    const complete = [...bySeed].filter(([, epochs]) => epochs.size === needed);
    const single = complete.filter(([seed]) => seed !== -1);
    const used = single.length > 0 ? single : complete;
    if (used.length === 0) continue;
    const accuracy = mean(used.map(([, epochs]) => mean([...epochs.values()])));
    rows.push({ index, ops, accuracy });
    const count = single.length;
    seeds.set(count, (seeds.get(count) ?? 0) + 1);
  }
  if (rows.length === 0) {
    throw new RangeError(`the table has nothing for ${text}; it has ${describeSeries(table).join(', ')}`);
  }
  rows.sort((a, b) => a.index - b.index);
  return { policy: text as Policy, rows, missing: known.size - rows.length, seeds };
}

/** `cifar10-valid@200/x-valid`, every series of the table. */
export function describeSeries(table: BenchTable): string[] {
  const series = new Set<string>();
  for (let i = 0; i < table.length; i++) series.add(`${table.dataset[i]}@${table.hp[i]}/${table.split[i]}`);
  return [...series].sort();
}

function wanted(policy: ParsedPolicy, schedule: number, epoch: number): boolean {
  return policy.epochs.kind === 'last'
    ? epoch >= schedule - policy.epochs.count && epoch < schedule
    : epoch === policy.epochs.epoch;
}

function longestSchedule(table: BenchTable, dataset: string): number {
  let longest = 0;
  for (let i = 0; i < table.length; i++) {
    if (table.dataset[i] === dataset) longest = Math.max(longest, table.hp[i]!);
  }
  return longest;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
