/** Outs where people look at them: the cell's folder, and the places in the project. Everything there can be made again from the store. */
import { existsSync, lstatSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { type Digests, tickMs } from '../digest/digests.ts';
import type { Fingerprint, Key } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { type CheckoutMode, checkOut } from '../store/checkout.ts';
import { type FaultStep, reached } from '../store/fault.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import type { OutRecord, OutRecords } from '../store/out-record.ts';
import { type Placed, readState, writeState } from '../store/records.ts';
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
  const fresh = staging.fresh;
  mkdirSync(fresh, { recursive: true });
  const put: PutFile[] = [];
  for (const out of Object.values(outs)) {
    mkdirSync(dirname(join(fresh, out.path)), { recursive: true });
    put.push(...(await putOut(publication, out, join(target, out.path), join(fresh, out.path))));
  }
  reached('restore-copy');
  const expected = expectedOf(layout, Object.values(before?.outs ?? outs));
  const warning = await rescue({ layout, digests, project }, target, expected, folderOf(cell.id));
  swap(fresh, target, staging.old, ['swap-out', 'swap-in']);
  settle(digests, put, staging.old);
  for (const out of cell.outs) digests.forget(join(target, out.path));
  return [...(warning === null ? [] : [warning]), ...(await putAtPlaces(publication, outs, before))];
}

/** Puts outs where they are placed besides, then notes what is there: it must never say more. */
export async function putAtPlaces(
  publication: Publication,
  outs: OutRecords,
  before: Placed | null,
): Promise<readonly string[]> {
  const { cell, key, fingerprint, layout, project, digests, ms } = publication;
  const warnings: string[] = [];
  const places: Record<string, string> = {};
  for (const { name, place } of cell.outs) {
    const out = outs[name];
    if (place === null || out === undefined) continue;
    const target = join(project, place);
    const leaves = leavesProject(target, project);
    if (leaves !== null) {
      warnings.push(`out ${name} was not placed at ${place}: ${leaves}`);
      continue;
    }
    const warning = await putAtPlace(
      publication,
      out,
      before?.places[name] === place ? before.outs[name] : undefined,
      target,
    );
    if (warning !== null) warnings.push(warning);
    digests.forget(target);
    places[name] = place;
  }
  writeState(layout, { key, cell: cell.id, outs, ms, places }, fingerprint);
  reached('state');
  return warnings;
}

/** `old`: what this cell put there; undefined: nothing, whatever lies there is not ours. */
async function putAtPlace(
  publication: Publication,
  out: OutRecord,
  old: OutRecord | undefined,
  target: string,
): Promise<string | null> {
  const { cell, layout, project, digests, staging } = publication;
  mkdirSync(dirname(target), { recursive: true });
  // A rename needs one file system: the cache may be a link to another disk.
  mkdirSync(staging.folder, { recursive: true });
  const near = lstatSync(staging.folder).dev === lstatSync(dirname(target)).dev;
  const scratch = near ? staging.folder : dirname(target);
  const fresh = join(scratch, `.${basename(target)}.pipe-new`);
  const aside = join(scratch, `.${basename(target)}.pipe-old`);
  for (const left of [fresh, aside]) removeTree(left);
  const put = await putOut(publication, out, target, fresh);
  const expected = expectedOf(layout, [old ?? out], () => '');
  const warning = await rescue(
    { layout, digests, project },
    target,
    expected,
    `${folderOf(cell.id)}-${basename(target)}`,
  );
  swap(fresh, target, aside, ['place-out', 'place-in']);
  settle(digests, put, aside);
  return warning;
}

/** Makes the out at `fresh`, which is to become `target`: what is the same there already is linked, the rest comes from the store. */
async function putOut(
  { layout, digests }: Publication,
  out: OutRecord,
  target: string,
  fresh: string,
): Promise<readonly PutFile[]> {
  const there = new Map<string, { sha256: Sha256; executable: boolean }>();
  if (out.type === 'folder' && lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) {
    const listing = await digests.listing(target, 'self').catch(() => []);
    for (const entry of listing) if (entry.type === 'file') there.set(entry.path, entry);
  }
  const put: PutFile[] = [];
  const mode: CheckoutMode = 'auto';
  await checkOut(
    {
      layout,
      digests,
      mode,
      reuse: (path, sha256, executable) => {
        const same = there.get(path);
        return same?.sha256 === sha256 && same.executable === executable ? join(target, path) : null;
      },
      onFile: (path, sha256) => {
        const [made, shown] = [join(fresh, path), join(target, path)];
        put.push({ path: shown, sha256, mark: digests.markOf(made), bytes: lstatSync(made).size });
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

/** Removes what was replaced, and remembers what was put. */
function settle(digests: Digests, put: readonly PutFile[], old: string): void {
  removeTree(old);
  digests.remember(put);
}

/**
 * `fresh` becomes `target`; what was there goes to `aside`. All on one file system.
 * A crash between the two renames leaves no target: it is put back from the store, which has it by then.
 */
function swap(fresh: string, target: string, aside: string, steps: readonly [FaultStep, FaultStep]): void {
  mkdirSync(dirname(target), { recursive: true });
  removeTree(aside);
  if (lstatSync(target, { throwIfNoEntry: false })) renameSync(target, aside);
  reached(steps[0]);
  renameSync(fresh, target);
  reached(steps[1]);
}

/** A folder on the way may be a link that somebody put there. */
function leavesProject(path: string, project: string): string | null {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!existsSync(folder)) continue;
    const inside = relative(realpathSync(project), realpathSync(folder));
    return inside === '..' || inside.startsWith('../') ? `${folder} leads out of the project` : null;
  }
}
