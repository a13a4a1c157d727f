/** What of a stat counts, and the words for a path that cannot be looked at. */
import { type BigIntStats, lstatSync } from 'node:fs';
import { PathError } from './look.ts';

/** A file's stat but for what a new link to it changes. */
export function markOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}.${ino}.${size}.${mtimeNs}`;
}

export function isExecutable(stat: BigIntStats): boolean {
  return (stat.mode & 0o100n) !== 0n;
}

/** Null: nothing is there. @throws PathError */
export function lstatOrNull(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return null;
    throw new PathError(path, `cannot be looked at (${reasonOf(error)})`);
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
