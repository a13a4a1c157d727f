/** Where a program that is no JavaScript is: in `python/` beside the bundle in the package, beside its module when run from source. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path. `from`: the `import.meta.url` of the module that uses it. */
export function shippedFile(name: string, from: string): string {
  const here = dirname(fileURLToPath(from));
  // The bundler may have put this module into dist/ or into dist/chunks/.
  const places = [join(here, name), join(here, 'python', name), join(here, '../python', name)];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${name} is at none of ${places.join(', ')}`);
  return found;
}
