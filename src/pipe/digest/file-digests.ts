/**
 * Digests of single files. A file is read only when its stat is new or too young to be trusted.
 */
import {
  type BigIntStats,
  chmodSync,
  lstatSync,
  mkdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Sha256 } from '../../lib/sha256.ts';
import { hashFile } from './hash-file.ts';
import { PathError } from './look.ts';
import { lstatOrNull, markOf } from './stat.ts';
import { isStamped, objectTime, StatIndex, signature } from './stat-index.ts';

/** Files are looked at without pause for this long before others get their turn. */
const turnMs = 25;
/** How long a file's stat may stay the same while it is written: twice a kernel's tick, or what FAT and old NFS keep. */
export const tickMs = 20;
const coarseTickMs = 2_000;

/** A file's digest, and whether its stat was old enough, before reading, for any later write to change it. */
export interface FileDigest {
  readonly sha256: Sha256;
  readonly settled: boolean;
  readonly stat: string;
}

export class FileDigests {
  readonly #index: StatIndex;
  readonly #probe: string;
  #skewMs: number | undefined;
  #turnEnds = 0;

  /** `indexFolder`: where the index lies; made when something is written. */
  constructor(indexFolder: string) {
    this.#index = new StatIndex(join(indexFolder, 'digests'));
    this.#probe = join(indexFolder, `clock-${process.pid}`);
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

  /** Of the file that `stat` is of; with `read` its bytes are read, whatever that says. @throws PathError */
  async file(path: string, stat: BigIntStats, how: 'stat' | 'read'): Promise<FileDigest> {
    let current = stat;
    for (let attempt = 0; attempt < 3; attempt++) {
      const seen = signature(current);
      if (how === 'read') this.#index.delete(path, seen);
      const known = this.#index.get(path, seen);
      if (known) return { sha256: known, settled: true, stat: seen };
      await this.pause();
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

  /** Gives others their turn, when this has gone on for a while. */
  async pause(): Promise<void> {
    const now = performance.now();
    if (now < this.#turnEnds) return;
    await setImmediate();
    this.#turnEnds = performance.now() + turnMs;
  }
}
