/**
 * Brings files and the names in folders onto the disk, those of many callers at once: the file system then writes its
 * journal once for all of them, not once for each.
 */
import { close, fsync, open } from 'node:fs';
import { promisify } from 'node:util';
import { hasCode } from './errno.ts';

const [openPath, syncDescriptor, closeDescriptor] = [promisify(open), promisify(fsync), promisify(close)];

interface Group {
  readonly paths: Map<string, Promise<void>>;
  /** Every path is being synced from now on. */
  readonly begun: Promise<void>;
}

let gathering: Group | null = null;
/** Never rejects: the last group that was begun. */
let last: Promise<unknown> = Promise.resolve();

/**
 * What was written to these files, and which names these folders hold, is on the disk when this resolves. Whoever asks while
 * a group is under way joins the next one. @throws what the system says of one of these paths
 */
export async function onDisk(paths: readonly string[]): Promise<void> {
  const group = gathering ?? gather();
  for (const path of paths) if (!group.paths.has(path)) group.paths.set(path, unbegun);
  await group.begun;
  await Promise.all(paths.map((path) => group.paths.get(path)));
}

const unbegun = Promise.resolve();

function gather(): Group {
  const paths = new Map<string, Promise<void>>();
  const begun = last.then(() => {
    // From here on a new caller needs a new group: what it wrote may come too late for this one.
    gathering = null;
    for (const path of paths.keys()) paths.set(path, sync(path));
  });
  const group = { paths, begun };
  gathering = group;
  last = begun.then(() => Promise.allSettled(paths.values()));
  return group;
}

async function sync(path: string): Promise<void> {
  const descriptor = await openPath(path, 'r');
  try {
    await syncDescriptor(descriptor);
  } catch (error) {
    // Some network file systems know no fsync of folders; they write them at once.
    if (!hasCode(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await closeDescriptor(descriptor);
  }
}
