/**
 * `pipe cache gc`: removes what the mark found, and only what a second mark still finds while no run can enter. Each cell is
 * swept under its own lock. Things are renamed out of the way first: what was written again meanwhile goes back.
 */
import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { hasCode } from '../../lib/errno.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { Digests } from '../digest/digests.ts';
import { signature } from '../digest/stat-index.ts';
import type { Key } from '../key/fingerprint.ts';
import { cellOfFolder } from '../plan/cell-id.ts';
import { type StoredFile, versionOf } from './contents.ts';
import { type Marked, mark, unnamedObjects } from './gc-mark.ts';
import type { GcOptions } from './gc-reach.ts';
import { folderOf, type Layout, layoutOf } from './layout.ts';
import { clearDeadRuns, gateName } from './live-run.ts';
import { describeOwner, type Lock, lockHolders, tryLock } from './lock.ts';
import { lookInPlace } from './look-in-place.ts';
import { namesInside } from './real-folder.ts';
import { readManifest, readState } from './records.ts';
import { realOrNull, sharersOf } from './sharers.ts';

export interface Swept {
  readonly manifests: number;
  readonly objects: number;
  readonly bytes: number;
  /** Cells of earlier pipelines whose outs are taken out of place. */
  readonly cells: readonly string[];
  readonly runs: number;
  readonly checkpoints: number;
  /** What was in such a cell's folder and is not what its stage made: where it is kept, relative to the project. */
  readonly setAside: readonly string[];
}

/** What a sweep of `marked` would remove, as far as can be said without locking anything. */
export function expected({ garbage }: Marked): Omit<Swept, 'setAside'> {
  return {
    manifests: garbage.manifests.length,
    objects: garbage.objects.length,
    bytes: garbage.objects.reduce((sum, { size }) => sum + size, 0),
    cells: garbage.cells.map(cellName),
    runs: garbage.runs.length,
    checkpoints: garbage.checkpoints.length,
  };
}

/** @throws UserError when another gc is at work */
export async function sweep(marked: Marked, options: GcOptions): Promise<Swept> {
  const layout = layoutOf(options.project);
  const gates = await closeGates(options.project);
  const trash = new Trash(layout);
  try {
    return await new Sweep(layout, options, trash).run(marked);
  } finally {
    for (const gate of gates) gate.release();
    // Runs can enter again: what is in the trash has no name any more that they could ask for.
    trash.empty();
  }
}

/** Of every cache that shares the store, always in the same order, so that two gcs cannot wait for each other. */
async function closeGates(project: string): Promise<readonly Lock[]> {
  const sharers = sharersOf(project).sharers.map(({ layout }) => layout.locks);
  const folders = new Set(sharers.map((locks) => realOrNull(locks) ?? locks));
  const gates: Lock[] = [];
  try {
    for (const locks of [...folders].sort()) gates.push(await closeGate(locks));
    return gates;
  } catch (error) {
    for (const gate of gates) gate.release();
    throw error;
  }
}

/** A run that enters holds it for a moment; another gc for as long as it takes. */
async function closeGate(locks: string): Promise<Lock> {
  for (;;) {
    const held = tryLock(locks, gateName, 'gc');
    if (held) return held;
    const holder = lockHolders(locks).find(({ name }) => name === gateName);
    if (holder?.owner.run === 'gc')
      throw new UserError(`the cache is being cleaned by ${describeOwner(holder.owner)}`, {
        code: exitCode.lockHeld,
      });
    await setTimeout(20);
  }
}

class Sweep {
  readonly #layout: Layout;
  readonly #options: GcOptions;
  readonly #trash: Trash;
  readonly #setAside: string[] = [];
  #done = 0;

  constructor(layout: Layout, options: GcOptions, trash: Trash) {
    this.#layout = layout;
    this.#options = options;
    this.#trash = trash;
  }

