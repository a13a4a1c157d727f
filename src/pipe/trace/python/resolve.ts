/** What an import of Python means: files of the project, an installed package, a module of Python's own, or nothing. */
import { dirname, join } from 'node:path';
import type { PythonEnvironment } from './analysis.ts';

/** What the file system says, and every question remembered by whoever traces. */
export interface ModuleLookup {
  isFile(path: string): boolean;
  isFolder(path: string): boolean;
}

export interface PythonImport {
  readonly module: string;
  readonly level: number;
  readonly names: readonly string[] | null;
}

export interface Resolved {
  /** Absolute paths, `__init__.py` of the packages on the way included. */
  readonly files: readonly string[];
  /** Distributions, `[name, version]`. */
  readonly packages: readonly (readonly [string, string])[];
  /** Nothing of that name is here. */
  readonly missing: boolean;
}

/**
 * `roots`: folders that are searched for modules, in order, absolute. `folderOf`: for relative imports, the folder that the
 * importing file stands in.
 */
export function resolveImport(
  wanted: PythonImport,
  importer: string,
  options: {
    readonly roots: readonly string[];
    readonly environment: PythonEnvironment;
    readonly lookup: ModuleLookup;
  },
): Resolved {
  const parts = wanted.module === '' ? [] : wanted.module.split('.');
  if (wanted.level > 0) {
    let folder = dirname(importer);
    for (let up = 1; up < wanted.level; up++) folder = dirname(folder);
    const files = filesOf([folder], parts, wanted.names, options.lookup);
    return { files, packages: [], missing: files.length === 0 && parts.length > 0 };
  }
  const [top = ''] = parts;
  const files = filesOf(options.roots, parts, wanted.names, options.lookup);
  if (files.length > 0) return { files, packages: [], missing: false };
  const { standard, local, installed } = options.environment;
  if (standard.includes(top)) return { files: [], packages: [], missing: false };
  const place = local[top];
  if (place !== undefined) {
    const own = filesOf([place, join(place, 'src')], parts, wanted.names, options.lookup);
    if (own.length > 0) return { files: own, packages: [], missing: false };
  }
  const packages = installed[top] ?? [];
  return { files: [], packages, missing: packages.length === 0 };
}

/**
 * `a.b` with names `[c]` below the first root that has `a`: `a/__init__.py`, `a/b.py` or `a/b/__init__.py`, and `c` where
 * that is a module of its own. A folder without `__init__.py` is a namespace package: part of the way, no file.
 */
function filesOf(
  roots: readonly string[],
  parts: readonly string[],
  names: readonly string[] | null,
  lookup: ModuleLookup,
): string[] {
  if (parts.length === 0) return submodules(roots[0] ?? '', names, lookup);
  // All are asked, so that a file that appears in an earlier root is noticed.
  const found = roots.map((root) => moduleAt(root, parts, names, lookup));
  return found.find((files) => files.length > 0) ?? [];
}

function moduleAt(
  root: string,
  parts: readonly string[],
  names: readonly string[] | null,
  lookup: ModuleLookup,
): string[] {
  const files: string[] = [];
  let folder = root;
  for (const [i, part] of parts.entries()) {
    const init = join(folder, part, '__init__.py');
    const module = join(folder, `${part}.py`);
    const [isPackage, isModule] = [lookup.isFile(init), lookup.isFile(module)];
    if (isPackage) files.push(init);
    else if (isModule) {
      files.push(module);
      // What comes after a module are its attributes.
      return i === parts.length - 1 || names === null ? files : files;
    } else if (!lookup.isFolder(join(folder, part))) return i === 0 ? [] : files;
    folder = join(folder, part);
  }
  return [...files, ...submodules(folder, names, lookup)];
}

/** `from package import name`: the name is a module of the package, or something that the package defines. */
function submodules(folder: string, names: readonly string[] | null, lookup: ModuleLookup): string[] {
  const files: string[] = [];
  const init = join(folder, '__init__.py');
  if (lookup.isFile(init)) files.push(init);
  for (const name of names ?? []) {
    if (name === '*') continue;
    const [module, inner] = [join(folder, `${name}.py`), join(folder, name, '__init__.py')];
    if (lookup.isFile(inner)) files.push(inner);
    else if (lookup.isFile(module)) files.push(module);
  }
  return files;
}
