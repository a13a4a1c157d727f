/**
 * From staged outs to published ones. A crash at any point loses nothing: until the manifest is written the old outs
 * are in place, and from then on the new ones can be put back from the cache.
 */
import { existsSync, lstatSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Digests, PathError } from '../digest/digests.ts';
import type { Fingerprint, Key } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { reached } from '../store/fault.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import type { Lock } from '../store/lock.ts';
import type { MadeWith } from '../store/made-with.ts';
import { storeOut } from '../store/objects.ts';
import type { OutRecord, OutRecords } from '../store/out-record.ts';
import { readState, writeManifest, writeState } from '../store/records.ts';
import type { InputPath } from './inputs.ts';
import { placeCopy, swap } from './swap.ts';
import type { Published } from './work.ts';

export interface Publication {
  readonly cell: Cell;
  readonly key: Key;
  readonly fingerprint: Fingerprint;
  readonly layout: Layout;
  readonly project: string;
  readonly digests: Digests;
  readonly lock: Lock;
  readonly run: string;
  readonly madeWith: MadeWith | null;
  readonly ms: number;
  /** Everything that was looked at for the key, to be looked at again. */
  readonly inputs: readonly InputPath[];
}

/** Of this run alone: what outlived a killed run may still be writing into that run's folder. */
export function stagingFolder(layout: Layout, cell: Cell, run: string): string {
  return join(layout.staging, folderOf(cell.id), run);
}

/** Removes what this and earlier runs staged for the cell. Its lock must be held. */
export function clearStaging(layout: Layout, cell: Cell): void {
  rmSync(join(layout.staging, folderOf(cell.id)), { recursive: true, force: true });
}

/** Absolute path of every out in an emptied staging folder; parent folders exist. */
export function emptyStaging(layout: Layout, cell: Cell, run: string): Record<string, string> {
  const staging = stagingFolder(layout, cell, run);
  clearStaging(layout, cell);
  const outs: Record<string, string> = {};
  for (const out of cell.outs) {
    const path = join(staging, 'outs', out.path);
    mkdirSync(dirname(path), { recursive: true });
    outs[out.name] = path;
  }
  mkdirSync(join(staging, 'objects'), { recursive: true });
  return outs;
}

export async function publishOuts(publication: Publication): Promise<Published> {
  const { cell, layout, lock } = publication;
  const staging = stagingFolder(layout, cell, publication.run);
  reached('ran');
  const staged = (path: string) => join(staging, 'outs', path);
  const missing = cell.outs.filter((out) => !lstatSync(staged(out.path), { throwIfNoEntry: false }));
  if (missing.length > 0) return { kind: 'out-missing', names: missing.map(({ name }) => name) };

  const dirty = await changedInputs(publication);
  if (dirty.length > 0) return setAside(publication, dirty);
  reached('guard');

  try {
    // Only what is declared: what a stage left beside its outs is not part of the result.
    for (const out of cell.outs) {
      const kept = join(staging, 'kept', out.path);
      mkdirSync(dirname(kept), { recursive: true });
      renameSync(staged(out.path), kept);
    }
    mkdirSync(join(staging, 'kept'), { recursive: true });
    reached('collect');

    const outs: Record<string, OutRecord> = {};
    for (const out of cell.outs) {
      const path = join(staging, 'kept', out.path);
      const look = await publication.digests.lookAgain(path, 'self');
      if (!look) throw new PathError(path, 'went away before it was published');
      const listing = look.type === 'folder' ? await publication.digests.listing(path, 'self') : [];
      const stored = await storeOut(layout, path, look, listing, join(staging, 'objects'));
      if (stored.object !== look.content) throw new PathError(path, 'changed while it was being published');
      outs[out.name] = { ...stored, path: out.path, sha256: look.sha256 };
    }
    reached('objects');

    if (!lock.held()) {
      const message = `another run took ${cell.id} over while this one gave no sign of life; nothing was published`;
      return { kind: 'lock-lost', message };
    }
    const { key, fingerprint, ms, run, madeWith } = publication;
    const finished = new Date().toISOString();
    const manifest = { key, cell: cell.id, stage: cell.stage, outs, ms, run, finished, madeWith };
    writeManifest(layout, manifest, fingerprint);
    reached('manifest');

    const warnings = putInPlace(publication, join(staging, 'kept'), outs);
    const outBytes = Object.values(outs).reduce((sum, { size }) => sum + size, 0);
    return { kind: 'published', outs, outBytes, warnings };
  } catch (error) {
    if (error instanceof PathError)
      return { kind: 'out-refused', message: error.message.replace(`${staging}/kept/`, '') };
    throw error;
  }
}

