/**
 * Puts right what differs in an out that is in place already, file by file: of a folder of thousands in which one was
 * edited, one is put back. What is a user's own has been moved away before (see rescue.ts); what comes after that is kept, too.
 */
import { lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { LinkMode } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';
import { outDigest } from '../digest/listing.ts';
import { isStamped } from '../digest/stat-index.ts';
import { checkOut } from '../store/checkout.ts';
import { reached } from '../store/fault.ts';
import type { Layout } from '../store/layout.ts';
import { readListing } from '../store/objects.ts';
import type { OutRecord } from '../store/out-record.ts';
import type { PutCount } from './put-count.ts';
import { clear, replace } from './replace.ts';
import type { Expected } from './rescue.ts';

export interface Repair {
  readonly layout: Layout;
  readonly digests: Digests;
  readonly project: string;
  /** Names in the quarantine what is not ours. */
  readonly what: string;
  readonly link: Exclude<LinkMode, 'symlink'>;
  /** Absolute, on the file system of the out; made when it is needed. */
  readonly scratch: string;
  readonly count?: PutCount | undefined;
}

/** A file that is not as it should be. `path`: in the out, '' for the out itself. */
interface Wanted {
  readonly path: string;
  readonly sha256: Sha256;
  readonly executable: boolean;
  readonly size: number;
}

/** `target`: absolute. Gives warnings. @throws BadObject */
export async function repairOut(repair: Repair, out: OutRecord, target: string): Promise<readonly string[]> {
  const wanted: Wanted[] = [];
  const warnings: string[] = [];
  if (out.type === 'file') {
    const file = { path: '', sha256: out.object, executable: out.executable, size: out.size };
    if (!(await isThere(repair, file, target))) wanted.push(file);
  } else wanted.push(...(await repairFolders(repair, out, target, warnings)));
  if (wanted.length === 0) return warnings;
  repair.count?.start(
    wanted.length,
    wanted.reduce((sum, { size }) => sum + size, 0),
  );
  removeTree(repair.scratch);
  mkdirSync(repair.scratch, { recursive: true });
  const fresh = join(repair.scratch, 'file');
  for (const file of wanted) {
    await checkOut({ ...repair, mode: repair.link }, recordOf(file), fresh);
    reached('restore-copy');
    const path = file.path === '' ? target : join(target, file.path);
    const expected: Expected = new Map([['', { file: file.sha256 }]]);
    warnings.push(...(await replace(repair, { target: path, expected, what: repair.what }, fresh, null)));
    repair.digests.forget(path);
    repair.count?.put(file.size);
  }
  return warnings;
}

/** Makes the folders and links that are missing. Gives the files that are. */
async function repairFolders(
  repair: Repair,
  out: OutRecord,
  target: string,
  warnings: string[],
): Promise<readonly Wanted[]> {
  const wanted: Wanted[] = [];
  const takeAway = async (path: string) =>
    warnings.push(...(await clear(repair, { target: path, expected: new Map(), what: repair.what })));
  await makeFolder(target, takeAway);
  for (const entry of readListing(repair.layout, out.object)) {
    const path = join(target, entry.path);
    if (entry.type === 'folder') await makeFolder(path, takeAway);
    else if (entry.type === 'link') await makeLink(path, entry.target, takeAway);
    else if (!(await isThere(repair, entry, path))) wanted.push(entry);
  }
  return wanted;
}

async function isThere({ digests, link }: Repair, file: Wanted, path: string): Promise<boolean> {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile()) return false;
  if (link !== 'auto' && isStamped(stat) !== (link === 'hardlink')) return false;
  const look = await digests.lookAgain(path, 'self').catch(() => null);
  return look?.content === file.sha256 && look.executable === file.executable;
}

type TakeAway = (path: string) => Promise<unknown>;

async function makeFolder(path: string, takeAway: TakeAway): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  if (stat) await takeAway(path);
  mkdirSync(path, { recursive: true });
}

async function makeLink(path: string, to: string, takeAway: TakeAway): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() && readlinkSync(path) === to) return;
  if (stat) await takeAway(path);
  symlinkSync(to, path);
}

function recordOf({ path, sha256, executable, size }: Wanted): OutRecord {
  return {
    path,
    type: 'file',
    object: sha256,
    sha256: outDigest(sha256, executable),
    executable,
    size,
    files: 1,
  };
}
