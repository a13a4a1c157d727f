/**
 * `pipe cache gc`: mark what the current pipeline, the last runs and pinned runs need, sweep the rest. Safe beside a
 * running `pipe run`: what was written since the listing, or could belong to a cell that is being published, stays.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { isSha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import { cellOfFolder } from '../plan/cell-id.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { objectsOf, type StoredFile, storedManifests, storedObjects, versionOf } from './contents.ts';
import { folderOf, type Layout, layoutOf } from './layout.ts';
import { describeOwner, lockHolders, tryLock } from './lock.ts';
import { BadObject } from './objects.ts';
import { readManifest, readState } from './records.ts';

export interface GcOptions {
  /** Absolute. */
  readonly project: string;
  readonly graph: Graph;
  /** Of the current pipeline: what is restorable is needed too. */
  readonly status: ReadonlyMap<CellId, { readonly state: string; readonly key?: Key | null }>;
  /** Checkpoint folders of the current pipeline; null: they cannot all be known now, so every one stays. */
  readonly checkpoints: ReadonlySet<Key> | null;
  /** How many of the newest runs keep what they used. */
  readonly keepRuns: number;
  readonly dryRun: boolean;
}

export interface GcResult {
  readonly removed: Swept;
  readonly kept: { readonly manifests: number; readonly objects: number; readonly bytes: number };
}
export interface Swept {
  readonly manifests: number;
  readonly objects: number;
  readonly bytes: number;
  /** Cells of earlier pipelines whose outs are taken out of place. */
  readonly cells: readonly string[];
  readonly checkpoints: number;
}

/** No cell's lock has this name. */
const gcLock = '~gc';
/** What a clock may be off between two machines that share a cache. */
const clockMarginMs = 3_600_000;

export function collectGarbage(options: GcOptions): GcResult {
  const layout = layoutOf(options.project);
  const lock = tryLock(layout.locks, gcLock, 'gc');
  if (!lock) {
    const holder = lockHolders(layout.locks).find(({ name }) => name === gcLock);
    const who = holder ? describeOwner(holder.owner) : 'another process';
    throw new UserError(`the cache is being cleaned by ${who}`, { code: exitCode.lockHeld });
  }
  try {
    return sweep(layout, options);
  } finally {
    lock.release();
  }
}