/** Swaps a folder of whole outs into place, places copies, and notes what is there. Gives warnings. */
export function putInPlace(
  publication: Pick<
    Publication,
    'cell' | 'key' | 'fingerprint' | 'layout' | 'project' | 'digests' | 'ms' | 'run'
  >,
  fresh: string,
  outs: OutRecords,
): readonly string[] {
  const { cell, layout, project, digests } = publication;
  const target = join(layout.cells, folderOf(cell.id));
  const old = join(stagingFolder(layout, cell, publication.run), 'old');
  rmSync(old, { recursive: true, force: true });
  swap(fresh, target, old, ['swap-out', 'swap-in']);
  for (const out of cell.outs) digests.forget(join(target, out.path));
  return notePlaces(publication, outs, project);
}

/** Copies to where outs are placed besides, then the state: it must never say more than what is there. */
export function notePlaces(
  publication: Pick<Publication, 'cell' | 'key' | 'fingerprint' | 'layout' | 'digests' | 'ms' | 'run'>,
  outs: OutRecords,
  project: string,
): readonly string[] {
  const { cell, key, fingerprint, layout, digests, ms } = publication;
  const target = join(layout.cells, folderOf(cell.id));
  const before = readState(layout, cell.id);
  const warnings: string[] = [];
  const places: Record<string, string> = {};
  for (const out of cell.outs) {
    if (out.place === null) continue;
    const place = join(project, out.place);
    const leaves = leavesProject(place, project);
    if (leaves !== null) {
      warnings.push(`out ${out.name} was not placed at ${out.place}: ${leaves}`);
      continue;
    }
    const ours = typeof before !== 'string' && before.places[out.name] === out.place;
    const aside = ours
      ? null
      : join(layout.quarantine, `before-${folderOf(cell.id)}-${Date.now()}`, out.place);
    if (aside !== null && existsSync(place))
      warnings.push(
        `what lay at ${out.place} was not made by ${cell.id}; it is kept in ${relative(project, aside)}`,
      );
    placeCopy(join(target, out.path), place, stagingFolder(layout, cell, publication.run), aside);
    digests.forget(place);
    places[out.name] = out.place;
  }
  writeState(layout, { key, cell: cell.id, outs, ms, places }, fingerprint);
  reached('state');
  return warnings;
}

async function changedInputs({ inputs, digests }: Publication): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { path, reach, look } of inputs) {
    const now = await digests.lookAgain(path, reach).catch(() => null);
    // The stat too: an edit that was taken back before the end may have been read all the same.
    if (now?.sha256 !== look.sha256 || now.stat !== look.stat) changed.push(path);
  }
  return changed;
}

function setAside({ cell, layout, project, run, digests }: Publication, dirty: readonly string[]): Published {
  const aside = join(layout.quarantine, `dirty-${folderOf(cell.id)}-${run}`);
  mkdirSync(layout.quarantine, { recursive: true });
  rmSync(aside, { recursive: true, force: true });
  renameSync(join(stagingFolder(layout, cell, run), 'outs'), aside);
  // They are looked at anew by whoever reads them next in this run.
  for (const path of dirty) digests.forget(path);
  return {
    kind: 'dirty-inputs',
    paths: dirty.map((path) => relative(project, path)),
    aside: relative(project, aside),
  };
}

/** A folder on the way may be a link that somebody put there. */
function leavesProject(path: string, project: string): string | null {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!existsSync(folder)) continue;
    const inside = relative(realpathSync(project), realpathSync(folder));
    return inside === '..' || inside.startsWith('../') ? `${folder} leads out of the project` : null;
  }
}
