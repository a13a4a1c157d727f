/** What an import of Python means: files of the project, an installed package, a module of Python's own, or nothing. */
import { dirname, join, relative } from 'node:path';
import type { PythonEnvironment } from './analysis.ts';

/** Names in a folder and what they are; null: no such folder. Whoever traces remembers the question. */
export type FolderNames = (folder: string) => ReadonlyMap<string, 'file' | 'folder'> | null;

export interface PythonImport {
  readonly module: string;
  readonly level: number;
  readonly names: readonly string[] | null;
}

export interface Resolved {
  /** Absolute paths, `__init__.py` of the packages on the way included. */
  readonly files: readonly string[];
  /** Distributions that have it. */
  readonly packages: readonly string[];
  /** Every part of the name is a module or package whose sources are followed. */
  readonly isModule: boolean;
  /** The package that `import *` takes from: its `__init__.py` and the folders of its modules. */
  readonly star: ModulePlace | null;
}

/** A module or package: the file that is run when it is imported, and where its modules are looked for. */
export interface ModulePlace {
  readonly file: string | null;
  readonly folders: readonly string[];
}

const nothing: Resolved = { files: [], packages: [], isModule: false, star: null };

export class ModuleResolver {
  readonly #roots: readonly string[];
  readonly #environment: PythonEnvironment;
  readonly #listing: FolderNames;

  /** `roots`: folders that are searched for modules, in order, absolute. */
  constructor(roots: readonly string[], environment: PythonEnvironment, listing: FolderNames) {
    this.#roots = roots;
    this.#environment = environment;
    this.#listing = listing;
  }

  /** `importer`: the file that it stands in, absolute. */
  resolve({ module, level, names }: PythonImport, importer: string): Resolved {
    const parts = module === '' ? [] : module.split('.');
    if (level > 0) return this.#inside(this.#packageOf(importer, level), parts, names);
    const [top = '', ...rest] = parts;
    const { place, packages } = this.#top(top);
    if (place === null) return { ...nothing, packages };
    return { ...this.#inside(place, rest, names), packages };
  }

  /** The files of the project that a dotted text names, as far as it does; none where it begins with something else. */
  named(text: string): readonly string[] {
    const [top = '', ...rest] = text.split('.');
    const found = this.#find(this.#roots, top);
    return found === null || found.file === null ? [] : this.#inside(found, rest, null).files;
  }

  /** Every module directly in a package. */
  modulesOf({ folders }: ModulePlace): readonly string[] {
    const names = new Set<string>();
    for (const folder of folders)
      for (const [name, kind] of this.#listing(folder) ?? [])
        if (kind === 'folder') names.add(name);
        else if (name !== '__init__.py') names.add(name.split('.')[0] ?? name);
    return [...names].sort();
  }

  /** The order in which Python looks: a folder without `__init__.py` only where no root has more than that. */
  #top(top: string): { place: ModulePlace | null; packages: readonly string[] } {
    const { standard, local, installed, foreign, folders } = this.#environment;
    const found = this.#find(this.#roots, top);
    if (found !== null && found.file !== null) return { place: found, packages: [] };
    // Found at its own place beside the job, whatever is installed: no key changes with the engine.
    if (standard.includes(top) || top === 'pipe_stage') return { place: null, packages: [] };
    const packages = installed[top] ?? [];
    const place = local[top] ?? this.#find(foreign, top);
    if (place) return { place: merged(place, found), packages };
    if (packages.length > 0 || found) return { place: found, packages };
    // Copied there by hand: no version says what it is.
    return { place: this.#find(folders, top), packages };
  }

  #find(folders: readonly string[], name: string): ModulePlace | null {
    const portions: string[] = [];
    for (const folder of folders) {
      const entries = this.#listing(folder);
      if (!entries) continue;
      const inner = join(folder, name);
      const isFolder = entries.get(name) === 'folder';
      const init = isFolder && this.#moduleFile(inner, '__init__');
      if (init) return { file: init, folders: [inner] };
      const file = this.#moduleFile(folder, name);
      if (file) return { file, folders: [] };
      if (isFolder) portions.push(inner);
    }
    return portions.length > 0 ? { file: null, folders: portions } : null;
  }

  /** A compiled module comes before its source. */
  #moduleFile(folder: string, name: string): string | null {
    const entries = this.#listing(folder);
    const endings = [...this.#environment.suffixes, '.py'];
    const ending = endings.find((one) => entries?.get(`${name}${one}`) === 'file');
    return ending === undefined ? null : join(folder, `${name}${ending}`);
  }

  /** From a place on: the files on the way, and those of `names` that are modules. What is none is an attribute. */
  #inside(from: ModulePlace, parts: readonly string[], names: readonly string[] | null): Resolved {
    const files = from.file === null ? [] : [from.file];
    let place = from;
    for (const part of parts) {
      const next = this.#find(place.folders, part);
      if (next === null) return { files, packages: [], isModule: false, star: null };
      if (next.file !== null) files.push(next.file);
      place = next;
    }
    for (const name of names ?? []) {
      const file = name === '*' ? null : this.#find(place.folders, name)?.file;
      if (file) files.push(file);
    }
    const star = names?.includes('*') && place.folders.length > 0 ? place : null;
    return { files, packages: [], isModule: true, star };
  }

  /** The package that a relative import begins at; of one without `__init__.py` the parts in all roots. */
  #packageOf(importer: string, level: number): ModulePlace {
    let folder = dirname(importer);
    for (let up = 1; up < level; up++) folder = dirname(folder);
    const file = this.#moduleFile(folder, '__init__');
    if (file) return { file, folders: [folder] };
    const others = this.#roots
      .map((root) => relative(root, folder))
      .filter((path) => path !== '' && !path.startsWith('..'))
      .flatMap((path) => this.#roots.map((root) => join(root, path)));
    return { file: null, folders: [...new Set([folder, ...others])] };
  }
}

function merged(place: ModulePlace, found: ModulePlace | null): ModulePlace {
  return found === null ? place : { file: place.file, folders: [...place.folders, ...found.folders] };
}
