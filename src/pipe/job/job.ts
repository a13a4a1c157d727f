/**
 * The stage protocol: a job file goes in, an append-only event file comes out. The same on a laptop and on a cluster.
 * The driver writes `job.json` in the attempt's folder and starts the process with PIPE_JOB=PATH; the process appends
 * JSON lines to `events`. Exit 0 and every declared out present is success. docs/reference/job-file.md describes it for
 * programs in any language; what is not in the cell's key (its name, which attempt it is) is not in the job either.
 */
import type { JsonObject } from '../../lib/json.ts';

export interface Job {
  readonly version: 2;
  readonly axes: Readonly<Record<string, string>>;
  readonly params: JsonObject;
  /** Axis values by axis name. */
  readonly axisValues: JsonObject;
  /** Absolute paths. */
  readonly deps: Readonly<Record<string, JobDep>>;
  /** Absolute paths in the staging folder; parent folders exist. */
  readonly outs: Readonly<Record<string, string>>;
  /** Absolute path of a folder that survives an interruption; null: the stage keeps no checkpoint. */
  readonly checkpoint: string | null;
  /** Cores that it may use: as a module declares, 1 for a command; in the key. Ids of the GPUs that were leased to it. */
  readonly resources: { readonly cpu: number; readonly gpus: readonly number[] };
  /** Absolute path of the JSON-lines file for StageEvents. */
  readonly events: string;
  /** Absolute path of the bundle to import; null for a command. */
  readonly module: string | null;
}

export type JobDep =
  | { readonly kind: 'one'; readonly path: string }
  | {
      readonly kind: 'gather';
      readonly items: readonly { readonly path: string; readonly axes: Readonly<Record<string, string>> }[];
      /** How many items the plan has; more than `items` when the gather went on with fewer. */
      readonly planned: number;
    };

export type StageEvent = {
  /** When it happened, ISO 8601; left out: when it is read. */
  readonly at?: string;
} & (
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly unit: string }
  | { readonly type: 'metric'; readonly name: string; readonly value: number; readonly step: number | null }
  | { readonly type: 'message'; readonly level: 'info' | 'warning'; readonly text: string }
);

/** Exit code of a stage that can never pass by trying again: it breaks the protocol, or there is nothing to call. */
export const protocolExit = 78;

/** Written by the host of a module when the stage returned and all that it started had ended. `folder`: of the attempt. */
export function returnedFile(folder: string): string {
  return `${folder}/returned`;
}
