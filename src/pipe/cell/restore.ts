/** Puts the outs of a key back into place. Nothing is believed: sizes and digests are checked, what is bad is moved away. */

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digests } from '../digest/digests.ts';
import type { Fingerprint, Key } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { reached } from '../store/fault.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import { BadObject, quarantineObject, restoreOut } from '../store/objects.ts';
import type { OutRecords } from '../store/out-record.ts';
import { quarantineEntry } from '../store/quarantine.ts';
import { readManifest } from '../store/records.ts';
import { clearStaging, notePlaces, putInPlace, stagingFolder } from './publish.ts';

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
export async function restoreCell(options: {
  readonly cell: Cell;
  readonly key: Key;
  readonly fingerprint: Fingerprint;
  readonly layout: Layout;
  readonly project: string;
  readonly digests: Digests;
  readonly run: string;
}): Promise<Restored> {
  const { cell, key, layout, project, digests } = options;
  const entry = readManifest(layout, key);
  if (entry === 'missing') return { kind: 'missing' };
  if (entry === 'damaged')
    return { kind: 'bad', warning: quarantineEntry(layout, key, 'its manifest is damaged') };
  const { outs, ms } = entry;
  const names = new Set(cell.outs.map(({ name }) => name));
  if (Object.keys(outs).some((name) => !names.has(name)) || names.size !== Object.keys(outs).length)
    return { kind: 'bad', warning: quarantineEntry(layout, key, 'it has other outs than the cell') };

  if (await isInPlace(options, outs)) {
    const warnings = notePlaces({ ...options, ms }, outs, project);
    clearStaging(layout, cell);
    return { kind: 'restored', outs, ms, warnings };
  }
  const fresh = join(stagingFolder(layout, cell, options.run), 'restored');
  clearStaging(layout, cell);
  mkdirSync(fresh, { recursive: true });
  try {
    for (const out of Object.values(outs)) {
      const path = join(fresh, out.path);
      mkdirSync(dirname(path), { recursive: true });
      await restoreOut(layout, out, path);
      const look = await digests.lookAgain(path, 'self');
      if (look?.sha256 !== out.sha256)
        throw new BadObject(out.object, `out ${out.path} is not what its manifest says`);
    }
  } catch (error) {
    if (!(error instanceof BadObject)) throw error;
    quarantineObject(layout, error.object);
    return { kind: 'bad', warning: quarantineEntry(layout, key, error.message) };
  }
  reached('restore-copy');
  const warnings = putInPlace({ ...options, ms }, fresh, outs);
  clearStaging(layout, cell);
  return { kind: 'restored', outs, ms, warnings };
}

/** After a crash between swap and state the outs are there already; only the note is missing. */
async function isInPlace(
  { cell, layout, digests }: { cell: Cell; layout: Layout; digests: Digests },
  outs: OutRecords,
): Promise<boolean> {
  for (const out of Object.values(outs)) {
    const path = join(layout.cells, folderOf(cell.id), out.path);
    const look = await digests.lookAgain(path, 'self').catch(() => null);
    if (look?.sha256 !== out.sha256) return false;
  }
  return true;
}
