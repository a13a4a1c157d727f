/** Outs where people look at them: the cell's folder, and the places in the project. Everything there can be made again from the store. */
import { existsSync, lstatSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { LinkMode } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';
import { tickMs } from '../digest/file-digests.ts';
import { isStamped } from '../digest/stat-index.ts';
import type { Fingerprint, Key } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { checkOut } from '../store/checkout.ts';
import { reached } from '../store/fault.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import { realViews } from '../store/look-in-place.ts';
import type { OutRecord, OutRecords } from '../store/out-record.ts';
import { type Placed, readState, writeState } from '../store/records.ts';
import { Views } from '../store/view.ts';
import type { PutCount } from './put-count.ts';
import { repairOut } from './repair.ts';
import { type Replacement, replace, sortLeft } from './replace.ts';
import { expectedOf, rescue } from './rescue.ts';
import type { Staging } from './staging.ts';

export interface Publication {
  readonly cell: Cell;
  readonly key: Key;
  readonly fingerprint: Fingerprint;
  readonly layout: Layout;
  readonly project: string;
  readonly digests: Digests;
  readonly staging: Staging;
  readonly ms: number;
  /** Counts what is put in place; left out: nobody asks. */
  readonly count?: PutCount | undefined;
}

/** A file that was put somewhere, to be known by its stat from now on. */
interface PutFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly mark: string;
  readonly bytes: number;
}

/** So much is read again sooner than a tick of the clock is waited for. */
const readAgainFiles = 200;
const readAgainBytes = 4 * 1024 * 1024;

/** Puts outs of the store into the cell's folder and at their places, and notes what is there. Gives warnings. */
export async function putInPlace(publication: Publication, outs: OutRecords): Promise<readonly string[]> {
  const { cell, layout, project, digests, staging } = publication;
  const state = readState(layout, cell.id);
  const before = typeof state === 'string' ? null : state;
  const target = join(layout.cells, folderOf(cell.id));
  if (before?.key === publication.key && canBeRepaired(cell, target))
    return repairInPlace(publication, outs, before, target);
  const fresh = staging.fresh;
  mkdirSync(fresh, { recursive: true });
  const put: PutFile[] = [];
  publication.count?.begin(cell, outs);
  mkdirSync(layout.cells, { recursive: true });
  const shown = join(realpathSync(layout.cells), folderOf(cell.id));
  for (const { name, link } of cell.outs) {
    const out = outs[name];
    if (!out) continue;
    const to = join(fresh, out.path);
    mkdirSync(dirname(to), { recursive: true });
    if (link === 'symlink') await linkView(publication, out, join(shown, out.path), to);
    else put.push(...(await putOut(publication, { out, link }, join(target, out.path), to)));
  }
  reached('restore-copy');
  const rescuing = { layout, digests, project };
  const place = placeOf(publication, before?.outs ?? outs);
  const warnings = await replace(rescuing, place, fresh, ['swap-out', 'swap-in']);
  digests.remember(put);
  for (const out of cell.outs) digests.forget(join(target, out.path));
  return [...warnings, ...(await putAtPlaces(publication, outs, before))];
}

/** The cell's folder, with what of ours may lie there. */
function placeOf({ cell, layout }: Publication, outs: OutRecords): Replacement {
  const folder = folderOf(cell.id);
  const target = join(layout.cells, folder);
  return { target, expected: expectedOf(layout, Object.values(outs)), what: folder };
}

/** Where every out is files of its own: links into the cache are made as one. */
function canBeRepaired(cell: Cell, target: string): boolean {
  return (
    cell.outs.every(({ link }) => link !== 'symlink') &&
    lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true
  );
}

/** The same outs are there, but for what was edited or removed since: no more than that is put. */
async function repairInPlace(
  publication: Publication,
  outs: OutRecords,
  before: Placed,
  target: string,
): Promise<readonly string[]> {
  const { cell, layout, digests, project, staging, count } = publication;
  const { expected, what } = placeOf(publication, before.outs);
  const warning = await rescue({ layout, digests, project }, target, expected, what);
  const warnings = warning === null ? [] : [warning];
  for (const { name, link } of cell.outs) {
    const out = outs[name];
    if (!out || link === 'symlink') continue;
    const path = join(target, out.path);
    mkdirSync(dirname(path), { recursive: true });
    const repair = { layout, digests, project, what, link, scratch: staging.fresh, count };
    warnings.push(...(await repairOut(repair, out, path)));
    digests.forget(path);
  }
  return [...warnings, ...(await putAtPlaces(publication, outs, before))];
}

