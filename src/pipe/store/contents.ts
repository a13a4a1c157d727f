/** Walks the whole store: every object, every manifest. For gc, verify and ls. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { entryAt } from '../../lib/entry-at.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { isSha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import { type Layout, objectFile } from './layout.ts';
import { BadObject, objectsOf } from './objects.ts';
import type { OutRecord } from './out-record.ts';

/** In `objects`: who uses the store. Not a digest's folder, so that no object is ever looked for here. */
export const usersFolder = '.users';

export interface StoredFile<Name> {
  readonly name: Name;
  readonly file: string;
  readonly size: number;
  /** Changes when the file is written again. */
  readonly version: string;
  /** Changes when somebody said that it is needed again, too. */
  readonly changed: bigint;
}

export function* storedObjects(layout: Layout): Generator<StoredFile<Sha256>> {
  for (const { folder, file, path } of twoLevels(layout.objects)) {
    const name = `${folder}${file}`;
    const stored = isSha256(name) ? storedFile(name, path) : null;
    if (stored) yield stored;
  }
}

export function* storedManifests(layout: Layout): Generator<StoredFile<Key>> {
  for (const { folder, file, path } of twoLevels(layout.manifests)) {
    const name = file.slice(0, -'.json'.length);
    if (!isSha256(name) || !name.startsWith(folder) || !file.endsWith('.json')) continue;
    const stored = storedFile(name as string as Key, path);
    if (stored) yield stored;
  }
}

/** What stands in the store's folders and is neither: never written by us under that name. */
export function* foreignFiles(layout: Layout): Generator<string> {
  for (const { folder, file, path } of twoLevels(layout.objects))
    if (!isSha256(`${folder}${file}`) && folder !== usersFolder) yield path;
  for (const { folder, file, path } of twoLevels(layout.manifests)) {
    const name = file.slice(0, -'.json'.length);
    if (!(isSha256(name) && name.startsWith(folder) && file.endsWith('.json')) && !file.endsWith('.tmp'))
      yield path;
  }
}

/** Whether a file is still what it was when it was listed. */
export function versionOf(file: string): string | null {
  const stat = lstatSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.ino}.${stat.mtimeNs}.${stat.size}` : null;
}

/** Why an out cannot be put back, by what can be seen without reading contents; null: it can. */
export function brokenOut(layout: Layout, out: OutRecord): string | null {
  try {
    for (const { sha256, size } of objectsOf(layout, out)) {
      const stat = entryAt(objectFile(layout, sha256));
      if (!stat?.isFile()) return `object ${sha256} is missing`;
      if (size !== null && stat.size !== size) return `object ${sha256} has another size`;
    }
    return null;
  } catch (error) {
    if (error instanceof BadObject) return error.message;
    throw error;
  }
}

function storedFile<Name>(name: Name, file: string): StoredFile<Name> | null {
  const stat = lstatSync(file, { throwIfNoEntry: false, bigint: true });
  if (!stat) return null;
  return {
    name,
    file,
    size: Number(stat.size),
    version: `${stat.ino}.${stat.mtimeNs}.${stat.size}`,
    changed: stat.ctimeNs,
  };
}

function* twoLevels(root: string): Generator<{ folder: string; file: string; path: string }> {
  for (const folder of names(root))
    for (const file of names(join(root, folder))) yield { folder, file, path: join(root, folder, file) };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw error;
  }
}
