/**
 * A place that several machines share, as the courier needs it: named pieces on two shelves, and nothing else. What
 * lies there is not believed; an implementation only carries bytes, and says what went wrong as a `RemoteFault`.
 */
import type { Sha256 } from '../../lib/sha256.ts';

/** As Bazel's caches have them: `cas` holds contents by their sha256, `ac` what a key produced. */
export type Shelf = 'ac' | 'cas';

export interface RemoteItem {
  readonly shelf: Shelf;
  /** 64 hexadecimal digits. */
  readonly name: string;
}

export interface Reading {
  /** Bytes that are here already; an implementation may begin at 0 all the same. */
  readonly from: number;
  readonly signal: AbortSignal;
  /** Before the first byte: where the bytes begin, and how many the whole has (null: not said). Throws to end it. */
  begin(start: number, total: number | null): void;
  /** Throws to end it. A promise: no more bytes until it is settled. The bytes are the taker's to keep. */
  take(chunk: Buffer): Promise<void> | undefined;
}

export interface Writing {
  readonly size: number;
  readonly sha256: Sha256;
  readonly signal: AbortSignal;
  /** The content, once per call. Throws before its last bytes when it is not what its digest says. */
  content(): AsyncIterable<Buffer>;
}

/** What can be cleaned from here; the others clean themselves. */
export interface Sweeping {
  list(shelf: Shelf): AsyncIterable<Listed>;
  remove(item: RemoteItem): Promise<void>;
}

export interface Listed {
  readonly name: string;
  readonly size: number;
  /** When it was written, by the remote's clock; milliseconds since 1970. */
  readonly written: number;
}

export interface Remote {
  /** `missing`: it is not there. @throws RemoteFault, or what `begin` and `take` throw */
  get(item: RemoteItem, reading: Reading): Promise<'missing' | 'whole'>;
  /** Bytes; null: it is not there. @throws RemoteFault */
  size(item: RemoteItem, signal: AbortSignal): Promise<number | null>;
  /** All or nothing: nobody ever gets a part. @throws RemoteFault, or what `content` throws */
  put(item: RemoteItem, writing: Writing): Promise<void>;
  /** Null: it cleans itself. */
  readonly sweeping: Sweeping | null;
  close(): void;
}

/** What a remote did wrong, in words for the user. Never a bug of ours, never a reason for a run to fail. */
export class RemoteFault extends Error {
  /** Whether the same request may go well a moment later. */
  readonly passing: boolean;
  constructor(message: string, passing = false) {
    super(message);
    this.name = 'RemoteFault';
    this.passing = passing;
  }
}
