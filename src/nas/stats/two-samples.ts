/**
 * Whether two small samples come from one distribution: a test of the difference, one of equality (equivalence within a
 * margin, so that "no difference found" is not mistaken for "there is none"), and what either could have found.
 */
import { Random } from '../data/random.ts';
import { spreadOf } from './spread.ts';
import { studentQuantile, studentTail } from './student.ts';

export interface SampleComparison {
  /** Mean of the first less that of the second, and its 95 % interval (Welch 1947). */
  readonly difference: number;
  readonly interval: readonly [number, number];
  /** Against "the means are equal": by permutation, so that no shape is assumed. */
  readonly pMeans: number;
  /** Against "the distributions are equal": the largest distance of their step functions, by permutation. */
  readonly pDistributions: number;
  /** Difference of means that a two-sided test at 5 % finds in 80 % of such samples. */
  readonly detectable: number;
  /** Against "the means differ by the margin or more", two one-sided tests (Schuirmann 1987); null without a margin. */
  readonly pEqual: number | null;
  /** How often samples of one distribution, spread like these, pass that test at 5 %; null without a margin. */
  readonly powerOfEqual: number | null;
}

const permutations = 1999;
const simulations = 2000;

/** `margin`: the difference of means from which on it would matter. @throws RangeError below two values on a side */
export function compareSamples(
  a: readonly number[],
  b: readonly number[],
  margin: number | null,
): SampleComparison {
  if (a.length < 2 || b.length < 2)
    throw new RangeError(`samples of ${a.length} and ${b.length}: two is the least`);
  const { difference, error, df } = welch(a, b);
  const half = studentQuantile(0.025, df) * error;
  const random = Random.stream(0, `two samples ${a.length} ${b.length}`);
  const shuffled = (statistic: (x: readonly number[], y: readonly number[]) => number) => {
    const seen = statistic(a, b);
    const all = [...a, ...b];
    let extreme = 1;
    for (let i = 0; i < permutations; i++) {
      random.shuffle(all);
      if (statistic(all.slice(0, a.length), all.slice(a.length)) >= seen - 1e-12) extreme++;
    }
    return extreme / (permutations + 1);
  };
  return {
    difference,
    interval: [difference - half, difference + half],
    pMeans: shuffled((x, y) => Math.abs(meanOf(x) - meanOf(y))),
    pDistributions: shuffled(largestDistance),
    detectable: (studentQuantile(0.025, df) + studentQuantile(0.2, df)) * error,
    pEqual: margin === null ? null : pWithin(welch(a, b), margin),
    powerOfEqual: margin === null ? null : powerOfEqual(a, b, margin, random),
  };
}

interface Welch {
  readonly difference: number;
  readonly error: number;
  readonly df: number;
}

function welch(a: readonly number[], b: readonly number[]): Welch {
  const parts = [a, b].map((sample) => {
    const { mean, std, n } = spreadOf(sample);
    return { mean: mean!, variance: std! ** 2 / n, n };
  });
  const [x, y] = [parts[0]!, parts[1]!];
  const variance = x.variance + y.variance;
  const df =
    variance === 0
      ? x.n + y.n - 2
      : variance ** 2 / (x.variance ** 2 / (x.n - 1) + y.variance ** 2 / (y.n - 1));
  return { difference: x.mean - y.mean, error: Math.sqrt(variance), df };
}

function pWithin({ difference, error, df }: Welch, margin: number): number {
  if (error === 0) return Math.abs(difference) < margin ? 0 : 1;
  return studentTail((margin - Math.abs(difference)) / error, df);
}

function powerOfEqual(a: readonly number[], b: readonly number[], margin: number, random: Random): number {
  const deviation = Math.sqrt((spreadOf(a).std! ** 2 + spreadOf(b).std! ** 2) / 2);
  const draw = (n: number) => Array.from({ length: n }, () => deviation * random.normal());
  let passed = 0;
  for (let i = 0; i < simulations; i++)
    if (pWithin(welch(draw(a.length), draw(b.length)), margin) <= 0.05) passed++;
  return passed / simulations;
}

/** Of the two step functions of the values (Kolmogorov and Smirnov). */
function largestDistance(a: readonly number[], b: readonly number[]): number {
  const below = (sample: readonly number[], value: number) =>
    sample.filter((one) => one <= value).length / sample.length;
  return Math.max(...[...a, ...b].map((value) => Math.abs(below(a, value) - below(b, value))));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
