/** Puts into the store what lies only where people look at it: outs of frozen cells, and outs whose object was lost. */
import { randomBytes } from 'node:crypto';
import { constants, cpSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import { tryLock } from '../store/lock.ts';
import { lookInPlaceAgain } from '../store/look-in-place.ts';
import { storeOut } from '../store/object-writer.ts';
import { openJobs } from '../store/open-jobs.ts';
import { type Placed, readState, writeManifest } from '../store/records.ts';
import { type FrozenOuts, isKept } from './frozen.ts';
import { putAtPlaces, putInPlace } from './in-place.ts';
import type { UpstreamOut } from './inputs.ts';
import { Staging } from './staging.ts';

export interface Keeping {
  readonly layout: Layout;
  readonly project: string;
  readonly digests: Digests;
  readonly outPath: (cell: CellId, path: string) => string;
}

/** Whether an out that the store lost could be stored again from the cell's folder. Its digest decides. `holder`: a cell whose lock is held. */
export async function healOut(
  { cell, out }: UpstreamOut,
  holder: CellId,
  keeping: Keeping,
): Promise<boolean> {
  const path = keeping.outPath(cell, out.path);
  const look = await keeping.digests.lookAgain(path, 'self').catch(() => null);
  return look?.sha256 === out.sha256 && (await storeCopy(holder, path, keeping)) === out.object;
}

/** Keeps a frozen cell's outs, so that its folder may be deleted, and puts them back where they are gone. */
export async function keepFrozen(
  cell: Cell,
  frozen: FrozenOuts,
  run: string,
  keeping: Keeping,
): Promise<void> {
  const { layout, project, digests } = keeping;
  const state = readState(layout, cell.id);
  const before = typeof state === 'string' ? null : state;
  const isNoted = frozen.inPlace && before?.key === frozen.key && isKept(frozen, layout);
  if (isNoted && (await isPlaced(cell, frozen, before, keeping))) return;
  const held = tryLock(layout.locks, folderOf(cell.id), run);
  // Another run is keeping them.
  if (!held) return;
  const { key, fingerprint, outs } = frozen;
  const staging = new Staging(layout, cell, run, {
    spared: new Set(openJobs(layout).map((job) => job.staging)),
    adopted: null,
  });
  try {
    if (frozen.inPlace && !isKept(frozen, layout)) {
      for (const { path } of Object.values(outs))
        await storeCopy(cell.id, keeping.outPath(cell.id, path), keeping);
      const finished = new Date().toISOString();
      const made = { ms: 0, run, finished, madeWith: null, origin: null };
      const manifest = { key, cell: cell.id, stage: cell.stage, outs, ...made };
      await writeManifest(layout, manifest, fingerprint, () => held.held());
    }
    const publication = { cell, key, fingerprint, layout, project, digests, staging, ms: before?.ms ?? 0 };
    if (frozen.inPlace) await putAtPlaces(publication, outs, before);
    else await putInPlace(publication, outs);
  } finally {
    staging.remove();
    held.release();
  }
}

/** Whether its outs lie where they are placed besides, put there by this cell. */
async function isPlaced(
  cell: Cell,
  { outs }: FrozenOuts,
  before: Placed,
  { layout, project, digests }: Keeping,
): Promise<boolean> {
  for (const { name, place } of cell.outs) {
    if (place === null) continue;
    if (before.places[name] !== place) return false;
    const look = await lookInPlaceAgain(layout, digests, join(project, place)).catch(() => null);
    if (look?.sha256 !== outs[name]?.sha256) return false;
  }
  return true;
}

/** Stores a copy of a file or folder, which stays where it is. `holder`: a cell whose lock is held, so that nobody clears its staging. Gives the name of its object. */
async function storeCopy(holder: CellId, path: string, { layout, digests }: Keeping): Promise<Sha256> {
  const scratch = join(layout.staging, folderOf(holder), `copy-${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(scratch, { recursive: true });
    const copy = join(scratch, basename(path));
    // Where it is a link to its view, what it leads to.
    cpSync(realpathSync(path), copy, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
    return (await storeOut(layout, digests, copy, scratch)).object;
  } finally {
    removeTree(scratch);
  }
}
