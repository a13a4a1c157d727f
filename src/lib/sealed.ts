/** Small text files with a checksum as last line: a flipped bit anywhere in them is noticed. Written aside, then renamed. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { onDisk } from './on-disk.ts';
import { readOwnFile } from './regular-file.ts';
import { replaceFile } from './replace-file.ts';
import { sha256Of } from './sha256.ts';

/** No manifest or state of a sane pipeline is larger; what is, is not read into memory. */
const limitBytes = 64 * 1024 * 1024;

/** `durable`: on disk, together with its folder's entry, when this returns. */
export function writeSealed(file: string, lines: readonly string[], durable: boolean): void {
  const body = `${lines.join('\n')}\n`;
  const made = mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, `${body}${sha256Of(body)}\n`, durable);
  if (!durable) return;
  syncFolder(dirname(file));
  // A new folder is a name in the one above it.
  if (made !== undefined) syncFolder(dirname(made));
}

let written = 0;

/**
 * The same in two steps, with other files' at once: the file is on disk aside; then, where `allowed` still says so, it gets
 * its name, which is on disk when this resolves. False: it was not allowed any more, and nothing stays.
 */
export async function writeSealedTogether(
  file: string,
  lines: readonly string[],
  allowed: () => boolean,
): Promise<boolean> {
  if (!allowed()) return false;
  const body = `${lines.join('\n')}\n`;
  const folder = dirname(file);
  const made = mkdirSync(folder, { recursive: true });
  // Two writers of the same file in one process.
  const aside = `${file}.${process.pid}-${written++}.tmp`;
  try {
    writeFileSync(aside, `${body}${sha256Of(body)}\n`);
    await onDisk([aside]);
    if (!allowed()) {
      rmSync(aside, { force: true });
      return false;
    }
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  // The folder may be a new name in the one above it, and that one too.
  await onDisk([folder, dirname(folder), ...(made === undefined ? [] : [dirname(made)])]);
  return true;
}

/** The lines without the checksum; `missing`; or `damaged` when it is not what was written. */
export function readSealed(file: string): readonly string[] | 'missing' | 'damaged' {
  const content = readOwnFile(file, limitBytes);
  if (content === 'missing') return 'missing';
  if (typeof content === 'string') return 'damaged';
  const text = content.toString('utf8');
  const body = text.slice(0, -65);
  if (`${sha256Of(body)}\n` !== text.slice(-65)) return 'damaged';
  return body.split('\n').slice(0, -1);
}

/** A renamed file is only sure to be found after a power cut when its folder was written too. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Some network file systems know no fsync of folders; they write them at once.
    if (!(error instanceof Error && 'code' in error && (error.code === 'EINVAL' || error.code === 'ENOTSUP')))
      throw error;
  } finally {
    closeSync(descriptor);
  }
}
