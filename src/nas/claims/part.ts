/** One part of a claim against the results: its effect, and p-values for either side. */
import { holm } from '../stats/multiple.ts';
import { type Estimate, estimate } from './estimate.ts';
import { MissingResult } from './expression.ts';
import type { Part } from './form.ts';
import { type BenchmarkFacts, variantsLike } from './functions.ts';
import type { NetworkTable } from './networks.ts';
import { isInside, pValue } from './region.ts';

export interface Evidence {
  readonly networks: NetworkTable;
  readonly benchmark: BenchmarkFacts;
}

export interface PartResult {
  readonly part: Part;
  /** Null: `missing` says why there is none. */
  readonly estimate: Estimate | null;
  readonly missing: string | null;
  /** The variant that the estimate is of, where the part speaks of several. */
  readonly variant: string | null;
  readonly beside: number | null;
  /** Against "it is not as claimed" and "it is not contrary to the claim"; 1 when nothing is known. */
  readonly pSupport: number;
  readonly pContradict: number;
}

export function examine(part: Part, evidence: Evidence): PartResult {
  const pattern = part.every ?? part.some;
  if (pattern === undefined) return examineOne(part, null, evidence);
  const variants = variantsLike(pattern, evidence.networks);
  const each = variants.map((variant) => examineOne(part, variant, evidence));
  const known = each.filter(({ estimate: found }) => found !== null);
  if (known.length === 0)
    return nothingKnown(part, each[0]?.missing ?? `no variant like ${pattern} was run`, null);
  // What must hold everywhere is as sure as its least sure variant, what must hold somewhere as its surest, corrected
  // for how many were looked at; and the other way round for the contrary.
  const every = part.every !== undefined;
  const support = known.map(({ pSupport }) => pSupport);
  const contradict = known.map(({ pContradict }) => pContradict);
  const all = (values: readonly number[]) => Math.max(...values);
  const any = (values: readonly number[]) => Math.min(...holm(values));
  const shown = known.reduce((a, b) => ((every ? b.pSupport > a.pSupport : b.pSupport < a.pSupport) ? b : a));
  return {
    ...shown,
    pSupport: every ? all(support) : any(support),
    pContradict: every ? any(contradict) : all(contradict),
  };
}

function examineOne(part: Part, variant: string | null, evidence: Evidence): PartResult {
  try {
    const found = estimate(part.effect.parsed, variant, evidence);
    return {
      part,
      estimate: found,
      missing: null,
      variant,
      beside: besideOf(part, variant, evidence),
      ...pValues(part, found),
    };
  } catch (error) {
    if (error instanceof MissingResult) return nothingKnown(part, error.message, variant);
    throw error;
  }
}

/** The benchmark is whole, not a sample: what it says is so. */
function pValues(part: Part, found: Estimate): { readonly pSupport: number; readonly pContradict: number } {
  const against = (region: Part['supported']) =>
    found.n === null ? (isInside(region, found.effect) ? 0 : 1) : pValue(region, found);
  return { pSupport: against(part.supported), pContradict: against(part.contradicted) };
}

function besideOf(part: Part, variant: string | null, evidence: Evidence): number | null {
  if (part.beside === undefined) return null;
  try {
    return estimate(part.beside.parsed, variant, evidence).effect;
  } catch (error) {
    if (error instanceof MissingResult) return null;
    throw error;
  }
}

function nothingKnown(part: Part, missing: string, variant: string | null): PartResult {
  return { part, estimate: null, missing, variant, beside: null, pSupport: 1, pContradict: 1 };
}
