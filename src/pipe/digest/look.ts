/** What is seen of a path: its content and its stat, and whether two looks saw the same. */
import type { Sha256 } from '../../lib/sha256.ts';

/** What a path held when it was looked at. */
export interface Look {
  readonly type: 'file' | 'folder';
  /** sha256 of a file's bytes, or of a folder's listing. */
  readonly content: Sha256;
  /** The content's digest; of an executable file another one, because whether a script may run is part of what it is. */
  readonly sha256: Sha256;
  readonly executable: boolean;
  /** Bytes, of a folder all its files together. */
  readonly size: number;
  /** Files; 1 for a file. */
  readonly files: number;
  /** Changes with any write, even one that was taken back: every file's stat, and every folder's that is not in `folders`. */
  readonly stat: string;
  /** The same without what a new link to a file sets: its ctime. */
  readonly marks: string;
  /** In a folder of which something may be left out: the stat of each folder, and whether something was left out of it. */
  readonly folders: ReadonlyMap<string, { readonly stat: string; readonly leftOut: boolean }>;
  /** Whether the stat was old enough, before reading, for any later write to change it. */
  readonly settled: boolean;
  /** Links in a folder that lead out of it: where they stand. What they lead to is part of the content. */
  readonly detours: readonly string[];
}

/**
 * How far links may lead. `self`: not out of the path itself (outs: only so can they be put back elsewhere), and the
 * path is no link. A folder: not out of that folder (deps: the project). `anywhere`: sources, which lie outside.
 */
export type Reach = 'self' | 'anywhere' | { readonly folder: string };

/** A path that has no digest: a link that leads out, a device, a name that is not UTF-8, no permission. */
export class PathError extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(`${path} ${message}`);
    this.name = 'PathError';
    this.path = path;
  }
}

/**
 * Whether nothing was written between two looks. Where something is left out of a folder, it may have come or gone: the
 * folder's own times say nothing then. `isLinked`: whether a link to it was made meanwhile, which sets its ctime.
 */
export function isUnwritten(before: Look, now: Look, isLinked: () => boolean): boolean {
  if (before.sha256 !== now.sha256) return false;
  if (before.stat !== now.stat && !(before.marks === now.marks && isLinked())) return false;
  return [...now.folders].every(([path, { stat, leftOut }]) => {
    const was = before.folders.get(path)?.stat;
    return was === stat || (leftOut && was !== undefined && identityOf(was) === identityOf(stat));
  });
}

/** Device and inode of a stat's signature. */
function identityOf(stat: string): string {
  return stat.split('.', 2).join('.');
}
