/**
 * Everything that happens in a run, as one closed union. Screens, logs, the report and the exit code are subscribers
 * of this stream; nobody learns of a run any other way. Written as JSON lines to cache/runs/RUN/events.jsonl.
 */

import type { Json } from '../../lib/json.ts';
import type { Key, Reason } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';

export type RunId = string & { readonly __brand: 'RunId' };

export type CellState =
  | 'waiting'
  | 'running'
  | 'up-to-date'
  | 'restored'
  | 'done'
  | 'failed'
  | 'dirty-inputs'
  | 'blocked'
  | 'frozen'
  | 'cancelled';

export type RunEvent = { readonly time: string } & (
  | {
      readonly type: 'run-started';
      readonly run: RunId;
      readonly pipeline: string;
      readonly profile: string | null;
      /** --set arguments; runs of earlier versions do not tell them. */
      readonly set?: readonly string[];
      readonly targets: readonly string[];
      readonly version: string;
      readonly revision: string | null;
      readonly cells: readonly {
        readonly id: CellId;
        readonly stage: string;
        readonly axes: Readonly<Record<string, string>>;
      }[];
      readonly resources: Readonly<Record<string, number>>;
    }
  /** A cell needs no work: its outs are in place (`up-to-date`), were put back from the cache (`restored`), or it is frozen. */
  | {
      readonly type: 'cell-cached';
      readonly cell: CellId;
      readonly key: Key;
      readonly how: 'up-to-date' | 'restored' | 'frozen';
      /** Milliseconds the original run took. */
      readonly savedMs: number;
      /** The remote that it was taken from in this run; left out: it was here. */
      readonly from?: string;
    }
  | {
      readonly type: 'cell-ready';
      readonly cell: CellId;
      readonly reasons: readonly Reason[];
      readonly expectedMs: number | null;
    }
  /** Outs are being put back from the cache, which takes a while. */
  | {
      readonly type: 'cell-restoring';
      readonly cell: CellId;
      readonly files: number;
      readonly totalFiles: number;
      readonly bytes: number;
      readonly totalBytes: number;
      /** Why they are not in place. */
      readonly reasons: readonly Reason[];
    }
  | { readonly type: 'cell-waiting-lock'; readonly cell: CellId; readonly holder: string }
  /** Handed over to a queue, or found there; it starts when a host begins it. */
  | {
      readonly type: 'cell-queued';
      readonly cell: CellId;
      readonly key: Key;
      readonly attempt: number;
      readonly executor: string;
      /** A job that an earlier driver submitted. */
      readonly found: boolean;
    }
  | {
      readonly type: 'cell-started';
      readonly cell: CellId;
      readonly key: Key;
      readonly attempt: number;
      readonly gpus: readonly number[];
      /** Left out: this machine. */
      readonly executor?: string;
      readonly host?: string;
      readonly pid: number | null;
      readonly log: string;
    }
  | {
      readonly type: 'cell-progress';
      readonly cell: CellId;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  | {
      readonly type: 'cell-metric';
      readonly cell: CellId;
      readonly name: string;
      readonly value: number;
      readonly step: number | null;
      /** When the stage said it; the event's own time is when the run heard of it. */
      readonly at?: string;
      /** Which attempt of the cell: a curve begins anew with each. Runs of earlier versions tell neither. */
      readonly attempt?: number;
    }
  | {
      readonly type: 'cell-message';
      readonly cell: CellId;
      readonly level: 'info' | 'warning';
      readonly text: string;
      readonly at?: string;
      readonly attempt?: number;
    }
  | {
      readonly type: 'cell-retry';
      readonly cell: CellId;
      readonly attempt: number;
      readonly error: CellError;
      readonly inMs: number;
    }
  | {
      readonly type: 'cell-finished';
      readonly cell: CellId;
      readonly key: Key;
      readonly ms: number;
      readonly outBytes: number;
      /** Most bytes of memory at once, and milliseconds of processor time; left out: not measured. */
      readonly peakBytes?: number;
      readonly cpuMs?: number;
    }
  | {
      readonly type: 'cell-failed';
      readonly cell: CellId;
      readonly error: CellError;
      readonly ms: number;
      readonly log: string | null;
    }
  /** Not run because of an upstream failure (`cause`), or because the run stopped. */
  | {
      readonly type: 'cell-not-run';
      readonly cell: CellId;
      readonly state: 'blocked' | 'cancelled';
      readonly cause: CellId | null;
    }
  /** A source is being downloaded; `total` is null when the server does not say it. Bytes. */
  | {
      readonly type: 'source-progress';
      readonly source: string;
      readonly done: number;
      readonly total: number | null;
    }
  /** Bytes that came from a remote (`down`) or went there, of those that are known to be under way. */
  | {
      readonly type: 'remote-progress';
      readonly remote: string;
      readonly direction: 'down' | 'up';
      readonly done: number;
      readonly total: number;
    }
  /** All transfers of the run are over. */
  | {
      readonly type: 'remote-finished';
      readonly remote: string;
      readonly taken: { readonly results: number; readonly bytes: number };
      readonly sent: { readonly results: number; readonly bytes: number };
      /** What was asked of the remote and could not be had. */
      readonly failures: number;
    }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'heartbeat' }
  | {
      readonly type: 'run-stopping';
      readonly why: 'signal' | 'failure' | 'edit';
      readonly signal: string | null;
    }
  | {
      readonly type: 'run-finished';
      readonly run: RunId;
      readonly outcome: 'done' | 'up-to-date' | 'failed' | 'interrupted';
      readonly counts: Readonly<Record<CellState, number>>;
      readonly ms: number;
      readonly savedMs: number;
      readonly report: string | null;
    }
);

export interface CellError {
  readonly kind:
    | 'exit'
    | 'signal'
    | 'timeout'
    | 'memory'
    | 'lost'
    | 'out-missing'
    | 'dirty-inputs'
    | 'dep-missing'
    | 'launch'
    | 'publish'
    | 'checksum';
  readonly message: string;
  readonly hint: string | null;
  /** Last lines of the log, at most 20. */
  readonly tail: readonly string[];
  readonly details: Json;
}

export type Subscriber = (event: RunEvent) => void;
