/** The form of claims.yaml. */
import { z } from 'zod';
import {
  type Expression,
  evaluateExpression,
  MissingResult,
  operandsOf,
  parseExpression,
} from './expression.ts';
import { claimFunctions } from './results.ts';

const bound = z.string().transform((text, context) => {
  const match = /^\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (match) return { sign: match[1]!, value: Number(match[2]), text: text.trim() };
  context.addIssue({ code: 'custom', message: `'${text}' is no bound: <, <=, > or >= and a number` });
  return z.NEVER;
});
export type Bound = z.infer<typeof bound>;

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
  side: z.number().int().default(0),
  epochs: z.number().int().default(0),
  trainImages: z.number().int().default(0),
});

export const claimsFileSchema = closed({
  /** Seeds of every variant below which there is no verdict. */
  seeds: z.number().int().positive(),
  /** The scale below which no result supports a claim, and that below which none contradicts one. */
  scale: closed({ support: scale, contradict: scale }),
  claims: z.array(
    closed({
      id: z.string(),
      statement: z.string(),
      source: z.string(),
      /** What the paper found, in its numbers. */
      paper: z.string(),
      parts: z
        .array(
          closed({
            what: z.string(),
            effect: expression,
            /** Where the effect must lie. What is between the two bounds is the tolerance: undecided. */
            supported: bound,
            contradicted: bound,
          }),
        )
        .min(1),
    }),
  ),
});
export type ClaimsFile = z.infer<typeof claimsFileSchema>;
export type Claim = ClaimsFile['claims'][number];
export type Part = Claim['parts'][number];

/**
 * Evaluates every call and operator by itself over no results, so that none hides behind another: a result that is not
 * there is no mistake, a name or an argument that cannot be is one. Throws SyntaxError.
 */
function checkCalls(of: Expression): void {
  for (const operand of operandsOf(of)) if (operand.kind !== 'text') checkCalls(operand);
  const touched = { seeds: new Map<string, number>(), benchmark: false };
  try {
    evaluateExpression(
      of,
      claimFunctions(new Map(), new Map(), (seeds) => seeds, touched),
    );
  } catch (error) {
    if (!(error instanceof MissingResult)) throw error;
  }
}
