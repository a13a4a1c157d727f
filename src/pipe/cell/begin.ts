/** What the beginning of a cell takes, what it comes to, and when that is known before the cell is locked. */
import type { Key, Reason } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import type { MadeWith } from '../store/made-with.ts';
import type { CellStatus, Obstacle } from './cell-status.ts';
import type { PutProgress } from './put-count.ts';
import type { CellTransaction } from './transaction.ts';

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
  /** Called once, when another run holds the cell. */
  readonly onWait?: (holder: string) => void;
  /** Called now and then while outs are put back, when that takes longer than a second. */
  readonly onRestore?: (progress: PutProgress, reasons: readonly Reason[]) => void;
  readonly signal?: AbortSignal;
}

/** What `begin` came to: nothing to do and nothing held, or a transaction that must be ended. */
export type BeginResult =
  | {
      readonly kind: 'up-to-date' | 'restored' | 'frozen';
      readonly key: Key;
      /** Milliseconds that the original run took. */
      readonly savedMs: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'blocked'; readonly obstacles: readonly Obstacle[] }
  | CellTransaction;

export function keepsChanging(path: string): Obstacle {
  const message = `${path} changed each time it was looked at`;
  return { kind: 'unreadable', message, hint: 'Run again when nothing writes it any more.' };
}

/** What needs no lock; undefined: it must be locked and looked at again. */
export function decidedEarly(status: CellStatus, options: BeginOptions): BeginResult | undefined {
  if (status.state === 'blocked') return { kind: 'blocked', obstacles: status.obstacles };
  if (status.state === 'frozen') return { kind: 'frozen', key: status.key, savedMs: status.ms, warnings: [] };
  if (status.state === 'up-to-date' && !options.force)
    return { kind: 'up-to-date', key: status.key, savedMs: status.ms, warnings: [] };
  return undefined;
}
