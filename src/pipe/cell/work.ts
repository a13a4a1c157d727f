/**
 * What the runner, status, why and the report ask of the cache: the state of each cell, and the way from a stale cell
 * to published outs. `openWorkspace` (workspace.ts) gives the one implementation.
 *
 * ```ts
 * const workspace = await openWorkspace({ project, graph, env: process.env, source });
 * for (const cell of order) {
 *   const begun = await workspace.begin(cell, { run, force: false, onWait });
 *   if (begun.kind !== 'run') continue;             // up to date, restored or frozen: nothing to do, nothing held
 *   const outs = await begun.stage();               // an empty staging folder, again for every attempt
 *   …run the attempt with begun.deps, outs, begun.checkpoint, begun.module…
 *   const published = await begun.publish({ ms });  // or begun.abandon() when the attempt failed
 * }
 * await workspace.close();
 * ```
 */

import type { JobDep } from '../job/job.ts';
import type { Fingerprint, Key, Reason } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import type { MadeWith } from '../store/made-with.ts';
import type { OutRecords } from '../store/out-record.ts';

/** Why the key of a cell cannot be known. Each has a next step. */
export interface Obstacle {
  readonly kind: 'dep-missing' | 'source-missing' | 'unreadable' | 'code' | 'tool' | 'frozen-without-outs';
  readonly message: string;
  readonly hint: string | null;
}

export type CellStatus =
  | { readonly state: 'up-to-date'; readonly key: Key; readonly outs: OutRecords; readonly ms: number }
  /** The outs of this very key are in the cache but not in place. */
  | {
      readonly state: 'restorable';
      readonly key: Key;
      readonly reasons: readonly Reason[];
      readonly outs: OutRecords;
      readonly ms: number;
    }
  | { readonly state: 'stale'; readonly key: Key; readonly reasons: readonly Reason[] }
  /** Its key is known only when these have run: it may turn out to be up to date. */
  | { readonly state: 'waiting'; readonly reasons: readonly Reason[]; readonly on: readonly CellId[] }
  | {
      readonly state: 'frozen';
      readonly because: string;
      readonly key: Key | null;
      readonly outs: OutRecords;
      readonly ms: number;
    }
  /** It cannot run as things are. */
  | { readonly state: 'blocked'; readonly obstacles: readonly Obstacle[] };

export interface BeginOptions {
  /** The run's id: named to whoever waits for the cell's lock. */
  readonly run: string;
  /** Recorded with what the cell makes. */
  readonly madeWith?: MadeWith;
  readonly force: boolean;
  /** Neither read entries from the cache nor restore (the outs in place still count). */
  readonly noCache?: boolean;
  /** Upstream cells that a gather goes on without. */
  readonly without?: ReadonlySet<CellId>;
  /** Told once, when another run holds the cell. */
  readonly onWait?: (holder: string) => void;
  readonly signal?: AbortSignal;
}

export type Begun =
  | {
      readonly kind: 'up-to-date' | 'restored' | 'frozen';
      readonly key: Key;
      /** Milliseconds that the original run took. */
      readonly savedMs: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'blocked'; readonly obstacles: readonly Obstacle[] }
  | CellWork;

/** A cell that must run. Its lock is held until `publish` or `abandon`; exactly one of them must be called. */
export interface CellWork {
  readonly kind: 'run';
  readonly key: Key;
  readonly fingerprint: Fingerprint;
  readonly reasons: readonly Reason[];
  /** Said while looking for it in the cache: bad entries that were moved to quarantine. */
  readonly warnings: readonly string[];
  /** Absolute paths for the job file. */
  readonly deps: Readonly<Record<string, JobDep>>;
  /** Absolute path of the bundle to import; null for a command. */
  readonly module: string | null;
  /** Absolute path of the checkpoint folder (exists); null: the stage keeps none. */
  readonly checkpoint: string | null;
  /** Empties the staging folder and gives the absolute path of every out in it. Before each attempt. */
  stage(): Promise<Readonly<Record<string, string>>>;
  /** Checks the outs and the inputs, stores, and swaps into place. Releases the lock whatever the answer. */
  publish(facts: { readonly ms: number }): Promise<Published>;
  /** Nothing is published; staged outs go. Releases the lock. */
  abandon(): Promise<void>;
}

export type Published =
  | {
      readonly kind: 'published';
      readonly outs: OutRecords;
      readonly outBytes: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'out-missing'; readonly names: readonly string[] }
  /** An out that cannot be kept: a link that leaves it, a device, a socket. */
  | { readonly kind: 'out-refused'; readonly message: string }
  /** Inputs changed while the stage ran. The outs are kept aside for a look. */
  | { readonly kind: 'dirty-inputs'; readonly paths: readonly string[]; readonly aside: string }
  /** Another run took the cell over because this one gave no sign of life. */
  | { readonly kind: 'lock-lost'; readonly message: string };

export interface Workspace {
  /** Looks without locking, running or changing anything. Upstream cells must have been looked at or begun before. */
  look(
    cell: CellId,
    options?: {
      readonly without?: ReadonlySet<CellId>;
      /** The cell is to run: a source that is nowhere yet is downloaded. */
      readonly fetch?: boolean;
    },
  ): Promise<CellStatus>;
  /** `look` for the whole graph, in topological order. */
  status(): Promise<ReadonlyMap<CellId, CellStatus>>;
  /** Locks the cell and decides. Upstream cells must be done (published, cached) or in `without`. */
  begin(cell: CellId, options: BeginOptions): Promise<Begun>;
  /** Absolute path of an out in place (whether or not it is there). */
  outPath(cell: CellId, out: string): string;
  /** Milliseconds that the cell's last run took, of whatever key; null: never ran. */
  lastMs(cell: CellId): number | null;
  /**
   * Milliseconds that the cell is expected to take: what its last run took, or the file's estimate where it never ran or
   * ran with other params. For the longest path, the plan and the time that is left.
   */
  expectedMs(cell: CellId): number | null;
  /** The fingerprint of what is in place; null: nothing is. */
  placed(
    cell: CellId,
  ): { readonly key: Key; readonly fingerprint: Fingerprint; readonly outs: OutRecords } | null;
  /** Names of the checkpoint folders of every cell that was looked at; null when one is not known. For gc. */
  checkpoints(): ReadonlySet<Key> | null;
  /** Releases locks that are still held and writes the accelerators. */
  close(): Promise<void>;
}
