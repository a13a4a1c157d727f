/** Ranks other people's predictions as the study ranks its own networks, and over all that they predict. */
import { sampleEvaluation } from '../benchmark/target.ts';
import { correlationIntervals, type Interval } from '../stats/interval.ts';
import { type NetworkPredictions, summariseVariants, type VariantSummary } from '../study/aggregate.ts';
import { variantIntervals } from '../study/intervals.ts';
import { type Measure, measureGroup } from '../study/measure.ts';
import { intervalText, type ResultTable, rankingTable } from '../study/results.ts';
import type { PredictionRow } from '../tables.ts';
import { type ExternalFile, ExternalPredictionsError } from './read.ts';

export interface RankedFile {
  readonly name: string;
  readonly seed: string;
  readonly kind: ExternalFile['kind'];
  /** With groups and ranks; of predicted architectures that the benchmark has a target for. */
  readonly rows: readonly PredictionRow[];
  /** Over every predicted architecture. */
  readonly all: Measure;
  /** 95 % of τ-b over all, architectures resampled; null when undefined. */
  readonly interval: Interval | null;
  /** Architectures of the benchmark without a prediction. */
  readonly unpredicted: number;
  /** Predictions for architectures that the benchmark has no target for. */
  readonly unknown: number;
}

export interface RankOptions {
  readonly top: number;
  readonly random: number;
  readonly sampleSeed: number;
}

type BenchRows = Parameters<typeof sampleEvaluation>[0];

/** Throws ExternalPredictionsError when fewer than two architectures are in the benchmark. */
export function rankExternal(file: ExternalFile, bench: BenchRows, options: RankOptions): RankedFile {
  const byIndex = new Map(bench.map((row) => [row.index, row]));
  const byOps = new Map(bench.map((row) => [row.ops, row]));
  const predicted = new Map<number, number>();
  let unknown = 0;
  for (const { architecture, value } of file.predictions) {
    const row = architecture.by === 'index' ? byIndex.get(architecture.index) : byOps.get(architecture.ops);
    if (row && predicted.has(row.index)) {
      throw new ExternalPredictionsError(
        `${file.name}: architecture ${row.index} (${row.ops}) is there by its index and by its operations; keep one`,
      );
    }
    if (row) predicted.set(row.index, value);
    else unknown++;
  }
  if (predicted.size < 2) {
    throw new ExternalPredictionsError(
      `${file.name}: ${predicted.size} of its architectures are in the benchmark; a ranking takes two at least`,
    );
  }
  const asked = sampleEvaluation(
    bench.filter(({ index }) => predicted.has(index)),
    [],
    options,
  );
  const rowOf = ({ index, ops, benchmark }: { index: number; ops: string; benchmark: number }) => ({
    index,
    ops,
    predicted: predicted.get(index)!,
    benchmark,
  });
  const rows = asked.map((one): PredictionRow => {
    const { group, rank, sampled } = one;
    return { ...rowOf(one), group, rank, sampled };
  });
  const everything = bench
    .filter(({ index }) => predicted.has(index))
    .map(
      ({ accuracy, ...row }): PredictionRow => ({
        ...rowOf({ ...row, benchmark: accuracy }),
        group: 'shared',
        rank: null,
        sampled: false,
      }),
    );
  return {
    name: file.name,
    seed: file.seed,
    kind: file.kind,
    rows,
    all: measureGroup('all', everything),
    interval: correlationIntervals(
      everything.map((row) => row.predicted),
      everything.map((row) => row.benchmark),
      { seed: 0, resamples: everything.length > 2000 ? 100 : 1000 },
    ).tauB,
    unpredicted: bench.length - predicted.size,
    unknown,
  };
}

/** The files as networks: the method is a file's name, its seed the file's. */
export function asNetworks(files: readonly RankedFile[]): NetworkPredictions[] {
  return files.map(({ name, seed, rows }) => ({
    axes: { size: 'predictions', space: 'all', method: name, seed },
    rows,
  }));
}

export interface ExternalResults {
  readonly summaries: readonly VariantSummary[];
  readonly tables: { readonly all: ResultTable; readonly ranking: ResultTable };
  readonly metrics: Readonly<Record<string, number | null>>;
}

export function externalResults(files: readonly RankedFile[], target: string): ExternalResults {
  const networks = asNetworks(files);
  const seeds = new Map<string, number>();
  for (const { name } of files) seeds.set(name, (seeds.get(name) ?? 0) + 1);
  const summaries = summariseVariants(networks, 1).map((one) => ({
    ...one,
    planned: seeds.get(one.method) ?? one.seeds,
  }));
  const ranking = rankingTable(summaries, variantIntervals(networks), target);
  return {
    summaries,
    tables: {
      all: allTable(files, target),
      ranking: {
        ...ranking,
        title: 'Top-N and random sample',
        // A score has no unit.
        columns: files.every(({ kind }) => kind === 'accuracy')
          ? ranking.columns
          : ranking.columns.map(({ unit, ...column }) => ({
              ...column,
              ...(unit === undefined || unit === '%' ? {} : { unit }),
            })),
        rows: ranking.rows.map((row, i) => ({ ...row, variant: summaries[i]!.method })),
      },
    },
    metrics: Object.fromEntries(
      files.flatMap(({ name, seed, all }) => {
        const key = seeds.get(name) === 1 ? name : `${name}.seed${seed}`;
        return [
          [`${key}.tau_a`, summaries.find(({ method }) => method === name)!.tauOfAverages],
          [`${key}.tau`, all.tauA],
          [`${key}.tau_b`, all.tauB],
          [`${key}.spearman`, all.spearman],
          [`${key}.pearson`, all.pearson],
        ];
      }),
    ),
  };
}

function allTable(files: readonly RankedFile[], target: string): ResultTable {
  const number = { kind: 'number' as const, digits: 3, better: 'higher' as const };
  return {
    title: 'Agreement with the benchmark',
    caption: `Over every architecture that a file predicts. Truth: ${target}. The interval resamples architectures (95 %).`,
    columns: [
      { name: 'name', label: 'predictions', kind: 'text' },
      { name: 'seed', label: 'seed', kind: 'text' },
      { name: 'architectures', label: 'architectures', kind: 'number', digits: 0 },
      { name: 'tauA', label: 'τ-a', ...number },
      { name: 'tauB', label: 'τ-b', ...number },
      { name: 'interval', label: 'τ-b, 95 %', kind: 'text' },
      { name: 'spearman', label: 'SCC', ...number },
      { name: 'pearson', label: 'PCC', ...number },
    ],
    rows: files.map(({ name, seed, all, interval }) => ({
      name,
      seed,
      architectures: all.architectures,
      tauA: all.tauA,
      tauB: all.tauB,
      interval: intervalText(interval),
      spearman: all.spearman,
      pearson: all.pearson,
    })),
    notes: files.flatMap(({ name, seed, unpredicted, unknown }) => {
      const said = [
        ...(unpredicted > 0 ? [`${unpredicted} architectures of the benchmark have no prediction`] : []),
        ...(unknown > 0 ? [`${unknown} predictions are of architectures that the benchmark lacks`] : []),
      ];
      return said.length > 0 ? [`${name}, seed ${seed}: ${said.join('; ')}.`] : [];
    }),
  };
}
