/**
 * What `pipe cache gc` may remove: everything that nothing reaches. A result stays when a declared profile, a recorded or
 * pinned run, what is in place, or a run at work reaches it; an object stays when a manifest that stays names it, here or in
 * any project that shares the store.
 */
import { lstatSync } from 'node:fs';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import { type StoredFile, storedManifests, storedObjects } from './contents.ts';
import { abandonedCells, abandonedCheckpoints, leftovers, linkedViews, unreadViews } from './gc-leftovers.ts';
import { changedSince, type GcOptions, neededKeys } from './gc-reach.ts';
import { type Layout, layoutOf } from './layout.ts';
import { liveRuns, workingLocks } from './live-run.ts';
import { BadObject, objectsOf } from './objects.ts';
import { folderKind } from './real-folder.ts';
import { type RecordedRun, recordedRuns } from './recorded-runs.ts';
import { readManifest } from './records.ts';
import { type Sharer, sameFolder, sharersOf } from './sharers.ts';

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

function isOf(layout: Layout, key: Key, cells: ReadonlySet<CellId>): boolean {
  const entry = readManifest(layout, key);
  return typeof entry !== 'string' && cells.has(entry.cell);
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
