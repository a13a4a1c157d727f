/** Digests of files and folders. Each distinct path is looked at once per run. */
import { lstatSync, realpathSync } from 'node:fs';
import { sha256Of } from '../../lib/sha256.ts';
import { FileDigests } from './file-digests.ts';
import { FolderWalk } from './folder-walk.ts';
import { Ignored } from './ignored.ts';
import { encodeListing, type ListingEntry, outDigest } from './listing.ts';
import { type Look, PathError, type Reach } from './look.ts';
import { resolveRoot } from './reach.ts';
import { isExecutable, lstatOrNull, markOf } from './stat.ts';

export class Digests extends FileDigests {
  readonly #looks = new Map<string, Promise<Look | null>>();
  readonly #ignored = new Map<string, Ignored>();

  /** What `path` (absolute) holds, as first seen in this run; null: nothing is there. @throws PathError */
  look(path: string, reach: Reach): Promise<Look | null> {
    let look = this.#looks.get(path);
    if (!look) {
      look = this.lookAgain(path, reach);
      this.#looks.set(path, look);
    }
    return look;
  }

  /**
   * The same, without what this run remembers; with `read` every byte is read, whatever the stat says.
   * @throws PathError
   */
  async lookAgain(path: string, reach: Reach, how: 'stat' | 'read' = 'stat'): Promise<Look | null> {
    const stat = lstatOrNull(path);
    if (!stat) return null;
    const real = resolveRoot(path, stat, reach);
    if (real === null) return null;
    const target = real === path ? stat : lstatSync(real, { bigint: true });
    if (target.isFile()) {
      const { sha256: content, settled, stat: seen } = await this.file(real, target, how);
      const executable = isExecutable(target);
      return {
        type: 'file',
        content,
        sha256: outDigest(content, executable),
        executable,
        size: Number(target.size),
        files: 1,
        stat: seen,
        marks: markOf(target),
        settled,
        folders: new Map(),
        detours: [],
      };
    }
    if (!target.isDirectory()) throw new PathError(path, 'is neither a file nor a folder');
    const walk = await new FolderWalk(this, real, { reach, how, ignored: this.#ignoredFor(reach) }).all();
    const content = sha256Of(encodeListing(walk.entries));
    return {
      type: 'folder',
      content,
      sha256: content,
      executable: false,
      size: walk.size,
      files: walk.files,
      stat: walk.stats.digest('hex'),
      marks: walk.marks.digest('hex'),
      settled: walk.settled,
      folders: walk.folders,
      detours: walk.detours,
    };
  }

  /** The listing behind a folder's digest. The folder must exist. @throws PathError */
  async listing(path: string, reach: Reach): Promise<readonly ListingEntry[]> {
    const ignored = this.#ignoredFor(reach);
    const walk = await new FolderWalk(this, path, { reach, how: 'stat', ignored }).all();
    return walk.entries;
  }

  /** Only what a stage reads of the project has something left out: of outs and sources everything counts. */
  #ignoredFor(reach: Reach): Ignored | null {
    if (typeof reach !== 'object') return null;
    let ignored = this.#ignored.get(reach.folder);
    if (!ignored) {
      ignored = new Ignored(realpathSync(reach.folder));
      this.#ignored.set(reach.folder, ignored);
    }
    return ignored;
  }

  /** Must be called for what this run itself has put in place. */
  forget(path: string): void {
    this.#looks.delete(path);
  }
}
