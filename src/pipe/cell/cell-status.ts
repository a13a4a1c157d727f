/** How a cell stands, and what keeps it from running. */
import type { Key, Reason } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
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
      /** Of what lies in its folder, or did when it was last seen. */
      readonly key: Key;
      readonly outs: OutRecords;
      readonly ms: number;
    }
  /** It cannot run as things are. */
  | { readonly state: 'blocked'; readonly obstacles: readonly Obstacle[] };
