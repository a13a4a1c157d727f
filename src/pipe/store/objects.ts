/** The object store: contents by their sha256. An object is read-only and whole from the moment it can be seen. */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { entryAt } from '../../lib/entry-at.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { decodeListing, type ListingEntry, ListingError } from '../digest/listing.ts';
import { type Layout, objectFile } from './layout.ts';
import type { OutRecord } from './out-record.ts';
import { asidePath } from './quarantine.ts';

const listingLimitBytes = 512 * 1024 * 1024;

/** An entry that is not what its name says. */
export class BadObject extends Error {
  readonly object: Sha256;
  constructor(object: Sha256, message: string) {
    super(message);
    this.name = 'BadObject';
    this.object = object;
  }
}

/** Whether the out's object is there with its size; contents are looked at when it is read. */
export function hasOut(layout: Layout, out: OutRecord): boolean {
  const stat = entryAt(objectFile(layout, out.object));
  return stat?.isFile() === true && (out.type === 'folder' || stat.size === out.size);
}

/** @throws BadObject */
export function readListing(layout: Layout, object: Sha256): readonly ListingEntry[] {
  const file = objectFile(layout, object);
  const stat = entryAt(file);
  if (!stat?.isFile()) throw new BadObject(object, `object ${object} is missing`);
  if (stat.size > listingLimitBytes) throw new BadObject(object, `listing ${object} is too large to be one`);
  const text = readFileSync(file, 'utf8');
  if (sha256Of(text) !== object) throw new BadObject(object, `object ${object} is damaged`);
  try {
    return decodeListing(text);
  } catch (error) {
    if (error instanceof ListingError) throw new BadObject(object, `listing ${object}: ${error.message}`);
    throw error;
  }
}

/** Every object that an out needs with its size; of a folder the listing and all files in it. @throws BadObject */
export function* objectsOf(
  layout: Layout,
  out: OutRecord,
): Generator<{ readonly sha256: Sha256; readonly size: number | null }> {
  yield { sha256: out.object, size: out.type === 'file' ? out.size : null };
  if (out.type === 'file') return;
  for (const entry of readListing(layout, out.object))
    if (entry.type === 'file') yield { sha256: entry.sha256, size: entry.size };
}

/** Moves an object out of the way, so that nobody meets it again. False: it was not there. */
export function quarantineObject(layout: Layout, object: Sha256): boolean {
  const file = objectFile(layout, object);
  if (!existsSync(file)) return false;
  mkdirSync(layout.quarantine, { recursive: true });
  renameSync(file, asidePath(layout, `object-${object}`));
  return true;
}
