/**
 * Unpacks a .tar.gz as a stream, within bounds. Files and folders only, and nothing outside the folder it is unpacked
 * into: a link could lead out of it, and a device is no data.
 */
import { createReadStream, statSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Entry, extract } from 'tar-stream';
import { bytesText } from '../format.ts';
import { safeEntryName } from './entry-name.ts';

export interface UnpackOptions {
  /** Most bytes that may come out; left out: `defaultUnpackedBytes` of the archive. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class ArchiveError extends Error {
  /** It holds more than it may: nothing is wrong with it otherwise. */
  readonly isTooLarge: boolean;
  constructor(archive: string, offset: number, cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(`${archive}: byte ${offset} of the unpacked archive: ${message}`);
    this.name = 'ArchiveError';
    this.isTooLarge = cause instanceof TooLarge;
  }
}

class TooLarge extends Error {}

const maxEntries = 2_000_000;
/** Real data is rarely packed to less than a twentieth; zeros are to a thousandth. */
const maxRatio = 100;
/** Below this no ratio does harm. */
const harmlessBytes = 256 * 1024 * 1024;

/** What an archive of this size may unpack to where nothing else is said: a hundred times its size, 256 MiB at least. */
export function defaultUnpackedBytes(archiveBytes: number): number {
  return Math.max(harmlessBytes, maxRatio * archiveBytes);
}

/** `folder` must not exist yet. @throws ArchiveError, or the signal's reason */
export async function unpackTarGz(
  archive: string,
  folder: string,
  { maxBytes = defaultUnpackedBytes(statSync(archive).size), signal }: UnpackOptions = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  let offset = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      offset += chunk.length;
      if (offset <= maxBytes) done(null, chunk);
      else done(new TooLarge(`it unpacks to more than ${bytesText(maxBytes)}, which is its bound`));
    },
  });
  const entries = extract();
  try {
    await Promise.all([
      pipeline([createReadStream(archive), createGunzip(), counted, entries], signal ? { signal } : {}),
      writeEntries(entries, folder),
    ]);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ArchiveError(archive, offset, error);
  }
}

async function writeEntries(entries: AsyncIterable<Entry>, folder: string): Promise<void> {
  let count = 0;
  for await (const entry of entries) {
    const { name, type, mode = 0 } = entry.header;
    if (++count > maxEntries) throw new Error(`more than ${maxEntries} entries`);
    const safe = safeEntryName(name);
    if (safe === null) throw new Error(`${JSON.stringify(name)} would leave the folder`);
    const path = join(folder, safe);
    if (type === 'directory') {
      await mkdir(path, { recursive: true });
      entry.resume();
    } else if (type === 'file' || type === 'contiguous-file') {
      await mkdir(dirname(path), { recursive: true });
      // Exclusive: no name stands for two files, nor for what is there already.
      const file = await open(path, 'wx', mode & 0o100 ? 0o755 : 0o644);
      try {
        for await (const chunk of entry) await file.write(chunk);
      } finally {
        await file.close();
      }
    } else throw new Error(`${name} is a link or device, which this reader refuses`);
  }
}
