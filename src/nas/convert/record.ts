/**
 * One architecture of NAS-Bench-201: from the record in a raw file to rows. What a record lacks has no row; nothing is
 * inferred, and the seeds and epochs are the record's own.
 */

import { BenchFormatError } from '../../lib/format-error.ts';
import type { Columns } from '../benchmark/columns.ts';
import { key, kinds, type Node } from '../pickle/tape.ts';
import { type Architecture, parseArchitecture, toDigits } from '../space/architecture.ts';
import { cost } from './cost.ts';

/** Epochs kept of each schedule: the last three, of which the final one is "last". */
const epochsKept = 3;

/** The benchmark has a dozen; a hostile file must not overflow the column. */
const maxSeries = 1000;

const keys = {
  archIndex: key('arch_index'),
  archString: key('arch_str'),
  allResults: key('all_results'),
  epochs: key('epochs'),
  trainAccuracy: key('train_acc1es'),
  trainLoss: key('train_losses'),
  trainTimes: key('train_times'),
  evalAccuracy: key('eval_acc1es'),
  evalLoss: key('eval_losses'),
  evalNames: key('eval_names'),
  params: key('params'),
  flops: key('flop'),
  latency: key('latency'),
};

/** Names of the two schedules in a "simple" file and in a .pth. */
export const simpleSchedules = [key('200'), key('12')] as const;
export const legacySchedules = [key('full'), key('less')] as const;

const classCounts: Readonly<Record<string, number>> = {
  'cifar10-valid': 10,
  cifar10: 10,
  cifar100: 100,
  'ImageNet16-120': 120,
};

/**
 * Adds the rows of architecture `index`. `offset`: byte of the unpacked data where its record begins, for errors.
 * Throws BenchFormatError, and then leaves no row behind.
 */
export function addArchitecture(
  columns: Columns,
  index: number,
  record: Node,
  { schedules, offset }: { readonly schedules: readonly Uint8Array[]; readonly offset: number },
): void {
  const length = columns.length;
  try {
    new RecordReader(columns, index, offset).read(record, schedules);
  } catch (error) {
    columns.truncate(length);
    throw error;
  }
}

class RecordReader {
  readonly #columns: Columns;
  readonly #index: number;
  readonly #offset: number;
  #architecture: Architecture | null = null;
  #params: number | null = null;
  #flops: number | null = null;
  readonly #latencies: number[] = [];
  readonly #trainSeconds: number[] = [];
  #noted = false;

  constructor(columns: Columns, index: number, offset: number) {
    this.#columns = columns;
    this.#index = index;
    this.#offset = offset;
  }

  read(record: Node, schedules: readonly Uint8Array[]): void {
    let found = false;
    for (const schedule of schedules) {
      const results = record.get(schedule);
      if (!results || results.kind === kinds.none) continue;
      found = true;
      this.#readSchedule(results);
    }
    if (!found) throw this.#error('has neither the 200-epoch nor the 12-epoch results');
    this.#columns.archs.push({
      index: this.#index,
      ops: toDigits(this.#architecture!),
      params: this.#params,
      flops: this.#flops,
      latency: mean(this.#latencies),
      trainSeconds: mean(this.#trainSeconds),
    });
  }

  #error(what: string): BenchFormatError {
    return new BenchFormatError(`architecture ${this.#index} ${what}`, this.#offset, 'unpacked');
  }

  #readSchedule(results: Node): void {
    const index = results.get(keys.archIndex)?.number();
    if (index !== undefined && index !== this.#index) throw this.#error(`calls itself ${index}`);
    const text = results.get(keys.archString)?.text();
    if (text === undefined) throw this.#error('has no arch_str');
    let architecture: Architecture;
    try {
      architecture = parseArchitecture(text);
    } catch {
      throw this.#error(`has an arch_str that is no architecture: ${text.slice(0, 120)}`);
    }
    if (this.#architecture && toDigits(this.#architecture) !== toDigits(architecture)) {
      throw this.#error('has two different arch_str');
    }
    this.#architecture = architecture;
    const all = results.get(keys.allResults);
    if (all?.kind !== kinds.dict) throw this.#error('has no all_results');
    const items = all.items();
    for (let next = items.next(); !next.done; next = items.next()) {
      const [dataset, seed] = this.#runKey(next.value);
      const run = items.next().value as Node;
      if (run.kind === kinds.dict) this.#readRun(dataset, seed, run);
    }
  }

  /** (dataset, seed). */
  #runKey(node: Node): [string, number] {
    const [dataset, seed] = node.kind === kinds.tuple ? [...node.items()] : [];
    const name = dataset?.text();
    const number = seed?.number();
    if (name === undefined || number === undefined || !Number.isInteger(number)) {
      throw this.#error('has a result whose key is not (dataset, seed)');
    }
    return [name, number];
  }

