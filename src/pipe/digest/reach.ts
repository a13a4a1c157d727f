/** How far links may lead. */
import { type BigIntStats, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { PathError, type Reach } from './look.ts';

/** Where the path leads, if that is allowed; null: a link to nothing. */
export function resolveRoot(path: string, stat: BigIntStats, reach: Reach): string | null {
  if (reach === 'self') {
    if (stat.isSymbolicLink())
      throw new PathError(path, 'is a symbolic link; write the file or folder itself');
    return path;
  }
  if (reach === 'anywhere' && !stat.isSymbolicLink()) return path;
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return null;
  }
  checkReach(path, real, reach);
  return stat.isSymbolicLink() ? real : path;
}

/** @throws PathError */
export function checkReach(path: string, real: string, reach: Reach): void {
  if (typeof reach === 'object' && !isBelow(real, realpathSync(reach.folder)))
    throw new PathError(path, `is a link that leads out of the project, to ${real}; declare it as a source`);
}

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
