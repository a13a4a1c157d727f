/** Puts the outs of a key back into place. Nothing is believed: sizes and digests are checked, what is bad is moved away. */
import { join } from 'node:path';
import { folderOf } from '../store/layout.ts';
import { lookInPlaceAgain } from '../store/look-in-place.ts';
import { BadObject, quarantineObject } from '../store/objects.ts';
import type { OutRecords } from '../store/out-record.ts';
import { quarantineEntry } from '../store/quarantine.ts';
import { readManifest, readState } from '../store/records.ts';
import { type Publication, putAtPlaces, putInPlace } from './in-place.ts';

export type Restored =
  | {
      readonly kind: 'restored';
      readonly outs: OutRecords;
      readonly ms: number;
      readonly warnings: readonly string[];
    }
  /** The entry was bad and is in quarantine now. */
  | { readonly kind: 'bad'; readonly warning: string }
  | { readonly kind: 'missing' };

/** The cell's lock must be held. */
export async function restoreCell(options: Omit<Publication, 'ms'>): Promise<Restored> {
  const { cell, key, layout } = options;
  const entry = readManifest(layout, key);
  if (entry === 'missing') return { kind: 'missing' };
  if (entry === 'damaged')
    return { kind: 'bad', warning: quarantineEntry(layout, key, 'its manifest is damaged') };
  const { outs, ms } = entry;
  const names = new Set(cell.outs.map(({ name }) => name));
  if (Object.keys(outs).some((name) => !names.has(name)) || names.size !== Object.keys(outs).length)
    return { kind: 'bad', warning: quarantineEntry(layout, key, 'it has other outs than the cell') };
  try {
    const publication = { ...options, ms };
    if (!(await isInPlace(options, outs)))
      return { kind: 'restored', outs, ms, warnings: await putInPlace(publication, outs) };
    // After a crash between swap and state the outs are there already; only the note is missing.
    const state = readState(layout, cell.id);
    const before = typeof state === 'string' ? null : state;
    return { kind: 'restored', outs, ms, warnings: await putAtPlaces(publication, outs, before) };
  } catch (error) {
    if (!(error instanceof BadObject)) throw error;
    quarantineObject(layout, error.object);
    return { kind: 'bad', warning: quarantineEntry(layout, key, error.message) };
  } finally {
    options.staging.remove();
  }
}

async function isInPlace(
  { cell, layout, digests }: Omit<Publication, 'ms'>,
  outs: OutRecords,
): Promise<boolean> {
  for (const out of Object.values(outs)) {
    const path = join(layout.cells, folderOf(cell.id), out.path);
    const look = await lookInPlaceAgain(layout, digests, path).catch(() => null);
    if (look?.sha256 !== out.sha256) return false;
  }
  return true;
}
