/** The program that a name means on PATH: the first file of that name that may be run. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Absolute; null: there is none. Folders of `path` that are not absolute are passed over: they depend on where one stands. */
export function onPath(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    if (!folder.startsWith('/')) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
