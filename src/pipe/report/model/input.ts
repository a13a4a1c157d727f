/** Everything a report says, gathered and checked, before any of it is drawn. Pure data: the same input, the same page. */

import type { JsonObject } from '../../../lib/json.ts';
import type { Reason } from '../../key/fingerprint.ts';
import type { FigureMeta, JudgedClaim, KeyFigure, NoticeMark, TableRead } from '../../report-format.ts';
import type { CellError } from '../../run/event.ts';
import type { MadeWith } from '../../store/made-with.ts';
import type { Place } from './json-place.ts';
import type { ReportState } from './state.ts';

export interface ReportInput {
  /** The project's name. */
  readonly title: string;
  readonly description: string;
  /** Pipeline file, relative to the project folder. */
  readonly pipeline: string;
  readonly profile: string | null;
  /** --set arguments of this configuration. */
  readonly set: readonly string[];
  /** The run the page is about; null: nothing ran yet. */
  readonly run: ReportRun | null;
  /** Stages in topological order, the matrix collapsed. */
  readonly stages: readonly ReportStage[];
  readonly sources: readonly ReportSource[];
  /** In topological order. */
  readonly cells: readonly ReportCell[];
  readonly figures: readonly ReportFigure[];
  readonly tables: readonly Marked<TableRead>[];
  readonly metrics: readonly MarkedMetrics[];
  readonly claims: readonly MarkedClaims[];
  readonly notices: readonly Marked<NoticeMark>[];
  /** Marked outs that could not be read or drawn: shown, never left out in silence. */
  readonly problems: readonly ReportProblem[];
  /** Cells whose results are shown although the pipeline as it stands would make others, or has yet to make them. */
  readonly stale: readonly string[];
  /** Why results are out of date, what most of them go back to first. */
  readonly causes: readonly Reason[];
  /** Digest of what the report is about: another one, another report. See configuration.ts. */
  readonly configuration: string;
  readonly params: JsonObject;
  /** Commands that make the same results again, in order. */
  readonly commands: readonly string[];
  readonly provenance: Provenance;
}

/** Something a stage wrote for the report, and the cell and out it comes from. */
export interface Marked<T> {
  readonly origin: Origin;
  readonly value: T;
}
export interface MarkedMetrics extends Marked<Readonly<Record<string, number | null>>> {
  /** What a number means in a sentence, for those that say it. */
  readonly meanings: Readonly<Record<string, Omit<KeyFigure, 'value'>>>;
}
export interface MarkedClaims extends Marked<readonly JudgedClaim[]> {
  /** How to get what undecided claims lack; null: the stage does not say. */
  readonly hint: string | null;
}
export interface Origin {
  readonly cell: string;
  readonly out: string;
  readonly key: string | null;
  /** Not what the pipeline as it stands would make. */
  readonly stale: boolean;
  /** Null: frozen, or made by a version that did not record it. */
  readonly made: Made | null;
}

/** The run that made a result, and what it was given. */
export interface Made extends MadeWith {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly finished: string;
}

export interface ReportRun {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly ms: number;
  readonly savedMs: number;
  readonly outcome: 'done' | 'up-to-date' | 'failed' | 'interrupted' | 'running';
  readonly targets: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

export interface ReportStage {
  readonly name: string;
  readonly description: string;
  readonly axes: readonly string[];
  /** Stages and `source.x` it reads. */
  readonly reads: readonly string[];
}

export interface ReportSource {
  readonly name: string;
  readonly description: string;
  /** Where the data was found, as the pipeline file writes it; null: nowhere yet. */
  readonly path: string | null;
  readonly sha256: string | null;
}

export interface ReportCell {
  readonly id: string;
  readonly stage: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly state: ReportState;
  /** Milliseconds of the run that made its outs, in this run or an earlier one. */
  readonly ms: number | null;
  /** Milliseconds from the start of the run to its own; null when it did not start in this run. */
  readonly startedMs: number | null;
  /** Milliseconds from the start of the run to the cell's end; null when it did not end in this run. */
  readonly endedMs: number | null;
  readonly gpus: readonly number[];
  readonly attempts: number;
  readonly key: string | null;
  /** The remote that its outs were taken from in this run; null: none. */
  readonly from: string | null;
  /** Why it ran, most telling first. */
  readonly reasons: readonly Reason[];
  readonly outBytes: number | null;
  /** Most bytes of memory that it had at once in this run; null: it did not run, or was not measured. */
  readonly peakBytes: number | null;
  /** Milliseconds of processor time, likewise. */
  readonly cpuMs: number | null;
  readonly error: CellError | null;
  readonly log: string | null;
  /** The cell whose failure kept it from running. */
  readonly cause: string | null;
  /** Last value of each metric it reported. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

export interface ReportFigure {
  readonly name: string;
  readonly origin: Origin;
  readonly meta: FigureMeta;
  /** Vega-Lite, data inline. */
  readonly spec: JsonObject;
  /** The numbers behind it. */
  readonly csv: string | null;
}

export interface ReportProblem {
  readonly origin: Origin;
  readonly file: string;
  readonly message: string;
  /** In the file; null: of the file as a whole. */
  readonly place: Place | null;
}

/** `results/table.json:3:14: columns.0.kind: … (out table of aggregate)`. */
export function problemLine({ file, place, message, origin }: ReportProblem): string {
  const at = place === null ? file : `${file}:${place.line}:${place.column}`;
  return `${at}: ${message} (out ${origin.out} of ${origin.cell})`;
}

export interface Provenance {
  /** Version of this tool. */
  readonly version: string;
  readonly revision: string | null;
  /** Name → value, in the order to show: node, platform, processors. */
  readonly environment: Readonly<Record<string, string>>;
  /** Packages that the stages' code imports, name → version. */
  readonly packages: Readonly<Record<string, string>>;
  /** Output of the pipeline's probe commands, name → text. */
  readonly tools: Readonly<Record<string, string>>;
  /** Stage → digest of its code. */
  readonly code: Readonly<Record<string, string>>;
}
