/** Puts an out of the store at a path: by links where they serve, by copies otherwise. What is bad is never put anywhere. */
import { chmodSync, constants, copyFileSync, linkSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { hasCode } from '../../lib/errno.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { LinkMode } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';
import { hashFile } from '../digest/hash-file.ts';
import { type Layout, objectFile } from './layout.ts';
import { isIntact } from './object-writer.ts';
import { BadObject, readListing } from './objects.ts';
import type { OutRecord } from './out-record.ts';

/** `view`: as hard links wherever it is possible, and unwritable. The others: see `link` in the reference of pipeline.yaml. */
export type CheckoutMode = 'view' | Exclude<LinkMode, 'symlink'>;

export interface Checkout {
  readonly layout: Layout;
  readonly digests: Digests;
  readonly mode: CheckoutMode;
  /** The same content where it lies already, by path in the out: it is linked, not copied. Absolute path. */
  readonly reuse?: (path: string, sha256: Sha256, executable: boolean) => string | null;
  /** After each file: its path in the out, what it holds, and how many bytes were copied for it. */
  readonly onFile?: (path: string, sha256: Sha256, copied: number) => void;
}

/** A copy of less is cheaper than what a link costs whoever wants to edit it. */
const linkFromBytes = 1024 * 1024;
/** Files are put without pause for so long before others, such as the screen, get their turn. */
const turnMs = 25;

/**
 * Puts an out at `path`, which must not exist; its parent must. @throws BadObject
 */
export async function checkOut(checkout: Checkout, out: OutRecord, path: string): Promise<void> {
  if (out.type === 'file') return putFile(checkout, { ...out, sha256: out.object }, path, '');
  mkdirSync(path);
  let size = 0;
  let files = 0;
  const listing = readListing(checkout.layout, out.object);
  let turnEnds = performance.now() + turnMs;
  for (const entry of listing) {
    const target = join(path, entry.path);
    if (entry.type === 'folder') mkdirSync(target);
    else if (entry.type === 'link') symlinkSync(entry.target, target);
    else {
      await putFile(checkout, entry, target, entry.path);
      size += entry.size;
      files++;
    }
    if (performance.now() < turnEnds) continue;
    await setImmediate();
    turnEnds = performance.now() + turnMs;
  }
  if (size !== out.size || files !== out.files)
    throw new BadObject(out.object, `listing ${out.object} does not add up to what the manifest says`);
  if (checkout.mode !== 'view') return;
  for (const entry of listing.toReversed())
    if (entry.type === 'folder') chmodSync(join(path, entry.path), 0o555);
}

interface File {
  readonly size: number;
  readonly executable: boolean;
  readonly sha256: Sha256;
}

async function putFile(checkout: Checkout, file: File, target: string, inside: string): Promise<void> {
  const { layout, digests, mode, reuse, onFile } = checkout;
  const object = file.sha256;
  const source = objectFile(layout, object);
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new BadObject(object, `object ${object} is missing`);
  if (stat.size !== file.size)
    throw new BadObject(object, `object ${object} has ${stat.size} bytes instead of ${file.size}`);
  const there = reuse?.(inside, object, file.executable) ?? null;
  const known = there !== null && digests.knows(there, object);
  if (there !== null && link(there, target)) {
    // The link set another time of the file: without this whoever looks at it next reads it again.
    if (known) digests.relinked(there, object);
    onFile?.(inside, object, 0);
    return;
  }
  const linked =
    mode !== 'copy' &&
    // Its object may not be executed.
    !file.executable &&
    !(mode === 'auto' && (file.size < linkFromBytes || (await clones(source, target))));
  if (linked) {
    if (!(await isIntact(layout, digests, object)))
      throw new BadObject(object, `object ${object} is damaged`);
    if (link(source, target)) {
      digests.stamped(target, object);
      onFile?.(inside, object, 0);
      return;
    }
  }
  await copyChecked(checkout, file, stat.mode, target);
  onFile?.(inside, object, file.size);
}

async function copyChecked(
  checkout: Checkout,
  file: File,
  objectMode: number,
  target: string,
): Promise<void> {
  const { layout, digests, mode } = checkout;
  const object = file.sha256;
  // Thousands of small files are copied sooner without a turn of another thread for each.
  if (file.size < linkFromBytes) copyFileSync(objectFile(layout, object), target, constants.COPYFILE_FICLONE);
  else await copyFile(objectFile(layout, object), target, constants.COPYFILE_FICLONE);
  if ((await hashFile(target, file.size)) !== object)
    throw new BadObject(object, `object ${object} is damaged`);
  const secret = (objectMode & 0o077) === 0;
  const bits = file.executable ? 0o755 : 0o644;
  const own = secret ? bits & 0o700 : bits;
  if (mode === 'view') digests.stamp(target, object, own & 0o555);
  else chmodSync(target, own);
}

/** Whether the file system shares the content of copies; `target` is then made already. */
async function clones(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY', 'EPERM')) return false;
    throw error;
  }
}

/** False where there can be no link: another file system, too many links, a system without. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EXDEV', 'EMLINK', 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOENT')) return false;
    throw error;
  }
}
