/** What is not what it should be, or is not ours, is moved out of the way, never deleted in silence. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { entryAt } from '../../lib/entry-at.ts';
import { hasCode } from '../../lib/errno.ts';
import type { Key } from '../key/fingerprint.ts';
import { type Layout, manifestFile } from './layout.ts';

/** A free path in the quarantine whose name says what it was and when it came there. */
export function asidePath(layout: Layout, what: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const name = `${what}-${time}`;
  for (let count = 1; ; count++) {
    const path = join(layout.quarantine, count === 1 ? name : `${name}-${count}`);
    if (!existsSync(path)) return path;
  }
}

/** Moves a manifest out of the way and says so. */
export function quarantineEntry(layout: Layout, key: Key, why: string): string {
  mkdirSync(layout.quarantine, { recursive: true });
  try {
    renameSync(manifestFile(layout, key), asidePath(layout, `manifest-${key}`));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return `cache entry ${key.slice(0, 12)} was moved to quarantine: ${why}`;
}

/**
 * Makes sure that `file` can be written: a folder, link or device that stands there, or a file where one of its folders
 * should be, is moved to quarantine. What was moved, for the user; empty as a rule.
 */
export function makeRoom(layout: Layout, file: string): readonly string[] {
  const said: string[] = [];
  for (const { path, wanted } of wayTo(layout, file)) {
    const stat = entryAt(path);
    if (!stat || (wanted === 'file' ? stat.isFile() : stat.isDirectory() || stat.isSymbolicLink())) continue;
    const aside = join(layout.quarantine, `before-${basename(path)}-${Date.now()}`);
    mkdirSync(layout.quarantine, { recursive: true });
    renameSync(path, aside);
    const shown = (one: string) => join(basename(layout.root), relative(layout.root, one));
    said.push(`what stood at ${shown(path)} was no ${wanted}; it was moved to ${shown(aside)}`);
  }
  return said;
}

/** From the cache's folder down, because only so can it be seen what stands in the way. */
function wayTo(layout: Layout, file: string): readonly { path: string; wanted: 'file' | 'folder' }[] {
  const folders: { path: string; wanted: 'folder' }[] = [];
  for (let path = dirname(file); path !== layout.root && path.startsWith(layout.root); path = dirname(path))
    folders.unshift({ path, wanted: 'folder' });
  return [...folders, { path: file, wanted: 'file' }];
}
