/** The form of claims.yaml. */
import { z } from 'zod';
import {
  type Expression,
  evaluateExpression,
  MissingResult,
  operandsOf,
  parseExpression,
} from './expression.ts';
import { BenchmarkFacts, claimFunctions } from './functions.ts';
import { parseRegion } from './region.ts';

const region = z.string().transform((text, context) => {
  const parsed = parseRegion(text);
  if (parsed) return parsed;
  const message = `'${text}' is no bound: <, <=, >, >=, within or beyond, and a number (above 0 for the last two)`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const expression = z.string().transform((text, context) => {
  try {
    const parsed = parseExpression(text);
    checkCalls(parsed);
    return { text, parsed };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

/** A map of these keys alone. The message of an unknown key lists those there are, as lib/diagnostics/shape.ts reads it. */
function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(' ');
  return z.strictObject(shape, { error: ({ code }) => (code === 'unrecognized_keys' ? keys : undefined) });
}

const scale = closed({
  channels: z.number().int().default(0),
  cellsPerStage: z.number().int().default(0),
  side: z.number().int().default(0),
  epochs: z.number().int().default(0),
  trainImages: z.number().int().default(0),
});
export type Scale = z.infer<typeof scale>;

/** The size at which the study was run; of all networks the smallest. */
export interface RunScale extends Scale {
  /** Generated images: nothing that is run on them speaks about the paper. */
  readonly embedded: boolean;
  /** The user's own images or benchmark, which say nothing about the paper either. */
  readonly own?: boolean;
  /** Seeds that each variant should have. */
  readonly planned: number;
}

const part = closed({
  what: z.string(),
  effect: expression,
  /** A pattern of variants, `S/*`: `$` in the effect stands for each. All of them must be as claimed, or one. */
  every: z.string().optional(),
  some: z.string().optional(),
  /** Where the effect must lie. What is between the two is the tolerance. */
  supported: region,
  contradicted: region,
  /** Shown beside the effect, and decides nothing: what the paper itself gives. */
  beside: expression.optional(),
});

export const claimsFileSchema = closed({
  /** Seeds of every variant below which there is no verdict. */
  seeds: z.number().int().min(2),
  /** The part of wrong verdicts among those given that is accepted, for each direction: 0.05. */
  level: z.number().gt(0).lt(0.5),
  /** The scale below which there is no verdict, either way. */
  scale,
  /** The scale that the paper speaks of. */
  paper: scale,
  claims: z.array(
    closed({
      id: z.string(),
      statement: z.string(),
      source: z.string(),
      /** What the paper found, in its numbers. */
      paper: z.string(),
      parts: z.array(part).min(1),
    }),
  ),
  /** What the paper says besides, and why it cannot be checked here. */
  unchecked: z.array(closed({ statement: z.string(), source: z.string(), why: z.string() })).default([]),
});
export type ClaimsFile = z.infer<typeof claimsFileSchema>;
export type Claim = ClaimsFile['claims'][number];
export type Part = z.infer<typeof part>;

const nothing = {
  networks: new Map(),
  benchmark: new BenchmarkFacts([], new Map()),
  seed: '',
  seeds: [],
  without: null,
};

/**
 * Evaluates every call and operator by itself over no results, so that none hides behind another: a result that is not
 * there is no mistake, a name or an argument that cannot be is one. @throws SyntaxError
 */
function checkCalls(of: Expression): void {
  for (const operand of operandsOf(of)) if (operand.kind !== 'text') checkCalls(operand);
  try {
    evaluateExpression(of, claimFunctions(nothing, null));
  } catch (error) {
    if (!(error instanceof MissingResult)) throw error;
  }
}
