/**
 * A shared folder as a remote. Laid out as Bazel's disk cache: `cas/ab/abcd…`, `ac/ab/abcd…`. A file is written aside
 * and renamed, so that nobody meets half of it; whoever may write in the folder may replace what lies there.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { openRegular } from '../../lib/open-regular.ts';
import { isSha256 } from '../../lib/sha256.ts';
import { readPieces } from './pieces.ts';
import {
  type Listed,
  type Reading,
  type Remote,
  RemoteFault,
  type RemoteItem,
  type Shelf,
  type Writing,
} from './remote.ts';

/** `root`: absolute; made when something is written. */
export function folderRemote(root: string): Remote {
  const fileOf = ({ shelf, name }: RemoteItem) => join(root, shelf, name.slice(0, 2), name);
  return {
    get: (item, reading) => asFault(() => readFrom(fileOf(item), reading)),
    size: (item) =>
      asFault(async () => {
        const stat = await lstat(fileOf(item)).catch(absent);
        return stat?.isFile() ? stat.size : null;
      }),
    put: (item, writing) => asFault(() => writeTo(fileOf(item), join(root, 'tmp'), writing)),
    sweeping: {
      list: (shelf) => listed(root, shelf),
      remove: (item) => asFault(() => rm(fileOf(item), { force: true })),
    },
    close: () => {},
  };
}

async function readFrom(file: string, { from, begin, take, signal }: Reading): Promise<'missing' | 'whole'> {
  if (!(await lstat(file).catch(absent))) return 'missing';
  // Not a pipe, not a device, no link to somewhere else.
  const descriptor = openRegular(file);
  if (descriptor === null) throw new RemoteFault('what lies there is no file');
  try {
    const { size } = fstatSync(descriptor);
    const start = from <= size ? from : 0;
    begin(start, size);
    for await (const piece of readPieces(descriptor, { start, end: size })) {
      signal.throwIfAborted();
      await take(piece);
    }
    return 'whole';
  } finally {
    closeSync(descriptor);
  }
}

async function writeTo(file: string, scratch: string, { content, signal }: Writing): Promise<void> {
  await mkdir(scratch, { recursive: true });
  const aside = join(scratch, `${process.pid}-${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(aside, 'wx', 0o644);
    try {
      for await (const piece of content()) {
        signal.throwIfAborted();
        await handle.writeFile(piece);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await mkdir(join(file, '..'), { recursive: true });
    await rename(aside, file);
  } finally {
    await rm(aside, { force: true });
  }
}

async function* listed(root: string, shelf: Shelf): AsyncGenerator<Listed> {
  for (const folder of await readdir(join(root, shelf)).catch(none)) {
    for (const name of await readdir(join(root, shelf, folder)).catch(none)) {
      if (!isSha256(name) || !name.startsWith(folder)) continue;
      const stat = await lstat(join(root, shelf, folder, name)).catch(absent);
      if (stat?.isFile()) yield { name, size: stat.size, written: stat.mtimeMs };
    }
  }
}

/** A folder that cannot be read or written is a remote that fails. */
async function asFault<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
    // The message holds paths of this machine's temporary files; the code says what matters.
    throw new RemoteFault(`the folder answers ${String(error.code)}`);
  }
}

function absent(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}

function none(error: unknown): readonly string[] {
  absent(error);
  return [];
}
