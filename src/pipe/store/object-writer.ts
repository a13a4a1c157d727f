/**
 * From an out in the staging folder to objects. Files become the objects themselves: each is read once, to be hashed,
 * and moved. On disk before it gets its name.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode } from '../../lib/errno.ts';
import { onDisk } from '../../lib/on-disk.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import { encodeListing } from '../digest/listing.ts';
import { PathError } from '../digest/look.ts';
import { isStamped, objectTime } from '../digest/stat-index.ts';
import { reached } from './fault.ts';
import { type Layout, objectFile } from './layout.ts';
import type { OutRecord } from './out-record.ts';
import { makeRoom } from './quarantine.ts';

/** More new objects than this are written to disk by one sync of the file system instead of one per file. */
const syncEachUpTo = 32;
/** A view's path is longer than the staging folder's; what could not be shown again is refused. */
const longestPathBytes = 4_000;

interface NewObject {
  readonly from: string;
  readonly sha256: Sha256;
  readonly shown: string;
}

/**
 * Stores the out that lies at `path` (in staging) and takes its files away from there. `scratch` is an existing folder
 * on the same file system. @throws PathError for what cannot be kept
 */
export async function storeOut(
  layout: Layout,
  digests: Digests,
  path: string,
  scratch: string,
): Promise<Omit<OutRecord, 'path'>> {
  await detach(path, join(scratch, 'copy'));
  const look = await digests.lookAgain(path, 'self');
  if (!look) throw new PathError(path, 'went away before it was published');
  const { type, content: object, sha256, executable, size, files } = look;
  const added: NewObject[] = [];
  if (type === 'file') added.push({ from: path, sha256: object, shown: path });
  else {
    const listing = await digests.listing(path, 'self');
    for (const entry of listing) {
      const from = join(path, entry.path);
      if (Buffer.byteLength(join(layout.views, object, 'view', entry.path)) > longestPathBytes)
        throw new PathError(from.slice(0, 200), '… is too long a path to be kept');
      if (entry.type === 'file') added.push({ from, sha256: entry.sha256, shown: from });
    }
    const text = join(scratch, `listing-${object}`);
    writeFileSync(text, encodeListing(listing));
    digests.stamp(text, object, 0o444);
    added.push({ from: text, sha256: object, shown: path });
  }
  await putObjects(layout, digests, added);
  return { type, object, sha256, executable, size, files };
}

/**
 * Makes every file the out's own and unwritable, so that what is hashed next is what is stored: a file with other links
 * (a stage may link its input as its out) is copied first.
 */
async function detach(path: string, copy: string): Promise<void> {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    // A stage may make its folders read-only; what is in them must be moved.
    if ((stat.mode & 0o700) !== 0o700) chmodSync(path, stat.mode | 0o700);
    for (const name of readdirSync(path)) await detach(join(path, name), copy);
  } else if (stat.isFile()) {
    if (stat.nlink > 1) await replaceByCopy(path, copy);
    try {
      close(path, stat.mode);
    } catch (error) {
      // Written by another user, such as a container's root.
      if (!hasCode(error, 'EPERM')) throw error;
      await replaceByCopy(path, copy);
      close(path, stat.mode);
    }
    reached('copy');
  }
}

function close(path: string, mode: number): void {
  chmodSync(path, (mode & 0o555) | 0o400);
  utimesSync(path, objectTime, objectTime);
}

async function replaceByCopy(path: string, copy: string): Promise<void> {
  await copyFile(path, copy, constants.COPYFILE_FICLONE);
  renameSync(copy, path);
}

async function putObjects(layout: Layout, digests: Digests, added: readonly NewObject[]): Promise<void> {
  const fresh: NewObject[] = [];
  const kept: NewObject[] = [];
  for (const one of added) ((await isIntact(layout, digests, one.sha256)) ? kept : fresh).push(one);
  const [first] = fresh;
  if (first && (fresh.length <= syncEachUpTo || !(await syncFileSystem(first.from))))
    await onDisk(fresh.map(({ from }) => from));
  for (const one of fresh) moveIn(layout, digests, one);
  for (const { from, sha256 } of kept) {
    const file = objectFile(layout, sha256);
    try {
      // A secret of one out stays one when another made the same content for everybody.
      if (isPrivate(from)) chmodSync(file, 0o400);
      // Its ctime says to a collection of garbage that somebody needs it again.
      utimesSync(file, objectTime, objectTime);
      digests.stamped(file, sha256);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'EPERM', 'EROFS')) throw error;
    }
  }
  // What such a collection took all the same, just before.
  const taken = kept.filter(({ sha256 }) => !existsSync(objectFile(layout, sha256)));
  for (const one of taken) {
    await onDisk([one.from]);
    moveIn(layout, digests, one);
  }
  const folders = new Set([...fresh, ...taken].map(({ sha256 }) => dirname(objectFile(layout, sha256))));
  // A new folder is a name in the one of all objects.
  await onDisk([...folders, layout.objects]);
}

/** Takes a file of the store's file system, whose content has that digest, as the object. */
export function adoptObject(layout: Layout, digests: Digests, from: string, sha256: Sha256): void {
  digests.stamp(from, sha256, 0o444);
  moveIn(layout, digests, { from, sha256, shown: from });
}

function moveIn(layout: Layout, digests: Digests, { from, sha256, shown }: NewObject): void {
  const file = objectFile(layout, sha256);
  // The same content twice in one out: the first has become the object.
  const stat = lstatSync(from, { bigint: true });
  if (!isStamped(stat)) throw new PathError(shown, 'changed while it was being published');
  makeRoom(layout, file);
  mkdirSync(dirname(file), { recursive: true });
  chmodSync(from, isPrivate(from) ? 0o400 : 0o444);
  renameSync(from, file);
  digests.stamped(file, sha256);
}

/** Whether the object is there and is what its name says: read again only when its stat is not what it was. */
export async function isIntact(layout: Layout, digests: Digests, object: Sha256): Promise<boolean> {
  try {
    const look = await digests.lookAgain(objectFile(layout, object), 'self');
    return look?.content === object;
  } catch (error) {
    if (error instanceof PathError) return false;
    throw error;
  }
}

function isPrivate(path: string): boolean {
  return (lstatSync(path).mode & 0o077) === 0;
}

/** False where the system has no `sync -f`. */
async function syncFileSystem(path: string): Promise<boolean> {
  try {
    await promisify(execFile)('sync', ['-f', path]);
    return true;
  } catch {
    return false;
  }
}
