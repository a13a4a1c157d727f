/**
 * What `pipe cache gc` may remove: everything that nothing reaches. A result stays when a declared profile, a recorded or
 * pinned run, what is in place, or a run at work reaches it; an object stays when a manifest that stays names it, here or in
 * any project that shares the store.
 * Long because it has a function per kind of thing that keeps an entry.
 */
import { lstatSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Sha256 } from '../../lib/sha256.ts';
import { isSha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import { cellOfFolder } from '../plan/cell-id.ts';
import type { CellId } from '../plan/graph.ts';
import { type StoredFile, storedManifests, storedObjects } from './contents.ts';
import { folderOf, type Layout, layoutOf } from './layout.ts';
import { liveRuns, workingLocks } from './live-run.ts';
import { realViews, viewBehind } from './look-in-place.ts';
import { BadObject, objectsOf } from './objects.ts';
import { openJobs } from './open-jobs.ts';
import { folderKind, namesInside } from './real-folder.ts';
import { keysOfRun, type RecordedRun, recordedRuns } from './recorded-runs.ts';
import { readManifest, readState } from './records.ts';
import { type Sharer, sameFolder, sharersOf } from './sharers.ts';

/** What the declared profiles of this project, and of those that share its manifests, reach. */
export interface Reach {
  readonly cells: ReadonlySet<CellId>;
  readonly keys: ReadonlySet<Key>;
  /** Cells whose key cannot be known now, such as those whose dep is missing: all that they ever made is kept. */
  readonly unknown: ReadonlySet<CellId>;
}

export interface GcOptions {
  /** Absolute. */
  readonly project: string;
  readonly reach: Reach;
  /** Checkpoint folders of the current pipeline; null: they cannot all be known now, so every one stays. */
  readonly checkpoints: ReadonlySet<Key> | null;
  /** Runs that began in the last so many days keep what they used, and their records. */
  readonly keepDays: number;
  /** So do so many of the newest runs, whatever their age. */
  readonly keepRuns: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Garbage {
  readonly manifests: readonly StoredFile<Key>[];
  readonly objects: readonly StoredFile<Sha256>[];
  /** Folder names in `cells` and `state` of cells that no declared profile has, whose results nothing needs. */
  readonly cells: readonly string[];
  readonly runs: readonly RecordedRun[];
  /** Absolute: what dead runs left, old entries of the quarantine, views that nobody reads. */
  readonly leftovers: readonly string[];
  readonly checkpoints: readonly string[];
}

export interface Marked {
  readonly garbage: Garbage;
  readonly kept: { readonly manifests: number; readonly objects: number; readonly bytes: number };
  /** Folders of the cache that are links: what they lead to is not swept. */
  readonly links: readonly string[];
  readonly needed: ReadonlySet<Key>;
}

/** What a clock may be off between two machines that share a cache. */
const clockMarginMs = 3_600_000;

/** Looks and removes nothing. */
export function mark(options: GcOptions): Marked {
  const layout = layoutOf(options.project);
  // The order matters: what is written after these two lists is not in them, and so cannot be swept.
  const objects = folderKind(layout.objects) === 'folder' ? [...storedObjects(layout)] : [];
  const manifests = folderKind(layout.manifests) === 'folder' ? [...storedManifests(layout)] : [];
  const { sharers } = sharersOf(options.project);
  const layouts = sharers.map((sharer) => sharer.layout);
  const runs = recordedRuns(layout);
  const stays = keptRuns(runs, liveRuns(layout), options);
  const working = atWork(layouts);
  const beside = besideThese(options.project, sharers);
  const places = beside.flatMap(({ project, layout: one, pipelines }) => [
    one,
    ...pipelines.map((pipeline) => layoutOf(project, pipeline)),
  ]);
  const others = beside
    .slice(1)
    .flatMap(({ layout: one }) => [...keptRuns(recordedRuns(one), liveRuns(one), options)]);
  const live = beside.some(({ layout: one }) => liveRuns(one).size > 0);
  const needed = neededKeys(
    places,
    options.reach,
    new Set([...stays, ...others]),
    live ? working.since : null,
  );
  if (options.reach.unknown.size > 0)
    for (const { name } of manifests)
      if (!needed.has(name) && isOf(layout, name, options.reach.unknown)) needed.add(name);
  const kept = manifests.filter(({ name }) => needed.has(name));
  const used = usedByAll(layout, layouts, kept);
  const garbage = objects.filter((object) => isGarbage(object, used, working));
  const gone = new Set(garbage);
  const rest = objects.filter((object) => !gone.has(object));
  const newest = runs.at(-1);
  return {
    garbage: {
      manifests: manifests.filter(({ name }) => !needed.has(name)),
      objects: garbage,
      cells: abandonedCells(layout, options.reach, needed),
      runs: runs.filter((run) => !stays.has(run) && run !== newest),
      leftovers: [
        ...leftovers(layout, options),
        ...unreadViews(layout, working.any ? used : linkedViews(layout)),
      ],
      checkpoints: abandonedCheckpoints(layout, options.checkpoints),
    },
    kept: {
      manifests: kept.length,
      objects: rest.length,
      bytes: rest.reduce((sum, { size }) => sum + size, 0),
    },
    links: Object.values(layout).filter((path) => path !== layout.root && folderKind(path) === 'link'),
    needed,
  };
}

/**
 * Of `objects`, listed before, those that no manifest names which is there now. To be asked while no run can enter and
 * after the manifests were swept.
 */
export function unnamedObjects(
  project: string,
  objects: readonly StoredFile<Sha256>[],
): readonly StoredFile<Sha256>[] {
  const layout = layoutOf(project);
  const layouts = sharersOf(project).sharers.map((sharer) => sharer.layout);
  const working = atWork(layouts);
  const used = usedByAll(layout, layouts, storedManifests(layout));
  return objects.filter((object) => isGarbage(object, used, working));
}

/** An object of a manifest that is not yet written is younger than the lock it is written under. */
function isGarbage(
  { name, file }: StoredFile<Sha256>,
  used: ReadonlySet<Sha256>,
  working: { readonly any: boolean; readonly since: number },
): boolean {
  return !used.has(name) && !(working.any && changedSince(file, working.since));
}

/** Named by `manifests`, or by any manifest of another project that shares the store. */
function usedByAll(
  layout: Layout,
  layouts: readonly Layout[],
  manifests: Iterable<StoredFile<Key>>,
): ReadonlySet<Sha256> {
  const used = usedObjects(layout, manifests);
  for (const other of layouts)
    if (!sameFolder(other.manifests, layout.manifests))
      for (const object of usedObjects(other, storedManifests(other))) used.add(object);
  return used;
}

/**
 * The projects whose results lie among the manifests that are looked at, this one first. One that has the whole cache in
 * common with another is that other once more, but for its own pipeline files.
 */
function besideThese(project: string, sharers: readonly Sharer[]): readonly Sharer[] {
  const { manifests } = layoutOf(project);
  const [own, ...others] = sharers;
  if (own === undefined) return [];
  return [own, ...others.filter((other) => sameFolder(other.layout.manifests, manifests))];
}

function keptRuns(
  runs: readonly RecordedRun[],
  live: ReadonlySet<string>,
  { keepDays, keepRuns, now }: GcOptions,
): ReadonlySet<RecordedRun> {
  const newest = new Set(keepRuns > 0 ? runs.slice(-keepRuns) : []);
  const since = now - keepDays * 86_400_000;
  return new Set(
    runs.filter((run) => run.pinned || live.has(run.name) || newest.has(run) || run.began > since),
  );
}

/** `places`: of each pipeline file, where its outs stand; the store of all of them is one. `liveSince`: when the oldest run at work entered; null: none is. */
function neededKeys(
  places: readonly Layout[],
  reach: Reach,
  runs: ReadonlySet<RecordedRun>,
  liveSince: number | null,
): Set<Key> {
  const needed = new Set<Key>(reach.keys);
  for (const run of runs) for (const key of keysOfRun(run)) needed.add(key);
  const current = new Set([...reach.cells].map(folderOf));
  for (const layout of places)
    for (const folder of stateFolders(layout)) {
      // A run at work may stand on whatever is in place, of whatever pipeline.
      if (liveSince === null && !current.has(folder)) continue;
      const cell = cellOfFolder(folder) ?? [...reach.cells].find((id) => folderOf(id) === folder) ?? null;
      const state = cell === null ? 'missing' : readState(layout, cell);
      if (typeof state !== 'string') needed.add(state.key);
    }
  if (liveSince !== null)
    for (const layout of places.slice(0, 1))
      for (const { name, file } of storedManifests(layout))
        if (changedSince(file, liveSince)) needed.add(name);
  return needed;
}

function isOf(layout: Layout, key: Key, cells: ReadonlySet<CellId>): boolean {
  const entry = readManifest(layout, key);
  return typeof entry !== 'string' && cells.has(entry.cell);
}

function stateFolders(layout: Layout): readonly string[] {
  return namesInside(layout.state)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
}

function usedObjects(layout: Layout, manifests: Iterable<StoredFile<Key>>): Set<Sha256> {
  const used = new Set<Sha256>();
  for (const { name } of manifests) {
    const entry = readManifest(layout, name);
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

/** Whether anything is at work in one of the caches, and since when the oldest of it is, by the file system's clock. */
function atWork(layouts: readonly Layout[]): { readonly any: boolean; readonly since: number } {
  const began = layouts
    .flatMap(workingLocks)
    .map(({ folder }) => lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return { any: began.length > 0, since: Math.min(...began) - clockMarginMs };
}

/** Its content or its links: an object that was stored again, or is being read, counts as written. */
function changedSince(file: string, since: number): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Math.max(stat.mtimeMs, stat.ctimeMs) >= since;
}

function abandonedCells(layout: Layout, { cells }: Reach, needed: ReadonlySet<Key>): readonly string[] {
  const current = new Set([...cells].map(folderOf));
  const folders = new Set([...namesInside(layout.cells), ...stateFolders(layout)]);
  return [...folders].sort().filter((folder) => {
    if (current.has(folder)) return false;
    const cell = cellOfFolder(folder);
    const state = cell === null ? 'missing' : readState(layout, cell);
    return typeof state === 'string' || !needed.has(state.key);
  });
}

function abandonedCheckpoints(layout: Layout, current: ReadonlySet<Key> | null): readonly string[] {
  if (current === null) return [];
  return namesInside(layout.checkpoints)
    .filter((name) => isSha256(name) && !current.has(name as string as Key))
    .map((name) => join(layout.checkpoints, name));
}

/** Entries of the quarantine that gc may remove, by their first word. What is anybody's own stays: nobody else has it. */
const oursInQuarantine = /^(object|manifest|dirty)-/;

function leftovers(layout: Layout, { keepDays, now }: GcOptions): readonly string[] {
  const since = now - keepDays * 86_400_000;
  const bad = namesInside(layout.quarantine)
    .filter((name) => oursInQuarantine.test(name))
    .map((name) => join(layout.quarantine, name))
    .filter((path) => (lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? since) <= since);
  const inQueues = new Set(openJobs(layout).map(({ staging }) => dirname(staging)));
  const staged = namesInside(layout.staging)
    .map((name) => join(layout.staging, name))
    .filter((path) => !inQueues.has(path));
  const trash = namesInside(layout.root)
    .filter((name) => name.startsWith('.trash-'))
    .map((name) => join(layout.root, name));
  return [...staged, ...bad, ...trash];
}

/** Views to which outs in place are links, by the digest of what they show. */
function linkedViews(layout: Layout): ReadonlySet<string> {
  const linked = new Set<string>();
  const views = realViews(layout);
  for (const one of [layout, ...otherLayouts(layout)]) {
    for (const folder of stateFolders(one)) {
      const cell = cellOfFolder(folder);
      const state = cell === null ? 'missing' : readState(one, cell);
      if (typeof state === 'string') continue;
      const project = dirname(layout.root);
      const paths = [
        ...Object.values(state.outs).map(({ path }) => join(one.cells, folder, path)),
        ...Object.values(state.places).map((place) => join(project, place)),
      ];
      for (const path of paths) {
        const view = viewBehind(layout, path);
        if (view !== null) linked.add(relative(views, view).split(sep)[0] ?? '');
      }
    }
  }
  return linked;
}

/** Of the project's other pipeline files. */
function otherLayouts(layout: Layout): readonly Layout[] {
  const root = join(layout.root, 'pipelines');
  const found: Layout[] = [];
  const look = (inner: string): void => {
    for (const name of namesInside(join(root, inner))) {
      const path = join(inner, name);
      if (/\.ya?ml$/.test(name)) found.push(layoutOf(dirname(layout.root), path));
      else look(path);
    }
  };
  look('');
  return found;
}

/** Read-only views of objects, by the digest of what they show. */
function unreadViews(layout: Layout, read: ReadonlySet<string>): readonly string[] {
  return namesInside(layout.views)
    .filter((name) => !read.has(name))
    .map((name) => join(layout.views, name));
}