function sweep(layout: Layout, options: GcOptions): GcResult {
  const { dryRun } = options;
  // The order matters: whatever is written after these two lists is not in them, and so cannot be swept.
  const objects = [...storedObjects(layout)];
  const manifests = [...storedManifests(layout)];
  const working = workingCells(layout);
  const needed = neededKeys(layout, options);

  const keptManifests = manifests.filter(({ name }) => needed.has(name));
  const used = usedObjects(layout, needed);
  // An object of a manifest that is not yet written is younger than the lock it was written under.
  const spared = (object: StoredFile<Sha256>) =>
    (lstatSync(object.file, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= working.since;
  const garbage = objects.filter((object) => !used.has(object.name) && !(working.any && spared(object)));
  const swept = manifests.filter(({ name }) => !needed.has(name));

  let removedManifests = 0;
  let removedObjects = 0;
  let bytes = 0;
  for (const manifest of swept) if (dryRun || remove(layout, manifest)) removedManifests++;
  for (const object of garbage) {
    if (!dryRun && !remove(layout, object)) continue;
    removedObjects++;
    bytes += object.size;
  }
  const cells = abandonedCells(layout, options.graph, needed, working.names);
  const checkpoints = abandonedCheckpoints(layout, options.checkpoints);
  if (!dryRun) {
    for (const folder of cells) {
      rmSync(join(layout.cells, folder), { recursive: true, force: true });
      rmSync(join(layout.state, `${folder}.json`), { force: true });
    }
    for (const path of checkpoints) rmSync(path, { recursive: true, force: true });
    sweepLeftovers(layout, working.names);
  }
  const gone = new Set(garbage);
  const stays = objects.filter((object) => !gone.has(object));
  return {
    removed: {
      manifests: removedManifests,
      objects: removedObjects,
      bytes,
      cells: cells.map((folder) => cellOfFolder(folder) ?? folder),
      checkpoints: checkpoints.length,
    },
    kept: {
      manifests: keptManifests.length,
      objects: stays.length,
      bytes: stays.reduce((sum, { size }) => sum + size, 0),
    },
  };
}

function neededKeys(layout: Layout, { graph, status, keepRuns }: GcOptions): ReadonlySet<Key> {
  const needed = new Set<Key>();
  for (const cell of graph.cells.keys()) {
    const state = readState(layout, cell);
    if (typeof state !== 'string') needed.add(state.key);
    const now = status.get(cell);
    if (now?.key) needed.add(now.key);
  }
  const runs = existsSync(layout.runs) ? readdirSync(layout.runs).sort() : [];
  const last = new Set(keepRuns > 0 ? runs.slice(-keepRuns) : []);
  for (const run of runs)
    if (last.has(run) || existsSync(join(layout.runs, run, 'pinned')))
      for (const key of keysOfRun(join(layout.runs, run, 'events.jsonl'))) needed.add(key);
  return needed;
}

function* keysOfRun(file: string): Generator<Key> {
  if (!existsSync(file)) return;
  for (const [, key] of readFileSync(file, 'utf8').matchAll(/"key":"([0-9a-f]{64})"/g))
    if (isSha256(key)) yield key as string as Key;
}

function usedObjects(layout: Layout, needed: ReadonlySet<Key>): ReadonlySet<Sha256> {
  const used = new Set<Sha256>();
  for (const key of needed) {
    const entry = readManifest(layout, key);
    if (typeof entry === 'string') continue;
    for (const out of Object.values(entry.outs)) {
      try {
        for (const { sha256 } of objectsOf(layout, out)) used.add(sha256);
      } catch (error) {
        // A bad listing names nothing; `verify` and the next restore deal with it.
        if (!(error instanceof BadObject)) throw error;
      }
    }
  }
  return used;
}

/** Cells that a live run holds, and since when the oldest of them is held, by the file system's clock. */
function workingCells(layout: Layout): { any: boolean; since: number; names: ReadonlySet<string> } {
  const names = new Set<string>();
  let since = Number.POSITIVE_INFINITY;
  for (const { name, dead } of lockHolders(layout.locks)) {
    if (dead || name === gcLock) continue;
    names.add(name);
    const stat = lstatSync(join(layout.locks, name), { throwIfNoEntry: false });
    since = Math.min(since, (stat?.mtimeMs ?? 0) - clockMarginMs);
  }
  return { any: names.size > 0, since, names };
}

/** False: it was written again since it was listed, and stays. */
function remove(layout: Layout, stored: StoredFile<unknown>): boolean {
  const trash = join(layout.staging, `~gc-${process.pid}`);
  mkdirSync(layout.staging, { recursive: true });
  try {
    // Looking and then removing would leave a moment in which a new one could be removed.
    renameSync(stored.file, trash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  if (versionOf(trash) !== stored.version) {
    renameSync(trash, stored.file);
    return false;
  }
  rmSync(trash, { force: true });
  return true;
}

/** Folders in `cells` of no cell of this pipeline, whose result nothing else needs. */
function abandonedCells(
  layout: Layout,
  graph: Graph,
  needed: ReadonlySet<Key>,
  working: ReadonlySet<string>,
): readonly string[] {
  const current = new Set([...graph.cells.keys()].map(folderOf));
  const folders = new Set<string>();
  for (const folder of existsSync(layout.cells) ? readdirSync(layout.cells) : []) folders.add(folder);
  for (const file of existsSync(layout.state) ? readdirSync(layout.state) : [])
    if (file.endsWith('.json')) folders.add(file.slice(0, -'.json'.length));
  return [...folders].sort().filter((folder) => {
    if (current.has(folder) || working.has(folder)) return false;
    const cell = cellOfFolder(folder);
    const state = cell === null ? 'missing' : readState(layout, cell);
    return typeof state === 'string' || !needed.has(state.key);
  });
}

function abandonedCheckpoints(layout: Layout, current: ReadonlySet<Key> | null): readonly string[] {
  if (current === null || !existsSync(layout.checkpoints)) return [];
  return readdirSync(layout.checkpoints)
    .filter((name) => isSha256(name) && !current.has(name as string as Key))
    .map((name) => join(layout.checkpoints, name));
}

/** What dead runs left, and bad entries. What a place held before stays in quarantine: nobody else has it. */
function sweepLeftovers(layout: Layout, working: ReadonlySet<string>): void {
  for (const name of existsSync(layout.staging) ? readdirSync(layout.staging) : [])
    if (!working.has(name)) rmSync(join(layout.staging, name), { recursive: true, force: true });
  for (const name of existsSync(layout.quarantine) ? readdirSync(layout.quarantine) : [])
    if (!name.startsWith('before-')) rmSync(join(layout.quarantine, name), { recursive: true, force: true });
}
