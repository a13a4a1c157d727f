/** A transaction's own folder for what is in the making: no other transaction, before or after, writes or removes it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Cell } from '../plan/graph.ts';
import { folderOf, type Layout } from '../store/layout.ts';

export class Staging {
  readonly #cell: Cell;
  readonly folder: string;

  /**
   * The cell's lock must be held: what earlier runs left is removed, but for `spared`, where jobs of a queue are at work.
   * `adopted`: of such a job, which goes on under this transaction.
   */
  constructor(
    layout: Layout,
    cell: Cell,
    run: string,
    { spared, adopted }: { readonly spared: ReadonlySet<string>; readonly adopted: string | null },
  ) {
    this.#cell = cell;
    const ofCell = join(layout.staging, folderOf(cell.id));
    for (const name of namesIn(ofCell)) if (!spared.has(join(ofCell, name))) removeTree(join(ofCell, name));
    // A run that lost its lock may still be at work under its own name.
    this.folder = adopted ?? join(ofCell, `${run}-${randomBytes(3).toString('hex')}`);
  }

  /** Absolute path of every out in an emptied folder; parent folders exist. Before each attempt. */
  empty(): Readonly<Record<string, string>> {
    this.remove();
    const outs: Record<string, string> = {};
    for (const out of this.#cell.outs) {
      const path = this.made(out.path);
      mkdirSync(dirname(path), { recursive: true });
      outs[out.name] = path;
    }
    mkdirSync(this.outs, { recursive: true });
    return outs;
  }

  get outs(): string {
    return join(this.folder, 'outs');
  }

  /** Where the stage writes an out. */
  made(path: string): string {
    return join(this.outs, path);
  }

  /** Declared outs alone, on their way into the store. */
  kept(path: string): string {
    return join(this.folder, 'kept', path);
  }

  /** For single files under way, beside the folders. */
  get scratch(): string {
    return this.folder;
  }

  /** The new content of a folder or file that people see, before it is in place. */
  get fresh(): string {
    return join(this.folder, 'fresh');
  }

  remove(): void {
    if (!this.#removeEmpty()) removeTree(this.folder);
    try {
      rmdirSync(dirname(this.folder));
    } catch (error) {
      // Another transaction's is there too.
      if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }

  /** What was published has left nothing but these: three calls instead of a walk. */
  #removeEmpty(): boolean {
    try {
      for (const name of readdirSync(this.folder)) rmdirSync(join(this.folder, name));
      rmdirSync(this.folder);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return !existsSync(this.folder);
      return false;
    }
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
