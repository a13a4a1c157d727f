/** One look at all that a folder holds: its listing, its stats, and where its links lead. */

import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { FileDigests } from './file-digests.ts';
import type { Ignored } from './ignored.ts';
import { type ListingEntry, linkStaysInside } from './listing.ts';
import { PathError, type Reach } from './look.ts';
import { checkReach, isBelow } from './reach.ts';
import { isExecutable, lstatOrNull, markOf, reasonOf } from './stat.ts';
import { signature } from './stat-index.ts';

export interface WalkOptions {
  readonly reach: Reach;
  readonly how: 'stat' | 'read';
  /** Null: everything counts. */
  readonly ignored: Ignored | null;
}

export class FolderWalk {
  readonly entries: ListingEntry[] = [];
  /** The stat of each folder, and whether something was left out of it; only where something may be. */
  readonly folders = new Map<string, { readonly stat: string; readonly leftOut: boolean }>();
  /** Links that lead out of the folder: where they stand. */
  readonly detours: string[] = [];
  readonly stats = createHash('sha256');
  readonly marks = createHash('sha256');
  settled = true;
  size = 0;
  files = 0;
  readonly #files: FileDigests;
  readonly #root: string;
  readonly #options: WalkOptions;

  constructor(files: FileDigests, root: string, options: WalkOptions) {
    this.#files = files;
    this.#root = root;
    this.#options = options;
  }

  /** Looks at everything, once. @throws PathError */
  async all(): Promise<this> {
    await this.#folder(this.#root, '', [realpathSync(this.#root)]);
    return this;
  }

  async #folder(folder: string, prefix: string, chain: readonly string[]): Promise<void> {
    const stat = signature(lstatSync(folder, { bigint: true }));
    if (this.#options.ignored === null) this.stats.update(`${prefix}\0${stat}\n`);
    else this.folders.set(prefix, { stat, leftOut: false });
    const isIgnored = await this.#options.ignored?.in(realpathSync(folder), chain[0] ?? folder);
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch (error) {
      throw new PathError(folder, `cannot be read (${reasonOf(error)})`);
    }
    names.sort();
    for (const name of names) {
      if (name.includes('\uFFFD')) throw new PathError(join(folder, name), 'has a name that is not UTF-8');
      const path = join(folder, name);
      const entry = lstatOrNull(path);
      if (entry && isIgnored?.(name, entry.isDirectory())) this.folders.set(prefix, { stat, leftOut: true });
      else await this.#entry({ path, stat: entry }, prefix === '' ? name : `${prefix}/${name}`, chain);
    }
  }

  async #entry(
    { path, stat }: { readonly path: string; readonly stat: BigIntStats | null },
    name: string,
    chain: readonly string[],
  ): Promise<void> {
    if (!stat) throw new PathError(path, 'went away while its folder was read');
    if (stat.isFile()) {
      await this.#file(path, stat, name);
    } else if (stat.isDirectory()) {
      this.entries.push({ type: 'folder', path: name });
      await this.#files.pause();
      await this.#folder(path, name, [...chain, realpathSync(path)]);
    } else if (stat.isSymbolicLink()) {
      this.stats.update(`${name}\0${signature(stat)}\n`);
      await this.#link(path, name, chain);
    } else throw new PathError(path, 'is a device, pipe or socket, which has no content to keep');
  }

  async #link(path: string, name: string, chain: readonly string[]): Promise<void> {
    const text = readlinkSync(path);
    const root = realpathSync(this.#root);
    const lexical = resolve(realpathSync(dirname(path)), text);
    let real: string | null;
    try {
      real = realpathSync(path);
    } catch {
      real = null;
    }
    if (isBelow(real ?? lexical, root) && isBelow(lexical, root)) {
      // Its target's content is in the listing already. An absolute text would make the digest depend on the place.
      const target = text.startsWith('/') ? relative(dirname(path), lexical) || '.' : text;
      if (this.#options.reach === 'self' && (text.startsWith('/') || !linkStaysInside(name, target)))
        throw new PathError(path, 'is a link with an absolute target, which would break when it is put back');
      if (linkStaysInside(name, target)) {
        this.entries.push({ type: 'link', path: name, target });
        return;
      }
    }
    if (real === null) throw new PathError(path, `is a link to ${text}, which does not exist`);
    if (this.#options.reach === 'self')
      throw new PathError(path, `is a link that leads out of its folder, to ${text}`);
    checkReach(path, real, this.#options.reach);
    this.detours.push(path);
    const target = lstatSync(real, { bigint: true });
    if (target.isFile()) {
      await this.#file(real, target, name);
    } else if (target.isDirectory()) {
      if (chain.some((above) => isBelow(above, real)))
        throw new PathError(path, 'is a link to a folder that it stands in, so its content has no end');
      this.entries.push({ type: 'folder', path: name });
      await this.#folder(real, name, [...chain, real]);
    } else throw new PathError(path, 'is a link to a device, pipe or socket');
  }

  async #file(path: string, stat: BigIntStats, name: string): Promise<void> {
    const { sha256, settled, stat: seen } = await this.#files.file(path, stat, this.#options.how);
    const size = Number(stat.size);
    this.entries.push({ type: 'file', path: name, executable: isExecutable(stat), size, sha256 });
    this.stats.update(`${name}\0${seen}\n`);
    this.marks.update(`${name}\0${markOf(stat)}\n`);
    this.settled &&= settled;
    this.size += size;
    this.files++;
  }
}