/** Puts outs where they are placed besides, then notes what is there: it must never say more. */
export async function putAtPlaces(
  publication: Publication,
  outs: OutRecords,
  before: Placed | null,
): Promise<readonly string[]> {
  const { cell, key, fingerprint, layout, project, digests, ms } = publication;
  const rescuing = { layout, digests, project };
  const warnings = [...(await sortLeft(rescuing, placeOf(publication, before?.outs ?? outs)))];
  const places: Record<string, string> = {};
  for (const { name, place, link } of cell.outs) {
    const out = outs[name];
    if (place === null || out === undefined) continue;
    const target = join(project, place);
    const leaves = leavesProject(target, project);
    if (leaves !== null) {
      warnings.push(`out ${name} was not placed at ${place}: ${leaves}`);
      continue;
    }
    const old = before?.places[name] === place ? before.outs[name] : undefined;
    warnings.push(...(await putAtPlace(publication, { out, link, old }, target)));
    digests.forget(target);
    places[name] = place;
  }
  writeState(layout, { key, cell: cell.id, outs, ms, places }, fingerprint);
  reached('state');
  return warnings;
}

interface Putting {
  readonly out: OutRecord;
  readonly link: LinkMode;
}

/** `old`: what this cell put there; undefined: nothing, whatever lies there is not ours. */
async function putAtPlace(
  publication: Publication,
  { out, link, old }: Putting & { readonly old: OutRecord | undefined },
  target: string,
): Promise<readonly string[]> {
  const { cell, layout, project, digests, staging } = publication;
  mkdirSync(dirname(target), { recursive: true });
  // A rename needs one file system: the cache may be a link to another disk.
  mkdirSync(staging.folder, { recursive: true });
  const near = lstatSync(staging.folder).dev === lstatSync(dirname(target)).dev;
  const scratch = near ? staging.folder : dirname(target);
  const fresh = join(scratch, `.${basename(target)}.pipe-new`);
  removeTree(fresh);
  const rescuing = { layout, digests, project };
  const what = `${folderOf(cell.id)}-${basename(target)}`;
  const place = { target, what, expected: expectedOf(layout, [old ?? out], () => '') };
  const warnings = [...(await sortLeft(rescuing, place))];
  if (old?.object === out.object && link !== 'symlink' && lstatSync(target, { throwIfNoEntry: false })) {
    const warning = await rescue(rescuing, target, place.expected, what);
    if (warning !== null) warnings.push(warning);
    const repair = { ...rescuing, what, link, scratch: fresh, count: publication.count };
    warnings.push(...(await repairOut(repair, out, target)));
    removeTree(fresh);
    return warnings;
  }
  const put = link === 'symlink' ? [] : await putOut(publication, { out, link }, target, fresh);
  if (link === 'symlink')
    await linkView(publication, out, join(realpathSync(dirname(target)), basename(target)), fresh);
  warnings.push(...(await replace(rescuing, place, fresh, ['place-out', 'place-in'])));
  digests.remember(put);
  return warnings;
}

/** Makes the out at `fresh`, which is to become `target`: what is the same there already is linked, the rest comes from the store. */
async function putOut(
  { layout, digests, count }: Publication,
  { out, link }: { readonly out: OutRecord; readonly link: Exclude<LinkMode, 'symlink'> },
  target: string,
  fresh: string,
): Promise<readonly PutFile[]> {
  const there = new Map<string, { sha256: Sha256; executable: boolean }>();
  if (out.type === 'folder' && lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) {
    const listing = await digests.listing(target, 'self').catch(() => []);
    for (const entry of listing) if (entry.type === 'file') there.set(entry.path, entry);
  }
  const put: PutFile[] = [];
  await checkOut(
    {
      layout,
      digests,
      mode: link,
      reuse: (path, sha256, executable) => {
        const same = there.get(path);
        if (same?.sha256 !== sha256 || same.executable !== executable) return null;
        const placed = join(target, path);
        return link === 'auto' || isLinkToObject(placed) === (link === 'hardlink') ? placed : null;
      },
      onFile: (path, sha256) => {
        const [made, shown] = [join(fresh, path), join(target, path)];
        const bytes = lstatSync(made).size;
        put.push({ path: shown, sha256, mark: digests.markOf(made), bytes });
        count?.put(bytes);
      },
    },
    out,
    fresh,
  );
  const bytes = put.reduce((sum, one) => sum + one.bytes, 0);
  if (put.length <= readAgainFiles && bytes <= readAgainBytes) return [];
  // Whoever writes one of them once they are in place gives it another time.
  await setTimeout(tickMs);
  return put;
}

/** Makes `fresh`, which is to become `target` (without links on the way to it), a link to the out's view. */
async function linkView(
  { layout, digests, count }: Publication,
  out: OutRecord,
  target: string,
  fresh: string,
): Promise<void> {
  const { path } = await new Views(layout, digests).open(out);
  // Relative: a project that is moved keeps its outs.
  symlinkSync(relative(dirname(target), join(realViews(layout), relative(layout.views, path))), fresh);
  count?.put(out.size, out.files);
}

/** Whether a file is a hard link to an object of the store. */
function isLinkToObject(path: string): boolean {
  return isStamped(lstatSync(path, { bigint: true }));
}

/** A folder on the way may be a link that somebody put there. */
function leavesProject(path: string, project: string): string | null {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!existsSync(folder)) continue;
    const inside = relative(realpathSync(project), realpathSync(folder));
    return inside === '..' || inside.startsWith('../') ? `${folder} leads out of the project` : null;
  }
}
