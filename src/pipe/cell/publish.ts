/**
 * From staged outs to published ones. A crash at any point loses nothing: until the manifest is written the old outs
 * are in place, and from then on the new ones can be put back from the cache.
 */
import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { PathError } from '../digest/look.ts';
import { reached } from '../store/fault.ts';
import { folderOf } from '../store/layout.ts';
import type { Lock } from '../store/lock.ts';
import type { MadeWith } from '../store/made-with.ts';
import { storeOut } from '../store/object-writer.ts';
import type { OutRecord, OutRecords } from '../store/out-record.ts';
import { asidePath } from '../store/quarantine.ts';
import { writeManifest } from '../store/records.ts';
import type { Took } from '../store/took.ts';
import type { InputChange, InputGuard } from './guard.ts';
import { type Publication, putInPlace } from './in-place.ts';

export interface Attempted extends Publication {
  readonly lock: Lock;
  readonly run: string;
  readonly madeWith: MadeWith | null;
  readonly guard: InputGuard;
  /** Called when nothing of the stage is waited for any more: what follows is storing alone. */
  readonly onGuarded?: (() => void) | undefined;
  readonly usage: Took;
}

export type Published =
  | {
      readonly kind: 'published';
      readonly outs: OutRecords;
      readonly outBytes: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'out-missing'; readonly names: readonly string[] }
  /** An out that cannot be kept: a link that leaves it, a device, a socket. */
  | { readonly kind: 'out-refused'; readonly message: string }
  /** Inputs changed while the stage ran. The outs are kept aside for a look. */
  | {
      readonly kind: 'dirty-inputs';
      readonly paths: readonly string[];
      readonly aside: string;
      /** What was done about inputs that lie in the cache. */
      readonly notes: readonly string[];
    }
  /** Another run took the cell over because this one gave no sign of life. */
  | { readonly kind: 'lock-lost'; readonly message: string };

export async function publishOuts(attempted: Attempted): Promise<Published> {
  const { cell, layout, lock, staging } = attempted;
  reached('ran');
  const missing = cell.outs.filter((out) => !lstatSync(staging.made(out.path), { throwIfNoEntry: false }));
  if (missing.length > 0) return { kind: 'out-missing', names: missing.map(({ name }) => name) };

  const changes = await attempted.guard.changes(staging.outs);
  if (changes.length > 0) return setAside(attempted, changes);
  reached('guard');
  attempted.onGuarded?.();

  try {
    const outs = await storeOuts(attempted);
    const { key, fingerprint, ms, usage, run, madeWith } = attempted;
    const finished = new Date().toISOString();
    const made = { ms, usage, run, finished, madeWith, origin: null };
    const manifest = { key, cell: cell.id, stage: cell.stage, outs, ...made };
    if (!(await writeManifest(layout, manifest, fingerprint, () => lock.held()))) {
      const message = `another run took ${cell.id} over while this one gave no sign of life; nothing was published`;
      return { kind: 'lock-lost', message };
    }
    reached('manifest');

    const warnings = await putInPlace(attempted, outs);
    const outBytes = Object.values(outs).reduce((sum, { size }) => sum + size, 0);
    return { kind: 'published', outs, outBytes, warnings };
  } catch (error) {
    if (error instanceof PathError)
      return { kind: 'out-refused', message: error.message.replace(`${staging.kept('')}`, '') };
    if (hasCode(error, 'ENAMETOOLONG'))
      return {
        kind: 'out-refused',
        message: 'an out holds a path that is longer than the system takes (4,096 bytes)',
      };
    throw error;
  }
}

/** Only what is declared: what a stage left beside its outs is not part of the result. */
async function storeOuts({ cell, layout, digests, staging }: Attempted): Promise<OutRecords> {
  for (const { path } of cell.outs) {
    mkdirSync(dirname(staging.kept(path)), { recursive: true });
    renameSync(staging.made(path), staging.kept(path));
  }
  reached('collect');
  const outs: Record<string, OutRecord> = {};
  for (const { name, path } of cell.outs)
    outs[name] = { ...(await storeOut(layout, digests, staging.kept(path), staging.scratch)), path };
  reached('objects');
  return outs;
}

function setAside({ cell, layout, project, staging }: Attempted, changes: readonly InputChange[]): Published {
  const aside = asidePath(layout, `dirty-${folderOf(cell.id)}`);
  mkdirSync(layout.quarantine, { recursive: true });
  renameSync(staging.outs, aside);
  return {
    kind: 'dirty-inputs',
    paths: changes.map(({ what }) => what),
    notes: changes.flatMap(({ note }) => (note === null ? [] : [note])),
    aside: relative(project, aside),
  };
}
