/** Folders of results that must not be committed by accident. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Gives an existing folder a `.gitignore` of its own that names everything in it, unless it has one. */
export function ignoreFolder(folder: string): void {
  try {
    writeFileSync(join(folder, '.gitignore'), '# Made by pipe: nothing in here is to be committed.\n*\n', {
      flag: 'wx',
    });
  } catch {
    // It has one, or cannot be written: neither may cost what is done in the folder.
  }
}
