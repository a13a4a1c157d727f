/**
 * Digests of files and folders. Each distinct path is looked at once per run; a file is read only when its stat is new
 * or too young to be trusted.
 * Long because what is remembered and what is read again must agree in one place.
 */
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  read,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openRegularFile } from '../../lib/regular-file.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { Ignored } from './ignored.ts';
import { encodeListing, type ListingEntry, linkStaysInside, outDigest } from './listing.ts';
import { isStamped, objectTime, StatIndex, signature } from './stat-index.ts';

/** What a path held when it was looked at. */
export interface Look {
  readonly type: 'file' | 'folder';
  /** sha256 of a file's bytes, or of a folder's listing. */
  readonly content: Sha256;
  /** The content's digest; of an executable file another one, because whether a script may run is part of what it is. */
  readonly sha256: Sha256;
  readonly executable: boolean;
  /** Bytes, of a folder all its files together. */
  readonly size: number;
  /** Files; 1 for a file. */
  readonly files: number;
  /** Changes with any write, even one that was taken back: every file's stat, and every folder's that is not in `folders`. */
  readonly stat: string;
  /** The same without what a new link to a file sets: its ctime. */
  readonly marks: string;
  /** In a folder of which something may be left out: the stat of each folder, and whether something was left out of it. */
  readonly folders: ReadonlyMap<string, { readonly stat: string; readonly leftOut: boolean }>;
  /** Whether the stat was old enough, before reading, for any later write to change it. */
  readonly settled: boolean;
  /** Links in a folder that lead out of it: where they stand. What they lead to is part of the content. */
  readonly detours: readonly string[];
}

/**
 * How far links may lead. `self`: not out of the path itself (outs: only so can they be put back elsewhere), and the
 * path is no link. A folder: not out of that folder (deps: the project). `anywhere`: sources, which lie outside.
 */
export type Reach = 'self' | 'anywhere' | { readonly folder: string };

/** A path that has no digest: a link that leads out, a device, a name that is not UTF-8, no permission. */
export class PathError extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(`${path} ${message}`);
    this.name = 'PathError';
    this.path = path;
  }
}

/** Read at once when smaller; above, in pieces, so that the screen goes on. */
const smallBytes = 256 * 1024;
const pieceBytes = 4 * 1024 * 1024;
const readPiece = promisify(read);
/** Files are looked at without pause for this long before others get their turn. */
const turnMs = 25;
/** How long a file's stat may stay the same while it is written: twice a kernel's tick, or what FAT and old NFS keep. */
export const tickMs = 20;
const coarseTickMs = 2_000;

export class Digests {
  readonly #index: StatIndex;
  readonly #probe: string;
  readonly #looks = new Map<string, Promise<Look | null>>();
  readonly #ignored = new Map<string, Ignored>();
  #skewMs: number | undefined;
  #turnEnds = 0;

