/** What came out of one configuration of a pipeline, wherever it is known from: a run's record, a git revision, a report. Pure data. */
import type { JsonObject } from '../../lib/json.ts';
import type { ReportFigure } from '../report/model/input.ts';
import type { KeyFigure, TableRead } from '../report-format.ts';

export interface Results {
  /** As a reader names it: `run 20261124-130501-3f9a`, `HEAD~1 (3f9a12bc04de)`, `old/report.json`. */
  readonly label: string;
  readonly run: string | null;
  readonly revision: string | null;
  readonly profile: string | null;
  readonly params: JsonObject;
  readonly cells: readonly ResultCell[];
  readonly metrics: readonly ResultMetric[];
  readonly tables: readonly ComparedTable[];
  readonly figures: readonly ResultFigure[];
  readonly claims: readonly ResultClaim[];
  /** Name → what it was: `code of train`, packages, tools. */
  readonly software: ReadonlyMap<string, string>;
  /** What a reader must know of how this was found: results that are not in the cache, files taken from the checkout. */
  readonly notes: readonly string[];
}

export interface ResultCell {
  readonly id: string;
  readonly stage: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly state: 'there' | 'failed' | 'missing';
}

export interface ResultMetric {
  readonly cell: string;
  readonly name: string;
  readonly value: number | null;
  /** Null: the stage does not say. */
  readonly better: NonNullable<KeyFigure['better']> | null;
  readonly unit: string | null;
}

export interface ComparedTable extends Pick<TableRead, 'rows'> {
  readonly title: string;
  readonly cell: string;
  readonly out: string;
}

/** Without a specification: a page holds none that can be drawn again. */
export type ResultFigure = Pick<ReportFigure, 'name' | 'meta' | 'csv'> & {
  readonly cell: string;
  readonly spec: JsonObject | null;
};

export interface ResultClaim {
  readonly id: string;
  readonly statement: string;
  readonly verdict: string;
}
