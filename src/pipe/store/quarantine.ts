/** What is not what it should be, or is not ours, is moved out of the way, never deleted in silence. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
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
