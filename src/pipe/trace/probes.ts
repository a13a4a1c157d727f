/**
 * What a trace looked at, found or not: while all of it is as it was, tracing would give the same again. Shared by the
 * tracers of all languages; which names matter to an import is for each of them to say.
 */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Sha256, sha256Of } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';

/** Paths are relative to the project, so that a project may be moved. */
export interface Observed {
  /** Files that were read, or would have been → digest of their bytes; null: no such file. */
  readonly files: Readonly<Record<string, Sha256 | null>>;
  /** Folders that names were looked up in → digest of the names that matter and where links lead; null: no such folder. */
  readonly folders: Readonly<Record<string, Sha256 | null>>;
  /** Paths that were looked for by their full name → kind, and where links lead; null: nothing there. */
  readonly places: Readonly<Record<string, string | null>>;
}

interface ProbesOptions {
  /** Absolute. */
  readonly project: string;
  readonly digests: Digests;
  /** Whether a file of this name could be what an import means. */
  readonly matters: (name: string) => boolean;
  /** The engine's own, in which no code of the user stands. */
  readonly ownFolder: string;
}

/** Looks at files, folders and places, each once per run. */
export class Probes {
  readonly #options: ProbesOptions;
  readonly #look: 'look' | 'lookAgain';
  readonly #project: string;
  readonly #digests: Digests;
  readonly #matters: (name: string) => boolean;
  readonly #ownFolder: string;
  readonly #folders = new Map<string, Sha256 | null>();
  readonly #places = new Map<string, string | null>();

  constructor(options: ProbesOptions, look: 'look' | 'lookAgain' = 'look') {
    this.#options = options;
    this.#look = look;
    this.#project = options.project;
    this.#digests = options.digests;
    this.#matters = options.matters;
    this.#ownFolder = options.ownFolder;
  }

  /** The same without what this run remembers. */
  afresh(): Probes {
    return new Probes(this.#options, 'lookAgain');
  }

  /** @throws PathError */
  async file(path: string): Promise<Sha256 | null> {
    const absolute = join(this.#project, path);
    if (!statOrNull(absolute)?.isFile()) return null;
    return (await this.#digests[this.#look](absolute, 'anywhere'))?.content ?? null;
  }

  folder(path: string): Sha256 | null {
    let names = this.#folders.get(path);
    if (names === undefined) {
      names = this.#namesIn(path);
      this.#folders.set(path, names);
    }
    return names;
  }

  place(path: string): string | null {
    let place = this.#places.get(path);
    if (place === undefined) {
      place = this.#kindAndTarget(join(this.#project, path));
      this.#places.set(path, place);
    }
    return place;
  }

  async isCurrent({ files, folders, places }: Observed): Promise<boolean> {
    for (const [path, names] of Object.entries(folders)) if (this.folder(path) !== names) return false;
    for (const [path, place] of Object.entries(places)) if (this.place(path) !== place) return false;
    for (const [path, sha256] of Object.entries(files))
      if ((await this.file(path).catch(() => null)) !== sha256) return false;
    return true;
  }

  #namesIn(path: string): Sha256 | null {
    const folder = join(this.#project, path);
    try {
      const lines = [relative(this.#project, realpathSync(folder))];
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (this.#ownFolder.startsWith(join(folder, entry.name, '/'))) continue;
        if (entry.isDirectory()) lines.push(`${entry.name}\0folder`);
        else if (entry.isSymbolicLink())
          lines.push(`${entry.name}\0${this.#kindAndTarget(join(folder, entry.name))}`);
        else if (this.#matters(entry.name)) lines.push(`${entry.name}\0file`);
      }
      return sha256Of(lines.sort().join('\n'));
    } catch {
      return null;
    }
  }

  #kindAndTarget(path: string): string | null {
    const stat = statOrNull(path);
    if (!stat) return null;
    const kind = stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other';
    return `${kind} ${relative(this.#project, realpathSync(path))}`;
  }
}

/** Collects what one trace looks at. Paths are absolute. */
export class Observer {
  readonly #project: string;
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #places = new Set<string>();

  constructor(project: string) {
    this.#project = project;
  }

  /** False: it was known already. */
  file(path: string): boolean {
    return this.#add(this.#files, path);
  }

  folder(path: string): boolean {
    return this.#add(this.#folders, path);
  }

  place(path: string): boolean {
    return this.#add(this.#places, path);
  }

  /** As it is now: what the run saw before this trace began may have been edited since, and is not what was traced. */
  async observed(run: Probes): Promise<Observed> {
    const probes = run.afresh();
    const files: Record<string, Sha256 | null> = {};
    for (const path of this.#files) files[path] = await probes.file(path);
    const folders = Object.fromEntries([...this.#folders].map((path) => [path, probes.folder(path)]));
    const places = Object.fromEntries([...this.#places].map((path) => [path, probes.place(path)]));
    return { files, folders, places };
  }

  /** Whether everything was last changed before `time` (milliseconds): what was read then is what is there now. */
  isOlderThan(time: number): boolean {
    for (const path of [...this.#files, ...this.#folders]) {
      const stat = statOrNull(join(this.#project, path));
      if (stat && stat.ctimeMs >= time) return false;
    }
    return true;
  }

  #add(set: Set<string>, path: string): boolean {
    const before = set.size;
    set.add(relative(this.#project, path));
    return set.size > before;
  }
}

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    // A link in a loop, a parent that is a file or that may not be read: nothing that could be imported.
    return null;
  }
}
