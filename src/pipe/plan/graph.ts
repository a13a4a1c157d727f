/** The graph of cells a pipeline document stands for: one node a stage and combination of axis values. Pure data. */

import type { Json, JsonObject } from '../../lib/json.ts';
import type { EnvDoc, OutDoc, RunDoc, SourceDoc, WatchRule } from '../config/document.ts';
import type { ExecutorDoc } from '../config/executor-doc.ts';

/** `train[no-zero,3]`: the stage and its axis values in matrix order; a stage without matrix is its bare name. */
export type CellId = string & { readonly __brand: 'CellId' };

export interface Graph {
  /** In topological order, stable: file order, then axis order. */
  readonly cells: ReadonlyMap<CellId, Cell>;
  readonly stages: ReadonlyMap<string, StageNode>;
  /** Every source that a cell reads. */
  readonly sources: ReadonlyMap<string, SourceDoc>;
  readonly resources: ReadonlyMap<string, number>;
  readonly executors: ReadonlyMap<string, ExecutorDoc>;
  /** Where cells run whose stage names no executor, by the profile; null: it names none. */
  readonly executor: string | null;
  readonly profile: string | null;
}

/** A stage with its matrix collapsed: what `dag` and the report draw. */
export interface StageNode {
  readonly name: string;
  readonly description: string;
  readonly axes: readonly string[];
  readonly cells: readonly CellId[];
  /** Stages and `source.x` it reads, in dep order, without repeats. */
  readonly reads: readonly string[];
  readonly watch: WatchRule;
}

/** A command keeps its references: they reach the shell as variables. Only raw ones are filled in. */
export type CellRun =
  | Extract<RunDoc, { kind: 'module' }>
  | (Extract<RunDoc, { kind: 'command' }> & {
      /** What its references to params, axes, resources and its own names stand for, by what is between the braces. */
      readonly values: Readonly<Record<string, Json>>;
    });

export interface Cell {
  readonly id: CellId;
  readonly stage: string;
  /** Axis name → value's name, in matrix order. */
  readonly axes: Readonly<Record<string, string>>;
  /** Axis name → value, in matrix order. */
  readonly axisValues: JsonObject;
  readonly run: CellRun;
  /** Every `${…}` filled in. */
  readonly params: JsonObject;
  readonly deps: readonly DepBinding[];
  readonly outs: readonly OutDoc[];
  readonly resources: Resources;
  /** What its stage names; no part of the key. */
  readonly executor: string | null;
  readonly env: EnvDoc;
  readonly tools: ReadonlyMap<string, string>;
  readonly checkpoint: { readonly excluding: readonly string[] } | null;
  readonly frozen: string | null;
  readonly always: boolean;
  readonly retries: number;
  readonly timeoutMs: number | null;
  /** What the file says that it takes; null: nothing. */
  readonly estimateMs: number | null;
  /** Cells that must be done before this one, without repeats, in dep order. */
  readonly upstream: readonly CellId[];
}

/** What a dep's name stands for in one cell. */
export type DepBinding =
  | { readonly kind: 'path'; readonly name: string; readonly path: string }
  | { readonly kind: 'source'; readonly name: string; readonly source: string }
  | { readonly kind: 'out'; readonly name: string; readonly cell: CellId; readonly out: string }
  | {
      readonly kind: 'gather';
      readonly name: string;
      /** Axes gathered over (those the reader lacks), in the producer's order. */
      readonly over: readonly string[];
      readonly items: readonly GatherItem[];
      readonly min: Readonly<Record<string, number>>;
    };
export interface GatherItem {
  readonly cell: CellId;
  readonly out: string;
  /** All axis values of the producer's cell, by name. */
  readonly axes: Readonly<Record<string, string>>;
}

export interface Resources {
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes; 0: not said. */
  readonly memory: number;
  /** Bytes to ask for instead, one after the other, each time that it ran out of memory. */
  readonly memorySteps?: readonly number[];
  readonly named: Readonly<Record<string, number>>;
}