  async run(marked: Marked): Promise<Swept> {
    const now = mark(this.#options).garbage;
    const planned = new Set(marked.garbage.cells);
    const cells = await this.#cells(now.cells.filter((folder) => planned.has(folder)));
    const manifests = await this.#manifests(both(marked.garbage.manifests, now.manifests));
    const { objects, bytes } = await this.#objects(both(marked.garbage.objects, now.objects));
    await this.#leftovers(now.leftovers);
    clearDeadRuns(this.#layout);
    for (const { folder } of now.runs) this.#trash.take(folder);
    for (const folder of now.checkpoints) this.#trash.take(folder);
    const counts = { runs: now.runs.length, checkpoints: now.checkpoints.length };
    return { manifests, objects, bytes, cells: cells.map(cellName), ...counts, setAside: this.#setAside };
  }

  /** Folders of cells that no declared profile has. One that holds anything else than its stage made is kept aside. */
  async #cells(folders: readonly string[]): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const folder of folders) {
      await this.#breathe();
      const held = tryLock(this.#layout.locks, folder, 'gc');
      if (!held) continue;
      try {
        const path = join(this.#layout.cells, folder);
        if (!(await this.#takeCell(path, folder))) continue;
        this.#trash.take(join(this.#layout.state, `${folder}.json`));
        removed.push(folder);
      } finally {
        held.release();
      }
    }
    return removed;
  }

  /** Set aside first: what comes between a look and a removal would be removed unseen. False: it cannot be moved. */
  async #takeCell(path: string, folder: string): Promise<boolean> {
    const before = statsIn(path);
    const asMade = await isAsMade(this.#layout, folder);
    if (!lstatSync(path, { throwIfNoEntry: false })) return true;
    const aside = join(this.#layout.quarantine, `before-gc-${folder}-${Date.now()}`);
    mkdirSync(this.#layout.quarantine, { recursive: true });
    try {
      renameSync(path, aside);
    } catch (error) {
      // The quarantine is a link to another disk.
      if (hasCode(error, 'EXDEV')) return false;
      throw error;
    }
    if (asMade && statsIn(aside) === before) this.#trash.take(aside);
    else this.#setAside.push(relative(this.#options.project, aside));
    return true;
  }

  /** Each under the lock of the cell that made it. */
  async #manifests(manifests: readonly StoredFile<Key>[]): Promise<number> {
    let removed = 0;
    for (const manifest of manifests) {
      await this.#breathe();
      const entry = readManifest(this.#layout, manifest.name);
      const held = typeof entry === 'string' ? null : tryLock(this.#layout.locks, folderOf(entry.cell), 'gc');
      if (typeof entry !== 'string' && held === null) continue;
      try {
        if (this.#trash.take(manifest.file, manifest.version)) removed++;
      } finally {
        held?.release();
      }
    }
    return removed;
  }

  /** After the manifests: what one names that stayed, because its cell is at work, stays too. */
  async #objects(objects: readonly StoredFile<Sha256>[]): Promise<{ objects: number; bytes: number }> {
    let removed = 0;
    let bytes = 0;
    for (const object of unnamedObjects(this.#options.project, objects)) {
      await this.#breathe();
      if (!this.#trash.take(object.file, object.version, object.changed)) continue;
      removed++;
      bytes += object.size;
    }
    return { objects: removed, bytes };
  }

  /** What lies in `staging` belongs to the cell of that name for as long as its lock is held. */
  async #leftovers(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await this.#breathe();
      if (dirname(path) !== this.#layout.staging) {
        this.#trash.take(path);
        continue;
      }
      const held = tryLock(this.#layout.locks, basename(path), 'gc');
      if (held) this.#trash.take(path);
      held?.release();
    }
  }

  /** The locks' heartbeats, which other machines watch, need their turn. */
  async #breathe(): Promise<void> {
    if (++this.#done % 200 === 0) await setImmediate();
  }
}

/** A folder of the cache to which things are renamed: at once, and back if they turn out to be new. */
class Trash {
  readonly #folder: string;
  #count = 0;

  constructor(layout: Layout) {
    this.#folder = join(layout.root, `.trash-${process.pid}-${Date.now()}`);
  }

  /**
   * False: it is gone, or `version` was given and it was written again since; then it stays. So does an object whose
   * `changed` is another: a run that makes the same content again leaves it where it is, and sets its ctime.
   */
  take(path: string, version?: string, changed?: bigint): boolean {
    if (version !== undefined && versionOf(path) !== version) return false;
    const now = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    if (changed !== undefined && now?.ctimeNs !== changed) return false;
    const target = join(this.#folder, String(this.#count++));
    mkdirSync(this.#folder, { recursive: true });
    try {
      // Looking and then removing would leave a moment in which a new one could be removed.
      renameSync(path, target);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
    if (version === undefined || versionOf(target) === version) return true;
    renameSync(target, path);
    return false;
  }

  empty(): void {
    removeTree(this.#folder);
  }
}

/** What was found both times, and not written in between. */
function both<Name>(
  first: readonly StoredFile<Name>[],
  second: readonly StoredFile<Name>[],
): readonly StoredFile<Name>[] {
  const versions = new Map(first.map(({ name, version }) => [name, version]));
  return second.filter(({ name, version }) => versions.get(name) === version);
}

/** Whether a cell's folder holds exactly what its state says; a folder without a state is nobody's that we know. */
async function isAsMade(layout: Layout, folder: string): Promise<boolean> {
  const path = join(layout.cells, folder);
  if (!lstatSync(path, { throwIfNoEntry: false })) return true;
  const cell = cellOfFolder(folder);
  const state = cell === null ? 'missing' : readState(layout, cell);
  if (typeof state === 'string') return false;
  const outs = Object.values(state.outs);
  const digests = new Digests(layout.index);
  for (const out of outs) {
    const look = await lookInPlace(layout, digests, join(path, out.path)).catch(() => null);
    if (look !== null && look.sha256 !== out.sha256) return false;
  }
  return onlyOuts(path, '', new Set(outs.map((out) => out.path)));
}

/** Of all that is in a folder, by name: any write and any new entry changes it. */
function statsIn(root: string): string {
  const stats: string[] = [];
  const walk = (inner: string): void => {
    for (const name of namesInside(join(root, inner)).toSorted()) {
      const path = join(inner, name);
      const stat = lstatSync(join(root, path), { bigint: true, throwIfNoEntry: false });
      if (!stat) continue;
      stats.push(`${path}\0${signature(stat)}`);
      if (stat.isDirectory()) walk(path);
    }
  };
  walk('');
  return stats.join('\n');
}

/** Nothing stands beside the outs and the folders that lead to them. */
function onlyOuts(root: string, inner: string, outs: ReadonlySet<string>): boolean {
  return namesInside(join(root, inner)).every((name) => {
    const path = inner === '' ? name : `${inner}/${name}`;
    if (outs.has(path)) return true;
    return [...outs].some((out) => out.startsWith(`${path}/`)) && onlyOuts(root, path, outs);
  });
}

function cellName(folder: string): string {
  return cellOfFolder(folder) ?? folder;
}
