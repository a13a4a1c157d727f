/** `pipe cache verify`: reads every object and manifest; what is not what it should be goes to quarantine. */
import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { hashFile } from '../digest/hash-file.ts';
import { PathError } from '../digest/look.ts';
import { brokenOut, foreignFiles, storedManifests, storedObjects } from './contents.ts';
import { type Layout, layoutOf } from './layout.ts';
import { quarantineObject } from './objects.ts';
import { quarantineEntry } from './quarantine.ts';
import { readManifest } from './records.ts';

export interface CacheVerdict {
  readonly objects: number;
  readonly manifests: number;
  readonly bytes: number;
  /** Everything that was bad, with where it was, relative to the project. It is in quarantine now. */
  readonly bad: readonly { readonly path: string; readonly why: string }[];
}

/** `project` is absolute. `onProgress` gets the bytes read so far, and of how many. */
export async function verifyCache(
  project: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<CacheVerdict> {
  const layout = layoutOf(project);
  const bad: { path: string; why: string }[] = [];
  const objects = [...storedObjects(layout)];
  const total = objects.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  for (const { name, file, size } of objects) {
    const why = await damageOf(file, name, size);
    if (why !== null) {
      bad.push({ path: relative(project, file), why });
      quarantineObject(layout, name);
    }
    bytes += size;
    onProgress(bytes, total);
  }
  const manifests = [...storedManifests(layout)];
  for (const { name, file } of manifests) {
    const entry = readManifest(layout, name);
    if (entry === 'missing') continue;
    const why =
      entry === 'damaged'
        ? 'it is not what was written'
        : Object.values(entry.outs)
            .map((out) => brokenOut(layout, out))
            .find((broken) => broken !== null);
    if (why === undefined) continue;
    bad.push({ path: relative(project, file), why: why ?? '' });
    quarantineEntry(layout, name, why ?? '');
  }
  for (const path of foreignFiles(layout)) {
    bad.push({ path: relative(project, path), why: 'its name is no digest' });
    moveAway(layout, path);
  }
  return { objects: objects.length, manifests: manifests.length, bytes, bad };
}

async function damageOf(file: string, name: string, size: number): Promise<string | null> {
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return 'it is no file';
  try {
    return (await hashFile(file, size)) === name ? null : 'its content is not what its name says';
  } catch (error) {
    if (error instanceof PathError) return error.message;
    throw error;
  }
}

function moveAway(layout: Layout, path: string): void {
  mkdirSync(layout.quarantine, { recursive: true });
  renameSync(path, join(layout.quarantine, `foreign-${basename(path)}-${Date.now()}`));
}
