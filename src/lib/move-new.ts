/** Moves a file or folder to where nothing is. A rename would replace a file that came to be there meanwhile. */
import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { hasCode } from './errno.ts';

/**
 * On one file system. A folder may take the place of an empty one. @throws EEXIST or ENOTEMPTY where there is something;
 * a file system without links cannot tell
 */
export function moveNew(from: string, to: string): void {
  if (!lstatSync(from).isFile()) {
    renameSync(from, to);
    return;
  }
  try {
    linkSync(from, to);
    unlinkSync(from);
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) throw error;
    renameSync(from, to);
  }
}
