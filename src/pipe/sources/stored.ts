/**
 * A download as it lies in `cache/sources`: where, and whether it still is what was checked when it came. What an
 * archive holds has no digest in the pipeline file, so that of the unpacked folder is written down beside it.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readSealed, writeSealed } from '../../lib/sealed.ts';
import { isSha256 } from '../../lib/sha256.ts';
import type { SourceDoc } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';
import { layoutOf } from '../store/layout.ts';
import { fileNameOf } from './file-name.ts';

export interface StoredSource {
  /** Another url or checksum is another folder: an old download is never taken for the new one. */
  readonly folder: string;
  /** What was downloaded, or unpacked, as a whole. */
  readonly whole: string;
  /** What the source is: `whole`, or the folder in it that `strip` names. */
  readonly path: string;
}

/** Null: the source has no url. */
export function storedSource(project: string, source: SourceDoc): StoredSource | null {
  if (source.url === null) return null;
  const version = source.sha256?.slice(0, 16) ?? 'unchecked';
  const folder = join(layoutOf(project).root, 'sources', `${source.name}-${version}`);
  if (source.unpack === 'none') {
    const whole = join(folder, fileNameOf(source.url));
    return { folder, whole, path: whole };
  }
  const whole = join(folder, 'unpacked');
  return { folder, whole, path: join(whole, source.strip) };
}

/** Written before the unpacked folder is put in place. */
export function recordUnpacked(folder: string, sha256: string): void {
  writeSealed(join(folder, 'unpacked.sha256'), [sha256], true);
}

/** `absent`: to be downloaded. `bad`: there, but not what was checked; `why` says how it differs. */
export type StoredState =
  | { readonly kind: 'absent' | 'sound' }
  | { readonly kind: 'bad'; readonly why: string };

/** Reads again only what has another stat than when it was last read. */
export async function stateOfStored(
  stored: StoredSource,
  source: SourceDoc,
  digests: Digests,
): Promise<StoredState> {
  if (!existsSync(stored.whole)) return { kind: 'absent' };
  const unpacked = source.unpack !== 'none';
  const expected = unpacked ? recordedDigest(stored.folder) : source.sha256;
  if (expected === null)
    return unpacked ? { kind: 'bad', why: 'nothing says what was unpacked' } : { kind: 'sound' };
  const look = await digests.lookAgain(stored.whole, 'self').catch((error: unknown) => {
    return error instanceof Error ? error.message : String(error);
  });
  digests.save();
  if (typeof look === 'string') return { kind: 'bad', why: look };
  if (look === null) return { kind: 'absent' };
  if (look.content === expected) return { kind: 'sound' };
  const what = unpacked ? 'what was unpacked had' : 'the pipeline file says';
  return { kind: 'bad', why: `it has sha256 ${look.content}, ${what} ${expected}` };
}

/** Moves a bad download out of the way, kept for whoever wants to know. Returns where it went. */
export function quarantineStored(project: string, { folder, whole }: StoredSource): string {
  const { quarantine } = layoutOf(project);
  mkdirSync(quarantine, { recursive: true });
  const place = join(quarantine, `source-${basename(folder)}-${Date.now()}`);
  renameSync(whole, place);
  return place;
}

function recordedDigest(folder: string): string | null {
  const lines = readSealed(join(folder, 'unpacked.sha256'));
  const [sha256] = Array.isArray(lines) ? lines : [];
  return isSha256(sha256) ? sha256 : null;
}
