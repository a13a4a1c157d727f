/** Digests of files remembered by their stat, in one file: an accelerator that may be deleted at any time. */
import { type BigIntStats, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { readRegularFile } from '../../lib/regular-file.ts';
import { replaceFile } from '../../lib/replace-file.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { isSha256, sha256Of } from '../../lib/sha256.ts';

/** Device, inode, size, mtime and ctime: a change of content that keeps all five does not happen outside a file system's tick. */
export type StatSignature = string & { readonly __brand: 'StatSignature' };

export function signature(stat: BigIntStats): StatSignature {
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return `${dev}.${ino}.${size}.${mtimeNs}.${ctimeNs}${isStamped(stat) ? stampedEnd : ''}` as StatSignature;
}

/**
 * Every object of the store, and every link to one, has this time of change and cannot be written: 2000-01-01, with a
 * fraction that doubles and microseconds hold exactly and that no other program sets. A write would set another, so
 * that it is seen even within a tick; and no stage can learn from the time of an input when it was made.
 */
export const objectTime = 946_684_800.531_25;
const objectTimeNs = 946_684_800_531_250_000n;
const stampedEnd = '.o';

export function isStamped(stat: BigIntStats): boolean {
  return stat.mtimeNs === objectTimeNs && (stat.mode & 0o222n) === 0n;
}

const header = 'pipe-stat-index 2';

export class StatIndex {
  readonly #file: string;
  #known: Map<string, Known> | undefined;
  #changed = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** The digest of `path`, if it was taken at this very stat. */
  get(path: string, stat: StatSignature): Sha256 | undefined {
    const known = this.#entries().get(nameOf(path, stat));
    return known?.stat === stat ? known.sha256 : undefined;
  }

  /** Only for a stat that was settled before the content was read. */
  set(path: string, stat: StatSignature, sha256: Sha256): void {
    this.#entries().set(nameOf(path, stat), { path, stat, sha256 });
    this.#changed = true;
  }

  /** It is not what its stat says. */
  delete(path: string, stat: StatSignature): void {
    this.#changed = this.#entries().delete(nameOf(path, stat)) || this.#changed;
  }

  /** Writes the index if it changed. Never fails: a run on a read-only cache is only slower. */
  save(): void {
    if (!this.#changed || !this.#known) return;
    const lines = [header];
    for (const { path, stat, sha256 } of this.#known.values())
      lines.push(`${sha256} ${stat} ${JSON.stringify(path)}`);
    const body = `${lines.join('\n')}\n`;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      replaceFile(this.#file, `${body}${sha256Of(body)}\n`);
      this.#changed = false;
    } catch {
      // An accelerator: the next run hashes again.
    }
  }

  /** Forgets paths that are not there any more. */
  prune(): void {
    const known = this.#entries();
    for (const [name, { path }] of known) {
      if (existsSync(path)) continue;
      known.delete(name);
      this.#changed = true;
    }
  }

  #entries(): Map<string, Known> {
    this.#known ??= read(this.#file);
    return this.#known;
  }
}

interface Known {
  readonly path: string;
  readonly stat: StatSignature;
  readonly sha256: Sha256;
}

/** An object has many links: what is known of one is known of all. */
function nameOf(path: string, stat: StatSignature): string {
  return stat.endsWith(stampedEnd) ? stat.split('.', 2).join('.') : path;
}

function read(file: string): Map<string, Known> {
  const known = new Map<string, Known>();
  let text: string;
  try {
    text = readRegularFile(file).toString('utf8');
  } catch {
    return known;
  }
  // A flipped bit here would make a wrong digest believed: the whole file is checked, or not used.
  const body = text.slice(0, -65);
  if (!body.startsWith(`${header}\n`) || `${sha256Of(body)}\n` !== text.slice(-65)) return known;
  for (const line of body.split('\n').slice(1, -1)) {
    const sha256 = line.slice(0, 64);
    const space = line.indexOf(' ', 65);
    const path = pathOf(line.slice(space + 1));
    const stat = line.slice(65, space) as StatSignature;
    if (isSha256(sha256) && path !== null) known.set(nameOf(path, stat), { path, stat, sha256 });
  }
  return known;
}

function pathOf(text: string): string | null {
  try {
    const path: unknown = JSON.parse(text);
    return typeof path === 'string' ? path : null;
  } catch {
    return null;
  }
}
