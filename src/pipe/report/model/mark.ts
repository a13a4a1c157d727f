/**
 * Formats of the outs a pipeline marks for the report (`report:` in pipeline.yaml). A stage writes them, the report
 * reads and checks them; neither knows the other.
 *
 * - `figures`: a folder of `NAME.vl.json`, each a Vega-Lite specification that stands alone (data inline, no url) with
 *   `usermeta.pipe` = FigureMeta; `NAME.csv` beside it holds the numbers behind it.
 * - `table`: a JSON file, TableDoc.
 * - `metrics`: a JSON file, flat object of finite numbers or null (undefined).
 * - `claims`: a JSON file, ClaimsDoc.
 * - `notice`: a JSON file, NoticeDoc, shown at the head of the report.
 */
import type { Json } from '../../../lib/json.ts';

export interface FigureMeta {
  readonly title: string;
  /** What is drawn, of how many, how. Plain text. */
  readonly caption: string;
  /** Heading the figure stands under; sections appear in the order of their first figure. */
  readonly section: string;
  /** Figures are sorted by this, then by name. */
  readonly order: number;
  /** What the source (a paper) says of it; shown beside it. */
  readonly statement?: string;
  /** Rows that the data has but the figure cannot draw (null or NaN), said under the figure. */
  readonly notDrawn?: number;
  /** "6 of 10 cells": shown under the figure when present. */
  readonly partial?: string;
}

export interface TableDoc {
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, Json>>[];
  readonly notes: readonly string[];
}
export interface TableColumn {
  readonly name: string;
  readonly label: string;
  /** `spread` cells are {mean, std, n, planned}: shown as mean ± std, with n where it is short of planned. */
  readonly kind: 'text' | 'number' | 'spread';
  readonly digits?: number;
  readonly unit?: string;
  /** Which direction is better, for the baseline's Δ. */
  readonly better?: 'higher' | 'lower';
}
export interface Spread {
  readonly mean: number | null;
  readonly std: number | null;
  readonly n: number;
  readonly planned: number;
}

export interface ClaimsDoc {
  readonly claims: readonly ClaimResult[];
}
export interface ClaimResult {
  readonly id: string;
  readonly statement: string;
  /** Where the statement comes from: "section 4.1, figure 4". */
  readonly source: string;
  readonly verdict: 'supported' | 'contradicted' | 'undecided';
  /** Why this verdict, in a sentence with its numbers. */
  readonly detail: string;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
  readonly planned: number;
  /** The size at which it was run. */
  readonly scale: string;
  readonly paper: string;
}

export interface NoticeDoc {
  readonly level: 'info' | 'warning';
  readonly title: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, string>>;
}
