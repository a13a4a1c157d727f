/**
 * What an out that a pipeline marks for the report (`report:`) must hold: a schema per mark, and its type. A stage
 * imports them from `pipe-experiments/report`, the report reads by them; neither knows the other.
 *
 * ```ts
 * import { type TableMark, tableMark } from 'pipe-experiments/report';
 * const table: TableMark = { title: 'Accuracy', caption: 'Mean of three seeds.', columns, rows, notes: [] };
 * writeFileSync(stage.out('table'), JSON.stringify(tableMark.parse(table)));
 * ```
 */
import { z } from 'zod';
import type { Json } from '../lib/json.ts';

/** A mean over seeds: shown as mean ± std, and with n where it is short of what was planned. */
export interface Spread {
  readonly mean: number | null;
  readonly std: number | null;
  readonly n: number;
  readonly planned: number;
}

export interface TableColumn {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'number' | 'spread';
  readonly digits?: number;
  readonly unit?: string;
  readonly better?: 'higher' | 'lower';
  readonly group?: string;
}

interface Table<Value> {
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, Value>>[];
  readonly notes: readonly string[];
}
/** A table as a stage writes it. */
export type TableMark = Table<Json | Spread>;
/** A table as it is read back. */
export type TableRead = Table<Json>;

export interface KeyFigure {
  readonly value: number | null;
  readonly means: string;
  readonly unit?: string;
  readonly better?: 'higher' | 'lower';
}

/** Names to numbers; null: undefined. */
export type MetricsMark = Readonly<Record<string, number | null | KeyFigure>>;

type Interval = readonly [low: number, high: number] | null;

export interface ClaimPart {
  readonly what: string;
  readonly effect: number | null;
  readonly interval: Interval;
  readonly n: number | null;
  readonly side: string;
}

export interface JudgedClaim {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly verdict: 'supported' | 'contradicted' | 'undecided';
  readonly detail: string;
  readonly effect: number | null;
  readonly interval: Interval;
  readonly n: number;
  readonly planned: number;
  readonly scale: string;
  readonly paper: string;
  readonly parts?: readonly ClaimPart[];
}

export interface ClaimsMark {
  readonly claims: readonly JudgedClaim[];
  readonly hint?: string;
}

export interface NoticeMark {
  readonly level: 'info' | 'warning';
  readonly title: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, string>>;
}

export interface FigureMeta {
  readonly title: string;
  readonly caption: string;
  readonly section: string;
  readonly order: number;
  readonly statement?: string;
  readonly notDrawn?: number;
  readonly partial?: string;
}

/** A Vega-Lite specification with what the report says of it. */
export interface FigureMark {
  readonly usermeta: { readonly pipe: FigureMeta };
  readonly [key: string]: unknown;
}

const text = z.string().max(10_000);
const jsonValue: z.ZodType<Json> = z.json();

/** `{mean, std, n, planned}`: shown as mean ± std, and with n where it is short of what was planned. */
export const spread: z.ZodType<Spread> = z.object({
  mean: z.number().nullable().describe('Null where it is undefined.'),
  std: z.number().nullable().describe('Sample standard deviation; null with one value.'),
  n: z.number().describe('Values that there are.'),
  planned: z.number().describe('Values that the run plans.'),
});

export const tableColumn: z.ZodType<TableColumn> = z.object({
  name: text.describe("Key of the column's values in a row."),
  label: text.describe('Its heading.'),
  kind: z.enum(['text', 'number', 'spread']).describe('What its values are.'),
  digits: z.number().int().min(0).max(12).exactOptional().describe('Digits after the point.'),
  unit: text.exactOptional().describe('Stands beside the heading.'),
  better: z
    .enum(['higher', 'lower'])
    .exactOptional()
    .describe(
      'Which direction is better: the best value is marked, and a change since a baseline is called better or worse.',
    ),
  group: text
    .exactOptional()
    .describe('Columns of one group are folded behind a heading of this text; a reader opens them.'),
});

