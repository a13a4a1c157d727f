/** Removes a folder whatever is in it: read-only folders, paths longer than the system takes. Links are removed, never followed. */
import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCode } from './errno.ts';

/** Nothing there is fine. @throws what the system says when it cannot be removed for another reason */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENOTEMPTY')) throw error;
    flatten(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** A folder that cannot be entered or is too deep for a path is opened, and moved up to where its path is short. */
function flatten(root: string): void {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) continue;
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const inner = join(folder, entry.name);
      if (Buffer.byteLength(inner) < longestPath) folders.push(inner);
      else {
        const up = join(dirname(root), `.deep-${randomBytes(6).toString('hex')}`);
        renameSync(inner, up);
        removeTree(up);
      }
    }
  }
}

/** Below what Linux takes (4,096), with room for one more name (255). */
const longestPath = 3_700;
