/**
 * Reports edits of a project's files, many at once as one. By chokidar, which takes no native code: kept for every Node since
 * 20.19, it looks at folders on Linux where Node's own recursive watch loses new ones, and can poll where a network file
 * system reports none.
 */
import { join, relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { cacheFolderName } from '../store/layout.ts';

export interface ChangesOptions {
  /** Absolute. */
  readonly project: string;
  /** Files and folders outside it, absolute. */
  readonly outside: readonly string[];
  /** Milliseconds between two looks; null: the file system reports edits. */
  readonly pollMs: number | null;
}

/** Folders that a run writes, or that hold no code of the project: an edit there is nobody's. */
const skippedAtTop = new Set([cacheFolderName, 'reports']);
const skippedAnywhere = new Set([
  '.git',
  'node_modules',
  '.venv',
  'venv',
  '__pycache__',
  '.ipynb_checkpoints',
]);
/** What editors write beside a file while they save it. */
const editorFile = /(?:~|\.sw[a-z]|^\.#.*|^4913|\.tmp)$/;

/** An edit is over when nothing has changed for so long; one that never is, is reported after `longestMs`. */
const quietMs = 120;
const longestMs = 2_000;

export class FileChanges {
  readonly #watcher: FSWatcher;
  readonly #listeners = new Set<(paths: ReadonlySet<string>) => void>();
  #changed = new Set<string>();
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(watcher: FSWatcher, project: string) {
    this.#watcher = watcher;
    watcher.on('all', (_, path) => this.#take(relative(project, path)));
    // A folder that cannot be read is not watched; the run says what it cannot read.
    watcher.on('error', () => {});
  }

  /** Resolves when every file is watched. */
  static async open({ project, outside, pollMs }: ChangesOptions): Promise<FileChanges> {
    const watcher = watch([project, ...outside], {
      ignoreInitial: true,
      ignored: (path) => isSkipped(relative(project, path)),
      followSymlinks: false,
      usePolling: pollMs !== null,
      ...(pollMs === null ? {} : { interval: pollMs, binaryInterval: pollMs }),
    });
    const changes = new FileChanges(watcher, project);
    await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
    return changes;
  }

  /** Files that are watched. */
  get count(): number {
    return Object.values(this.#watcher.getWatched()).reduce((sum, names) => sum + names.length, 0);
  }

  /** Called with the paths of each edit, relative to the project. Gives the way to end it. */
  listen(listener: (paths: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }

  #take(path: string): void {
    if (this.#changed.size === 0) this.#since = performance.now();
    this.#changed.add(path);
    clearTimeout(this.#timer);
    const left = longestMs - (performance.now() - this.#since);
    this.#timer = setTimeout(() => this.#tell(), Math.max(0, Math.min(quietMs, left)));
  }

  #tell(): void {
    const paths = this.#changed;
    this.#changed = new Set();
    for (const listener of this.#listeners) listener(paths);
  }
}

/** `path`: relative to the project. */
export function isSkipped(path: string): boolean {
  if (path === '' || path.startsWith(`..${sep}`)) return false;
  const parts = path.split(sep);
  const last = parts.at(-1) ?? '';
  return (
    skippedAtTop.has(parts[0] ?? '') ||
    parts.some((part) => skippedAnywhere.has(part)) ||
    editorFile.test(last)
  );
}

/** Sources whose data lie outside the project, absolute. */
export function outsideOf(project: string, candidates: readonly string[]): readonly string[] {
  return candidates
    .map((path) => join(project, path))
    .filter((path) => relative(project, path).startsWith('..'));
}
