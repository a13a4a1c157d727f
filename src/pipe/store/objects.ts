/** The object store: contents by their sha256. An object is read-only and whole from the moment it can be seen. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { syncFolder } from '../../lib/sealed.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { hashFile } from '../digest/digests.ts';
import { decodeListing, encodeListing, type ListingEntry, ListingError } from '../digest/listing.ts';
import { reached } from './fault.ts';
import { type Layout, objectFile } from './layout.ts';
import type { OutRecord } from './out-record.ts';

/** More new objects than this are written to disk by one sync of the file system instead of one a file. */
const syncEachUpTo = 32;
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

/**
 * Stores an out that lies at `path`. What is hashed is the copy that becomes the object, so that digest and content
 * cannot part. `scratch` is an existing folder on the same file system.
 */
export async function storeOut(
  layout: Layout,
  path: string,
  out: { readonly type: 'file' | 'folder'; readonly executable: boolean },
  listing: readonly ListingEntry[],
  scratch: string,
): Promise<Omit<OutRecord, 'path'>> {
  const writer = new ObjectWriter(layout, scratch);
  if (out.type === 'file') {
    const { sha256: object, size } = await writer.add(path);
    await writer.finish();
    return { type: 'file', object, sha256: object, executable: out.executable, size, files: 1 };
  }
  const entries: ListingEntry[] = [];
  let size = 0;
  let files = 0;
  for (const entry of listing) {
    if (entry.type === 'file') {
      const added = await writer.add(join(path, entry.path));
      entries.push({ ...entry, ...added });
      size += added.size;
      files++;
    } else entries.push(entry);
  }
  const text = encodeListing(entries);
  writeFileSync(join(scratch, 'listing'), text);
  const { sha256: object } = await writer.add(join(scratch, 'listing'));
  await writer.finish();
  return { type: 'folder', object, sha256: object, executable: false, size, files };
}

class ObjectWriter {
  readonly #layout: Layout;
  readonly #scratch: string;
  readonly #written: { readonly aside: string; readonly sha256: Sha256 }[] = [];

  constructor(layout: Layout, scratch: string) {
    this.#layout = layout;
    this.#scratch = scratch;
  }

  async add(path: string): Promise<{ sha256: Sha256; size: number }> {
    const aside = join(this.#scratch, `object-${this.#written.length}`);
    await copyFile(path, aside, constants.COPYFILE_FICLONE);
    const { size } = lstatSync(aside);
    const sha256 = await hashFile(aside, size);
    this.#written.push({ aside, sha256 });
    reached('copy');
    return { sha256, size };
  }

  /** On disk before they get their names; an object that exists already is replaced by its good twin. */
  async finish(): Promise<void> {
    const folders = new Set<string>();
    if (this.#written.length <= syncEachUpTo || !(await syncFileSystem(this.#scratch)))
      for (const { aside } of this.#written) await syncFile(aside);
    for (const { aside, sha256 } of this.#written) {
      const file = objectFile(this.#layout, sha256);
      mkdirSync(dirname(file), { recursive: true });
      chmodSync(aside, 0o444);
      renameSync(aside, file);
      folders.add(dirname(file));
    }
    for (const folder of folders) syncFolder(folder);
    this.#written.length = 0;
  }
}

/** Whether the out's object is there with its size; contents are looked at when it is restored. */
export function hasOut(layout: Layout, out: OutRecord): boolean {
  const stat = lstatSync(objectFile(layout, out.object), { throwIfNoEntry: false });
  return stat?.isFile() === true && (out.type === 'folder' || stat.size === out.size);
}

/**
 * Puts an out at `path`, which must not exist; its parent must. Every byte is checked against its digest.
 * @throws BadObject
 */
export async function restoreOut(layout: Layout, out: OutRecord, path: string): Promise<void> {
  if (out.type === 'file') return restoreFile(layout, out, out.object, path);
  mkdirSync(path);
  let size = 0;
  let files = 0;
  for (const entry of readListing(layout, out.object)) {
    const target = join(path, entry.path);
    if (entry.type === 'folder') mkdirSync(target);
    else if (entry.type === 'link') symlinkSync(entry.target, target);
    else {
      await restoreFile(layout, entry, entry.sha256, target);
      size += entry.size;
      files++;
    }
  }
  if (size !== out.size || files !== out.files)
    throw new BadObject(out.object, `listing ${out.object} does not add up to what the manifest says`);
}

/** @throws BadObject */
export function readListing(layout: Layout, object: Sha256): readonly ListingEntry[] {
  const file = objectFile(layout, object);
  const stat = lstatSync(file, { throwIfNoEntry: false });
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

async function restoreFile(
  layout: Layout,
  file: { readonly size: number; readonly executable: boolean },
  object: Sha256,
  path: string,
): Promise<void> {
  const source = objectFile(layout, object);
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new BadObject(object, `object ${object} is missing`);
  if (stat.size !== file.size)
    throw new BadObject(object, `object ${object} has ${stat.size} bytes instead of ${file.size}`);
  // A copy, never a hard link: whoever edits an out in place must not edit the cache.
  await copyFile(source, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  chmodSync(path, file.executable ? 0o755 : 0o644);
  if ((await hashFile(path, file.size)) !== object) {
    rmSync(path);
    throw new BadObject(object, `object ${object} is damaged`);
  }
}

/** Moves an object out of the way, so that nobody meets it again. False: it was not there. */
export function quarantineObject(layout: Layout, object: Sha256): boolean {
  const file = objectFile(layout, object);
  if (!existsSync(file)) return false;
  mkdirSync(layout.quarantine, { recursive: true });
  renameSync(file, join(layout.quarantine, `object-${object}-${Date.now()}`));
  return true;
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** False where the system has no `sync -f`. */
async function syncFileSystem(folder: string): Promise<boolean> {
  try {
    await promisify(execFile)('sync', ['-f', folder]);
    return true;
  } catch {
    return false;
  }
}
