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

const text = z.string().max(10_000);
const jsonValue: z.ZodType<Json> = z.json();

/** `{mean, std, n, planned}`: shown as mean ± std, and with n where it is short of what was planned. */
export const spread = z.object({
  mean: z.number().nullable(),
  std: z.number().nullable(),
  n: z.number(),
  planned: z.number(),
});

export const tableColumn = z.object({
  /** Key of the column's values in a row. */
  name: text,
  label: text,
  kind: z.enum(['text', 'number', 'spread']),
  /** Digits after the point. */
  digits: z.number().int().min(0).max(12).exactOptional(),
  unit: text.exactOptional(),
  /** Which direction is better: the best value is marked, and a change since a baseline is called better or worse. */
  better: z.enum(['higher', 'lower']).exactOptional(),
  /** Columns of one group are folded into one: only the first stands open. */
  group: text.exactOptional(),
});

/** `report: table`, a JSON file. */
export const tableMark = z.object({
  title: text,
  caption: text,
  columns: z.array(tableColumn).min(1),
  rows: z.array(z.record(z.string(), jsonValue)).max(20_000),
  notes: z.array(text),
});

/** A number, and what it means in a sentence. */
export const keyFigure = z.object({
  value: z.number().nullable(),
  means: text,
  unit: text.exactOptional(),
});

/** `report: metrics`, a JSON file: names to numbers, null where a number is undefined. */
export const metricsMark = z.record(z.string(), z.union([z.number(), z.null(), keyFigure]));

export const claim = z.object({
  id: text,
  /** In plain words. */
  statement: text,
  /** Where the statement comes from: "section 4.1, figure 4". */
  source: text,
  verdict: z.enum(['supported', 'contradicted', 'undecided']),
  /** Why this verdict, in a sentence with its numbers. */
  detail: text,
  effect: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
  n: z.number(),
  planned: z.number(),
  /** The size at which it was run. */
  scale: text,
  /** What the source says in numbers. */
  paper: text,
});

/** `report: claims`, a JSON file. */
export const claimsMark = z.object({ claims: z.array(claim) });

/** `report: notice`, a JSON file: shown at the head of the report. */
export const noticeMark = z.object({
  level: z.enum(['info', 'warning']),
  title: text,
  text,
  facts: z.record(z.string(), text),
});

/** `usermeta.pipe` of a figure. */
export const figureMeta = z.object({
  title: text,
  /** What is drawn, of how many, how. */
  caption: text,
  /** Heading the figure stands under; sections appear in the order of their first figure. */
  section: text,
  /** Figures are sorted by this, then by name. */
  order: z.number(),
  /** What the source (a paper) says of it; shown beside it. */
  statement: text.exactOptional(),
  /** Rows that the data has but the figure cannot draw, said under it. */
  notDrawn: z.number().int().min(0).exactOptional(),
  /** "6 of 10 cells": shown under the figure. */
  partial: text.exactOptional(),
});

/** `report: figures`, a folder: each `NAME.vl.json` is this, and `NAME.csv` beside it holds the numbers behind it. */
export const figureMark = z.looseObject({ usermeta: z.object({ pipe: figureMeta }) });

/** Readonly all the way down: what is written is not changed any more. */
type Written<T> = T extends object ? { readonly [K in keyof T]: Written<T[K]> } : T;

export type Spread = Written<z.infer<typeof spread>>;
export type TableColumn = Written<z.infer<typeof tableColumn>>;
type Table<Value> = Written<Omit<z.infer<typeof tableMark>, 'rows'>> & {
  readonly rows: readonly Readonly<Record<string, Value>>[];
};
/** A table as a stage writes it. */
export type TableMark = Table<Json | Spread>;
/** A table as it is read back. */
export type TableRead = Table<Json>;
export type KeyFigure = Written<z.infer<typeof keyFigure>>;
export type MetricsMark = Written<z.infer<typeof metricsMark>>;
export type JudgedClaim = Written<z.infer<typeof claim>>;
export type ClaimsMark = Written<z.infer<typeof claimsMark>>;
export type NoticeMark = Written<z.infer<typeof noticeMark>>;
export type FigureMeta = Written<z.infer<typeof figureMeta>>;
export type FigureMark = Written<z.infer<typeof figureMark>>;
