/**
 * The paper's claims against the results: supported, contradicted or undecided. A verdict needs data: too few seeds, too
 * small a scale, a missing variant or an interval that reaches out of a part's region leave a claim undecided.
 *
 * A claim is supported when all of its parts are (so it is as sure as its least sure part), contradicted when one is
 * (corrected for how many parts were looked at, Holm). Over the claims the part of false verdicts is held below the
 * file's level (Benjamini and Hochberg), for either direction by itself.
 */
import { spaceSize } from '../space/architecture.ts';
import { falseDiscovery, holm } from '../stats/multiple.ts';
import type { NetworkPredictions } from '../study/aggregate.ts';
import type { Claim, ClaimsFile, RunScale } from './form.ts';
import type { BenchmarkFacts } from './functions.ts';
import { networkTable } from './networks.ts';
import { type Evidence, examine, type PartResult } from './part.ts';
import { isInside } from './region.ts';
import { lackText, partRow, partText, scaleText, type VerdictPart } from './words.ts';

export type Verdict = 'supported' | 'contradicted' | 'undecided';
export interface ClaimVerdict {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
  readonly planned: number;
  readonly scale: string;
  readonly paper: string;
  /** `detail` as rows: each part, then what keeps the claim from a verdict or how sure that is. */
  readonly parts: readonly VerdictPart[];
}

export interface StudyResults {
  readonly networks: readonly NetworkPredictions[];
  readonly benchmark: BenchmarkFacts;
  readonly scale: RunScale;
}

export function judgeClaims(file: ClaimsFile, results: StudyResults): readonly ClaimVerdict[] {
  return verdictsOf(file, results, examineClaims(file, results));
}

/** Every claim's parts with their effects and p-values, before any correction over claims. */
export function examineClaims(file: ClaimsFile, results: StudyResults): readonly Examined[] {
  const evidence = { networks: networkTable(results.networks), benchmark: results.benchmark };
  return file.claims.map((claim) => examineClaim(claim, file, evidence, results.scale));
}

export function verdictsOf(
  file: ClaimsFile,
  results: StudyResults,
  examined: readonly Examined[],
): readonly ClaimVerdict[] {
  // What the benchmark alone decides is known, not inferred: it takes no part in the correction.
  const tested = examined.filter((one) => one.lack === null && !one.ofBenchmark);
  const supports = falseDiscovery(tested.map(({ pSupport }) => pSupport));
  const contradicts = falseDiscovery(tested.map(({ pContradict }) => pContradict));
  const adjusted = new Map(
    tested.map((one, i) => [one, { support: supports[i]!, contradict: contradicts[i]! }]),
  );
  return examined.map((one) => {
    const q = adjusted.get(one) ?? { support: one.pSupport, contradict: one.pContradict };
    return verdictOf(one, q, file, results);
  });
}

export interface Examined {
  readonly claim: Claim;
  readonly parts: readonly PartResult[];
  /** What keeps it from a verdict whatever the effect; null: nothing. */
  readonly lack: string | null;
  readonly ofBenchmark: boolean;
  /** Fewest seeds of any part; null: none is of networks. */
  readonly n: number | null;
  readonly pSupport: number;
  readonly pContradict: number;
}

function examineClaim(claim: Claim, file: ClaimsFile, evidence: Evidence, scale: RunScale): Examined {
  const parts = claim.parts.map((part) => examine(part, evidence));
  const found = parts.flatMap(({ estimate }) => (estimate === null ? [] : [estimate]));
  const seeds = found.flatMap(({ n }) => (n === null ? [] : [n]));
  const ofBenchmark = found.length > 0 && seeds.length === 0;
  const n = seeds.length === 0 ? null : Math.min(...seeds);
  const facts = { n, ofBenchmark, isWhole: evidence.benchmark.size === spaceSize };
  return {
    claim,
    parts,
    ofBenchmark,
    n,
    lack: lackText(file, scale, facts),
    pSupport: Math.max(...parts.map(({ pSupport }) => pSupport)),
    pContradict: Math.min(...holm(parts.map(({ pContradict }) => pContradict))),
  };
}

function verdictOf(
  one: Examined,
  q: { readonly support: number; readonly contradict: number },
  { level, paper }: ClaimsFile,
  { benchmark, scale }: StudyResults,
): ClaimVerdict {
  const verdict =
    one.lack !== null
      ? 'undecided'
      : q.support <= level
        ? 'supported'
        : q.contradict <= level
          ? 'contradicted'
          : 'undecided';
  const shown = shownPart(one.parts, verdict);
  const conclusion =
    one.lack !== null
      ? `no verdict: ${one.lack}`
      : verdict !== 'undecided' && !one.ofBenchmark
        ? `after correction p = ${pText(verdict === 'supported' ? q.support : q.contradict)}`
        : '';
  const words = [...one.parts.map(partText), ...(conclusion === '' ? [] : [conclusion])];
  return {
    id: one.claim.id,
    statement: one.claim.statement,
    source: one.claim.source,
    verdict,
    detail: words.join('; '),
    effect: shown?.estimate?.effect ?? null,
    interval: shown?.estimate?.interval ?? null,
    n: one.ofBenchmark ? 1 : (one.n ?? 0),
    planned: one.ofBenchmark ? 1 : scale.planned,
    scale: one.ofBenchmark
      ? `the benchmark's ${benchmark.size === spaceSize ? '15,625 architectures' : 'architectures that are there'}`
      : scaleText(scale, paper),
    paper: one.claim.paper,
    parts: [
      ...one.parts.map(partRow),
      ...(conclusion === ''
        ? []
        : [{ what: 'taken together', effect: null, interval: null, n: null, side: conclusion }]),
    ],
  };
}

/** The part that a reader should see first: the one that decides, else the first that has a number. */
function shownPart(parts: readonly PartResult[], verdict: Verdict): PartResult | undefined {
  const known = parts.filter(({ estimate }) => estimate !== null);
  if (verdict === 'contradicted')
    return known.find(({ part, estimate }) => isInside(part.contradicted, estimate!.effect)) ?? known[0];
  return known[0];
}

function pText(p: number): string {
  return p < 0.001 ? 'below .001' : p.toFixed(3).replace(/^0/, '');
}