/** `report: table`, a JSON file. */
export const tableMark: z.ZodType<TableRead> = z.object({
  title: text.describe('Heading of the table.'),
  caption: text.describe('What the numbers are, over how many.'),
  columns: z.array(tableColumn).min(1).describe('Left to right; the first names the row.'),
  rows: z
    .array(z.record(z.string(), jsonValue))
    .max(20_000)
    .describe('Column name to value; null or absent where there is none.'),
  notes: z.array(text).describe('Lines under the table.'),
});

/** A number, and what it means in a sentence. */
export const keyFigure: z.ZodType<KeyFigure> = z.object({
  value: z.number().nullable().describe('Null where it is undefined.'),
  means: text.describe('What it means, in a sentence.'),
  unit: text.exactOptional().describe('Stands behind the number.'),
  better: z
    .enum(['higher', 'lower'])
    .exactOptional()
    .describe('Which direction is better: a comparison of two runs then says better or worse.'),
});

/** `report: metrics`, a JSON file: names to numbers, null where a number is undefined. */
export const metricsMark: z.ZodType<MetricsMark> = z.record(
  z.string(),
  z.union([z.number(), z.null(), keyFigure]),
);

const interval: z.ZodType<Interval> = z.tuple([z.number(), z.number()]).nullable();

/** One comparison that a claim is made of. */
export const claimPart: z.ZodType<ClaimPart> = z.object({
  what: text.describe('What is compared, in a few words.'),
  effect: z.number().nullable().describe('Null where there is none.'),
  interval: interval.describe('Its confidence interval.'),
  n: z.number().nullable().describe('Seeds behind it; null where nothing was sampled.'),
  side: text.describe('On which side of the claim it lies, or what is missing.'),
});

export const claim: z.ZodType<JudgedClaim> = z.object({
  id: text.describe('Short, and the same in every run.'),
  statement: text.describe('In plain words.'),
  source: text.describe('Where the statement comes from: "section 4.1, figure 4".'),
  verdict: z
    .enum(['supported', 'contradicted', 'undecided'])
    .describe('Undecided ones are folded into one line.'),
  detail: text.describe('Why this verdict, in a sentence with its numbers.'),
  effect: z.number().nullable().describe('The number that decides; null where there is none.'),
  interval: interval.describe('Its confidence interval.'),
  n: z.number().describe('Seeds behind the verdict; 0: what it needs was not run.'),
  planned: z.number().describe('Seeds that the run plans.'),
  scale: text.describe('The size at which it was run.'),
  paper: text.describe('What the source says in numbers.'),
  parts: z
    .array(claimPart)
    .exactOptional()
    .describe('The arithmetic of the verdict, a row per part; in a fold, in place of `detail`.'),
});

/** `report: claims`, a JSON file. */
export const claimsMark: z.ZodType<ClaimsMark> = z.object({
  claims: z.array(claim).describe('In the order to show.'),
  hint: text
    .exactOptional()
    .describe('How to get what undecided claims lack: "`--profile cpu` runs the other variants".'),
});

/** `report: notice`, a JSON file: shown at the head of the report. */
export const noticeMark: z.ZodType<NoticeMark> = z.object({
  level: z.enum(['info', 'warning']).describe('Its colour and sign.'),
  title: text.describe('What a reader must know first.'),
  text: text.describe('The rest of it.'),
  facts: z.record(z.string(), text).describe('Name to text, in a fold.'),
});

/** `usermeta.pipe` of a figure. */
export const figureMeta: z.ZodType<FigureMeta> = z.object({
  title: text.describe('Heading of the figure.'),
  caption: text.describe('What is drawn, of how many, how.'),
  section: text.describe(
    'Heading the figure stands under; sections appear in the order of their first figure.',
  ),
  order: z.number().describe('Figures are sorted by this, then by name.'),
  statement: text.exactOptional().describe('What the source (a paper) says of it; shown beside it.'),
  notDrawn: z
    .number()
    .int()
    .min(0)
    .exactOptional()
    .describe('Rows that the data has but the figure cannot draw, counted under it.'),
  partial: text.exactOptional().describe('"6 of 10 cells": shown under the figure.'),
});

/** `report: figures`, a folder: each `NAME.vl.json` is this, and `NAME.csv` beside it holds the numbers behind it. */
export const figureMark: z.ZodType<FigureMark> = z.looseObject({ usermeta: z.object({ pipe: figureMeta }) });
