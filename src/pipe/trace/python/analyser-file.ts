/** Where the analyser's Python program is: beside the bundle in the package, beside this file when run from source. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path. */
export function analyserFile(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  // The bundler may have put this module into dist/ or into dist/chunks/.
  const places = [
    join(here, 'analyse.py'),
    join(here, 'python/analyse.py'),
    join(here, '../python/analyse.py'),
  ];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`the analyser of Python code is at none of ${places.join(', ')}`);
  return found;
}
