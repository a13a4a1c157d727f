/** An out as a manifest and a cell's state record it. */
import type { Sha256 } from '../../lib/sha256.ts';

/** An out as it was published. */
export interface OutRecord {
  /** Path below the cell's output folder. */
  readonly path: string;
  readonly type: 'file' | 'folder';
  /** Of a file its content's digest, of a folder the digest of its listing; the name of its object. */
  readonly object: Sha256;
  /** What enters the keys below: the object's digest, and whether a file may be executed. */
  readonly sha256: Sha256;
  readonly executable: boolean;
  /** Bytes of the file, or of all files in the folder. */
  readonly size: number;
  /** Files in it; 1 for a file. */
  readonly files: number;
}
export type OutRecords = Readonly<Record<string, OutRecord>>;