  /** `indexFolder`: where the index lies; made when something is written. */
  constructor(indexFolder: string) {
    this.#index = new StatIndex(join(indexFolder, 'digests'));
    this.#probe = join(indexFolder, `clock-${process.pid}`);
  }

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
      const { sha256: content, settled, stat: seen } = await this.#file(real, target, how);
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
    const walk = newWalk(real, reach, how, this.#ignoredFor(reach));
    await this.#folder(walk, real, '', [realpathSync(real)]);
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
    const walk = newWalk(path, reach, 'stat', this.#ignoredFor(reach));
    await this.#folder(walk, path, '', [realpathSync(path)]);
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

  /** Keeps what was learnt for the next run. */
  save(): void {
    this.#index.save();
  }

  /** Drops what is known of paths that are gone. */
  prune(): void {
    this.#index.prune();
    this.#index.save();
  }

  /**
   * Milliseconds until a write must show in the stat; 0: it would now. Only ctime counts, which no program can set. One
   * in the future (the clock was set back) is as good as an old one: a write would get another.
   */
  #unsettledMs(stat: BigIntStats): number {
    const tick = stat.ctimeNs % 1_000_000_000n === 0n ? coarseTickMs : tickMs;
    const age = this.now() - Number(stat.ctimeNs / 1_000_000n);
    return age < -tick ? 0 : Math.max(0, tick - age);
  }

  /** The file system's own time, in milliseconds: a server's clock may differ from ours. */
  now(): number {
    if (this.#skewMs === undefined) {
      this.#skewMs = 0;
      try {
        mkdirSync(dirname(this.#probe), { recursive: true });
        writeFileSync(this.#probe, '');
        this.#skewMs = Math.min(0, statSync(this.#probe).mtimeMs - Date.now());
        rmSync(this.#probe);
      } catch {
        // A cache that cannot be written: the local clock must do.
      }
    }
    return Date.now() + this.#skewMs;
  }

  /** Stamps `path`, whose content is known, as an object: from now on it must not be written. */
  stamp(path: string, sha256: Sha256, mode: number): void {
    chmodSync(path, mode);
    utimesSync(path, objectTime, objectTime);
    this.stamped(path, sha256);
  }

  /** To be called when a link to an object was made or moved, which changes its ctime alone. */
  stamped(path: string, sha256: Sha256): void {
    const stat = lstatSync(path, { bigint: true });
    if (isStamped(stat)) this.#index.set(path, signature(stat), sha256);
  }

  /** Whether the file's content is known by its stat. */
  knows(path: string, sha256: Sha256): boolean {
    return this.#index.get(path, signature(lstatSync(path, { bigint: true }))) === sha256;
  }

  /** To be called when a link to a file was made that was known just before. */
  relinked(path: string, sha256: Sha256): void {
    this.#index.set(path, signature(lstatSync(path, { bigint: true })), sha256);
  }

  /** A file's stat but for what a new link changes. */
  markOf(path: string): string {
    return markOf(lstatSync(path, { bigint: true }));
  }

  /** Files of known content are known by their stat from now on, if they still have the mark that they had a tick ago. */
  remember(
    files: readonly { readonly path: string; readonly sha256: Sha256; readonly mark: string }[],
  ): void {
    for (const { path, sha256, mark } of files) {
      const stat = lstatOrNull(path);
      if (stat?.isFile() && this.markOf(path) === mark) this.#index.set(path, signature(stat), sha256);
    }
  }

  async #file(
    path: string,
    stat: BigIntStats,
    how: 'stat' | 'read',
  ): Promise<{ sha256: Sha256; settled: boolean; stat: string }> {
    let current = stat;
    for (let attempt = 0; attempt < 3; attempt++) {
      const seen = signature(current);
      if (how === 'read') this.#index.delete(path, seen);
      const known = this.#index.get(path, seen);
      if (known) return { sha256: known, settled: true, stat: seen };
      await this.#pause();
      const settled = isStamped(current) || this.#unsettledMs(current) === 0;
      const sha256 = await hashFile(path, Number(current.size));
      const after = lstatOrNull(path);
      if (after && signature(after) === seen) {
        // A younger stat could stay the same through another write (git calls it racy), so it is never remembered.
        if (settled) this.#index.set(path, seen, sha256);
        return { sha256, settled, stat: seen };
      }
      if (!after) throw new PathError(path, 'went away while it was read');
      current = after;
    }
    throw new PathError(path, 'is being written: it changed every time it was read');
  }

  async #folder(walk: Walk, folder: string, prefix: string, chain: readonly string[]): Promise<void> {
    const stat = signature(lstatSync(folder, { bigint: true }));
    if (walk.ignored === null) walk.stats.update(`${prefix}\0${stat}\n`);
    else walk.folders.set(prefix, { stat, leftOut: false });
    const isIgnored = await walk.ignored?.in(realpathSync(folder), chain[0] ?? folder);
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
      if (entry && isIgnored?.(name, entry.isDirectory())) walk.folders.set(prefix, { stat, leftOut: true });
      else await this.#entry(walk, { path, stat: entry }, prefix === '' ? name : `${prefix}/${name}`, chain);
    }
  }

  async #entry(
    walk: Walk,
    { path, stat }: { readonly path: string; readonly stat: BigIntStats | null },
    name: string,
    chain: readonly string[],
  ): Promise<void> {
    if (!stat) throw new PathError(path, 'went away while its folder was read');
    if (stat.isFile()) {
      const { sha256, settled, stat: seen } = await this.#file(path, stat, walk.how);
      const size = Number(stat.size);
      walk.entries.push({ type: 'file', path: name, executable: isExecutable(stat), size, sha256 });
      walk.stats.update(`${name}\0${seen}\n`);
      walk.marks.update(`${name}\0${markOf(stat)}\n`);
      walk.settled &&= settled;
      walk.size += size;
      walk.files++;
    } else if (stat.isDirectory()) {
      walk.entries.push({ type: 'folder', path: name });
      await this.#pause();
      await this.#folder(walk, path, name, [...chain, realpathSync(path)]);
    } else if (stat.isSymbolicLink()) {
      walk.stats.update(`${name}\0${signature(stat)}\n`);
      await this.#link(walk, path, name, chain);
    } else throw new PathError(path, 'is a device, pipe or socket, which has no content to keep');
  }

  async #link(walk: Walk, path: string, name: string, chain: readonly string[]): Promise<void> {
    const text = readlinkSync(path);
    const root = realpathSync(walk.root);
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
      if (walk.reach === 'self' && (text.startsWith('/') || !linkStaysInside(name, target)))
        throw new PathError(path, 'is a link with an absolute target, which would break when it is put back');
      if (linkStaysInside(name, target)) {
        walk.entries.push({ type: 'link', path: name, target });
        return;
      }
    }
    if (real === null) throw new PathError(path, `is a link to ${text}, which does not exist`);
    if (walk.reach === 'self')
      throw new PathError(path, `is a link that leads out of its folder, to ${text}`);
    checkReach(path, real, walk.reach);
    walk.detours.push(path);
    const target = lstatSync(real, { bigint: true });
    if (target.isFile()) {
      const { sha256, settled, stat: seen } = await this.#file(real, target, walk.how);
      const size = Number(target.size);
      walk.entries.push({ type: 'file', path: name, executable: isExecutable(target), size, sha256 });
      walk.stats.update(`${name}\0${seen}\n`);
      walk.marks.update(`${name}\0${markOf(target)}\n`);
      walk.settled &&= settled;
      walk.size += size;
      walk.files++;
    } else if (target.isDirectory()) {
      if (chain.some((above) => isBelow(above, real)))
        throw new PathError(path, 'is a link to a folder that it stands in, so its content has no end');
      walk.entries.push({ type: 'folder', path: name });
      await this.#folder(walk, real, name, [...chain, real]);
    } else throw new PathError(path, 'is a link to a device, pipe or socket');
  }

  async #pause(): Promise<void> {
    const now = performance.now();
    if (now < this.#turnEnds) return;
    await setImmediate();
    this.#turnEnds = performance.now() + turnMs;
  }
}

