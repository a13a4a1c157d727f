/** Where a package stands, as node looks for it: in `node_modules` of the importing folder or of one above it. */

import { readFileSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, sep } from 'node:path';

export interface FoundPackage {
  /** `…/node_modules/NAME`. */
  readonly folder: string;
  /** The same without links. */
  readonly real: string;
  readonly version: string;
}

/** Name of the package that an import belongs to; null: part of node, or no package at all. */
export function packageOf(specifier: string): string | null {
  if (isBuiltin(specifier) || !isBare(specifier)) return null;
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** Neither a path nor `#internal` nor a url. */
export function isBare(specifier: string): boolean {
  return !/^(\.{1,2}(\/|$)|\/|#|[a-z][a-z0-9+.-]+:)/i.test(specifier) && specifier !== '';
}

export function findPackage(name: string, from: string): FoundPackage | null {
  for (const above of withParents(from)) {
    const folder = join(above, 'node_modules', name);
    let real: string;
    try {
      real = realpathSync(folder);
    } catch {
      continue;
    }
    return { folder, real, version: versionIn(real) };
  }
  return null;
}

/** Its code is in the project, or linked into it: no version says what it is. */
export function isLinked({ folder, real }: FoundPackage): boolean {
  // `node_modules` itself may be a link; pnpm links into a `node_modules` of its own.
  return real !== folder && !real.split(sep).includes('node_modules') && realParent(folder) !== dirname(real);
}

/** `folder` and every folder above it. */
export function withParents(folder: string): readonly string[] {
  const folders = [folder];
  for (let above = dirname(folder); above !== folders.at(-1); above = dirname(above)) folders.push(above);
  return folders;
}

function realParent(folder: string): string {
  return realpathSync(dirname(folder));
}

export function versionIn(folder: string): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      if (typeof manifest.version === 'string') return manifest.version;
    }
  } catch {
    // Said in the key as what it is.
  }
  return 'without version';
}