  #readRun(dataset: string, seed: number, run: Node): void {
    const epochs = run.get(keys.epochs)?.number();
    if (epochs === undefined || !Number.isInteger(epochs) || epochs < 1 || epochs > 10_000) {
      throw this.#error(`has no valid number of epochs for ${dataset}, seed ${seed}`);
    }
    const trained: Run = { dataset, seed, epochs };
    this.#series(trained, {
      split: 'train',
      accuracies: run.get(keys.trainAccuracy),
      losses: run.get(keys.trainLoss),
      keyOf: (epoch) => epoch,
    });
    const [accuracies, losses] = [run.get(keys.evalAccuracy), run.get(keys.evalLoss)];
    for (const name of run.get(keys.evalNames)?.items() ?? []) {
      const split = name.text();
      if (split === undefined) throw this.#error(`has an evaluation set without a name for ${dataset}`);
      this.#series(trained, { split, accuracies, losses, keyOf: (epoch) => evaluationKey(split, epoch) });
    }
    this.#costs(dataset, epochs, run);
  }

  #series({ dataset, seed, epochs }: Run, { split, accuracies, losses, keyOf }: Curve): void {
    const serie = this.#columns.serie(dataset, split);
    if (serie >= maxSeries) throw this.#error(`has more than ${maxSeries} data sets and splits`);
    const first = Math.max(0, epochs - epochsKept);
    for (let epoch = first; epoch < epochs; epoch++) {
      const at = keyOf(epoch);
      const accuracy = accuracies?.get(at)?.number();
      if (accuracy === undefined) continue;
      if (!(accuracy >= 0 && accuracy <= 100)) {
        throw this.#error(`has an accuracy of ${accuracy} % for ${dataset}, seed ${seed}, epoch ${epoch}`);
      }
      const loss = losses?.get(at)?.number() ?? Number.NaN;
      this.#columns.push(this.#index, serie, epochs, epoch, seed, accuracy, loss);
    }
  }

  /** Parameters, FLOPs, latency and training time, and whether the first two are what the architecture has. */
  #costs(dataset: string, epochs: number, run: Node): void {
    const millions = run.get(keys.params)?.number();
    const flops = run.get(keys.flops)?.number();
    const classes = classCounts[dataset];
    if (classes !== undefined && !this.#noted) {
      const own = cost(this.#architecture!, classes, dataset === 'ImageNet16-120' ? 16 : 32);
      if (millions !== undefined && Math.round(millions * 1e6) !== own.params) {
        this.#note(
          `${dataset}: ${millions} M parameters in the file, ${own.params / 1e6} M in the architecture`,
        );
      } else if (flops !== undefined && Math.round(flops * 1e6) !== own.flops) {
        this.#note(`${dataset}: ${flops} MFLOPs in the file, ${own.flops / 1e6} in the architecture`);
      }
    }
    if (classes !== 10) return;
    if (millions !== undefined) this.#params ??= Math.round(millions * 1e6);
    if (flops !== undefined) this.#flops ??= flops;
    for (const value of run.get(keys.latency)?.items() ?? []) {
      const seconds = value.number();
      // The benchmark writes −1 where it did not measure.
      if (seconds !== undefined && seconds > 0) this.#latencies.push(seconds);
    }
    const times = run.get(keys.trainTimes);
    if (dataset === 'cifar10' && epochs === 200 && times?.size === epochs * 2) {
      let sum = 0;
      let isValue = false;
      for (const item of times.items()) {
        if (isValue) sum += item.number() ?? Number.NaN;
        isValue = !isValue;
      }
      if (Number.isFinite(sum)) this.#trainSeconds.push(sum);
    }
  }

  #note(text: string): void {
    this.#noted = true;
    this.#columns.notes.push(`architecture ${this.#index}, ${text}`);
  }
}

/** One training of an architecture. */
interface Run {
  readonly dataset: string;
  readonly seed: number;
  readonly epochs: number;
}

/** Accuracies and losses of a training on one split; `keyOf` names an epoch in their dicts. */
interface Curve {
  readonly split: string;
  readonly accuracies: Node | undefined;
  readonly losses: Node | undefined;
  readonly keyOf: (epoch: number) => Uint8Array | number;
}

const evaluationKeys = new Map<string, Uint8Array>();

/** `x-valid@199`, encoded once. */
function evaluationKey(split: string, epoch: number): Uint8Array {
  const name = `${split}@${epoch}`;
  let encoded = evaluationKeys.get(name);
  if (!encoded) {
    encoded = key(name);
    // Names come from the file; a hostile one must not fill the memory.
    if (evaluationKeys.size < 1000) evaluationKeys.set(name, encoded);
  }
  return encoded;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