interface Walk {
  readonly root: string;
  readonly reach: Reach;
  readonly how: 'stat' | 'read';
  /** Null: everything counts. */
  readonly ignored: Ignored | null;
  readonly folders: Map<string, { readonly stat: string; readonly leftOut: boolean }>;
  readonly detours: string[];
  readonly entries: ListingEntry[];
  readonly stats: ReturnType<typeof createHash>;
  readonly marks: ReturnType<typeof createHash>;
  settled: boolean;
  size: number;
  files: number;
}

function newWalk(root: string, reach: Reach, how: 'stat' | 'read', ignored: Ignored | null): Walk {
  const [stats, marks] = [createHash('sha256'), createHash('sha256')];
  const [folders, detours, entries] = [new Map(), [], []];
  return {
    root,
    reach,
    how,
    ignored,
    folders,
    detours,
    entries,
    stats,
    marks,
    settled: true,
    size: 0,
    files: 0,
  };
}

/**
 * Whether nothing was written between two looks. Where something is left out of a folder, it may have come or gone: the
 * folder's own times say nothing then. `isLinked`: whether a link to it was made meanwhile, which sets its ctime.
 */
export function isUnwritten(before: Look, now: Look, isLinked: () => boolean): boolean {
  if (before.sha256 !== now.sha256) return false;
  if (before.stat !== now.stat && !(before.marks === now.marks && isLinked())) return false;
  return [...now.folders].every(([path, { stat, leftOut }]) => {
    const was = before.folders.get(path)?.stat;
    return was === stat || (leftOut && was !== undefined && identityOf(was) === identityOf(stat));
  });
}

export function markOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}.${ino}.${size}.${mtimeNs}`;
}

/** Device and inode of a stat's signature. */
function identityOf(stat: string): string {
  return stat.split('.', 2).join('.');
}

/** sha256 of a file's bytes, in pieces. */
export async function hashFile(path: string, size: number): Promise<Sha256> {
  let descriptor: number | undefined;
  try {
    descriptor = openRegularFile(path);
    if (size <= smallBytes) return sha256Of(readFileSync(descriptor));
    const hash = createHash('sha256');
    let [filling, full] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
    let next = readPiece(descriptor, filling, 0, pieceBytes, null);
    for (;;) {
      const { bytesRead } = await next;
      if (bytesRead === 0) break;
      [filling, full] = [full, filling];
      // The next piece is read on another thread while this one is hashed.
      next = readPiece(descriptor, filling, 0, pieceBytes, null);
      hash.update(full.subarray(0, bytesRead));
    }
    return hash.digest('hex') as Sha256;
  } catch (error) {
    throw new PathError(path, `cannot be read (${reasonOf(error)})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Where the path leads, if that is allowed; null: a link to nothing. */
function resolveRoot(path: string, stat: BigIntStats, reach: Reach): string | null {
  if (reach === 'self') {
    if (stat.isSymbolicLink())
      throw new PathError(path, 'is a symbolic link; write the file or folder itself');
    return path;
  }
  if (reach === 'anywhere' && !stat.isSymbolicLink()) return path;
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return null;
  }
  checkReach(path, real, reach);
  return stat.isSymbolicLink() ? real : path;
}

function checkReach(path: string, real: string, reach: Reach): void {
  if (typeof reach === 'object' && !isBelow(real, realpathSync(reach.folder)))
    throw new PathError(path, `is a link that leads out of the project, to ${real}; declare it as a source`);
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function isExecutable(stat: BigIntStats): boolean {
  return (stat.mode & 0o100n) !== 0n;
}

function lstatOrNull(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return null;
    throw new PathError(path, `cannot be looked at (${reasonOf(error)})`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
