/** What lies in a cache beside results and that nothing needs: folders of cells that are gone, what dead runs left, views. */
import { lstatSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { isSha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import { cellOfFolder } from '../plan/cell-id.ts';
import type { GcOptions, Reach } from './gc-reach.ts';
import { folderOf, type Layout, layoutOf } from './layout.ts';
import { realViews, viewBehind } from './look-in-place.ts';
import { openJobs } from './open-jobs.ts';
import { namesInside } from './real-folder.ts';
import { readState, stateFolders } from './records.ts';

/** Folder names of cells that no declared profile has, whose results nothing needs. */
export function abandonedCells(
  layout: Layout,
  { cells }: Reach,
  needed: ReadonlySet<Key>,
): readonly string[] {
  const current = new Set([...cells].map(folderOf));
  const folders = new Set([...namesInside(layout.cells), ...stateFolders(layout)]);
  return [...folders].sort().filter((folder) => {
    if (current.has(folder)) return false;
    const cell = cellOfFolder(folder);
    const state = cell === null ? 'missing' : readState(layout, cell);
    return typeof state === 'string' || !needed.has(state.key);
  });
}

/** Absolute paths of checkpoint folders that are no current cell’s. `current`: null, they are not all known. */
export function abandonedCheckpoints(layout: Layout, current: ReadonlySet<Key> | null): readonly string[] {
  if (current === null) return [];
  return namesInside(layout.checkpoints)
    .filter((name) => isSha256(name) && !current.has(name as string as Key))
    .map((name) => join(layout.checkpoints, name));
}

/** Entries of the quarantine that gc may remove, by their first word. What is anybody's own stays: nobody else has it. */
const oursInQuarantine = /^(object|manifest|dirty)-/;

/** Absolute paths of what dead runs left, and of old entries of the quarantine. */
export function leftovers(layout: Layout, { keepDays, now }: GcOptions): readonly string[] {
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
export function linkedViews(layout: Layout): ReadonlySet<string> {
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
export function unreadViews(layout: Layout, read: ReadonlySet<string>): readonly string[] {
  return namesInside(layout.views)
    .filter((name) => !read.has(name))
    .map((name) => join(layout.views, name));
}
