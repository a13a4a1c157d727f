/** Entries of the cache that are not what they should be are moved out of the way, never deleted in silence. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Key } from '../key/fingerprint.ts';
import { type Layout, manifestFile } from './layout.ts';

/** Moves a manifest out of the way and says so. */
export function quarantineEntry(layout: Layout, key: Key, why: string): string {
  mkdirSync(layout.quarantine, { recursive: true });
  try {
    renameSync(manifestFile(layout, key), join(layout.quarantine, `manifest-${key}-${Date.now()}`));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return `cache entry ${key.slice(0, 12)} was moved to quarantine: ${why}`;
}
