/** What one network's predictions say: accuracy and rank correlation over the top-N and the random sample (paper, 3.1–3.2). */
import { pearson, spearman } from '../stats/correlation.ts';
import { kendall } from '../stats/kendall.ts';
import { type PredictionRow, topNs } from '../tables.ts';

/** The statistics of one group of architectures. */
export interface Measure {
  /** `10` … `500`, or `random`. */
  readonly group: string;
  readonly architectures: number;
  /** Mean predicted accuracy in %; over the top-N of one network this is its part of A_N. */
  readonly predicted: number;
  /** Mean accuracy in the benchmark, in %. */
  readonly benchmark: number;
  readonly tauA: number | null;
  readonly tauB: number | null;
  readonly spearman: number | null;
  readonly pearson: number | null;
}

/** One measure for each top-N that has N architectures, in ascending order, and one for the random sample. */
export function measure(rows: readonly PredictionRow[]): Measure[] {
  const top = rows.filter((row) => row.group === 'top').sort((a, b) => a.rank! - b.rank!);
  const random = rows.filter((row) => row.sampled);
  const measures = topNs.filter((n) => n <= top.length).map((n) => measureGroup(String(n), top.slice(0, n)));
  return random.length > 0 ? [...measures, measureGroup('random', random)] : measures;
}

export function measureGroup(group: string, rows: readonly PredictionRow[]): Measure {
  const predicted = Float64Array.from(rows, (row) => row.predicted);
  const benchmark = Float64Array.from(rows, (row) => row.benchmark);
  const { a, b } = kendall(predicted, benchmark);
  return {
    group,
    architectures: rows.length,
    predicted: mean(predicted),
    benchmark: mean(benchmark),
    tauA: a,
    tauB: b,
    spearman: spearman(predicted, benchmark),
    pearson: pearson(predicted, benchmark),
  };
}

/**
 * τ_a: Kendall's τ-a over the pairs (N, A_N) (paper, section 3.1). −1 is best: the smaller the top, the better it is
 * predicted. The random sample is none of the points. null below two points.
 */
export function tauOfAverages(
  averages: readonly { readonly n: number; readonly predicted: number }[],
): number | null {
  return kendall(
    averages.map(({ n }) => n),
    averages.map(({ predicted }) => predicted),
  ).a;
}

/**
 * How much is lost by trusting the network: the benchmark's best accuracy among the architectures asked about, minus that
 * of the one predicted best (of several, the first in the benchmark's order), in points.
 */
export function regret(rows: readonly PredictionRow[]): number | null {
  if (rows.length === 0) return null;
  const best = Math.max(...rows.map((row) => row.benchmark));
  const chosen = rows.reduce((a, b) =>
    b.predicted > a.predicted || (b.predicted === a.predicted && b.index < a.index) ? b : a,
  );
  return best - chosen.benchmark;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
