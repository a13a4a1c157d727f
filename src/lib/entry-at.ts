/** What stands at a path, links not followed. */
import { lstatSync, type Stats } from 'node:fs';
import { hasCode } from './errno.ts';

/** Null: nothing, which it is too when one of the folders on the way is a file. */
export function entryAt(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}
