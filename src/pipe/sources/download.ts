/** Downloads a source: goes on where it broke off, checks the digest, unpacks, and only then puts it in place. */

import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeFileSync, writeSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ArchiveError, unpackTarGz } from '../../lib/archive/tar.ts';
import { bytesText, durationText } from '../../lib/format.ts';
import type { SourceDoc } from '../config/document.ts';
import { Digests } from '../digest/digests.ts';
import { fileNameOf } from './file-name.ts';
import { RefusedDownload } from './refused-download.ts';
import { receive, request } from './request.ts';
import { recordUnpacked } from './stored.ts';

export interface FetchOptions {
  readonly onProgress: (done: number, total: number | null) => void;
  /** Ends the download at once; what came is kept. */
  readonly signal?: AbortSignal;
  /** Milliseconds before the first retry; each further one waits twice as long. */
  readonly firstWaitMs?: number;
  /** Milliseconds without a byte after which a connection counts as broken. */
  readonly silenceMs?: number;
}

type Fetched = Pick<SourceDoc, 'sha256' | 'unpack'> & {
  readonly url: string;
  readonly limits?: SourceDoc['limits'];
};

/** What a download may take where `limits` says nothing. */
const defaultLimits = { bytes: 100e9, ms: 24 * 3_600_000 };
/** How often a broken connection is taken up again without having brought a single byte. */
const fruitlessTries = 4;
const progressEveryMs = 250;

interface Transfer {
  readonly url: string;
  readonly part: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly options: FetchOptions;
}

/**
 * Into `folder`: the file under the url's name, or what the archive holds under `unpacked`.
 * @throws Error when it cannot be had; what came so far is kept for the next time
 */
export async function fetchSource(source: Fetched, folder: string, options: FetchOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = fileNameOf(source.url);
  const part = join(folder, `${name}.part`);
  const ms = source.limits?.ms ?? defaultLimits.ms;
  const late = AbortSignal.timeout(Math.min(ms, 2 ** 31 - 1));
  const signal = options.signal ? AbortSignal.any([late, options.signal]) : late;
  const maxBytes = source.limits?.bytes ?? defaultLimits.bytes;
  try {
    await fetchWhole({ url: source.url, part, maxBytes, signal, options });
    await checkDigest(part, source.sha256, signal);
    if (source.unpack === 'none') await rename(part, join(folder, name));
    else await unpack(part, folder, source.limits?.unpacked ?? undefined, signal);
  } catch (error) {
    if (!late.aborted || options.signal?.aborted) throw error;
    throw pastBound(`it took longer than ${durationText(ms)}`, 'time');
  }
  await rm(`${part}.tag`, { force: true });
}

async function unpack(
  archive: string,
  folder: string,
  maxBytes: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const aside = join(folder, 'unpacked.new');
  await rm(aside, { recursive: true, force: true });
  try {
    await unpackTarGz(archive, aside, { maxBytes, signal });
    const look = await new Digests(folder).lookAgain(aside, 'self');
    if (look) recordUnpacked(folder, look.content);
    await rename(aside, join(folder, 'unpacked'));
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!(error instanceof ArchiveError)) throw error;
    throw new RefusedDownload(
      error.isTooLarge ? `${error.message} (\`limits.unpacked\`)` : error.message,
      error.isTooLarge
        ? 'set `limits.unpacked` of the source higher if it is meant to hold that much'
        : 'look at what the url serves, or unpack it by hand and name the folder under `paths`',
    );
  }
  await rm(archive, { force: true });
}

function pastBound(what: string, limit: 'time' | 'size'): RefusedDownload {
  return new RefusedDownload(
    `${what}, which is its bound (\`limits.${limit}\`)`,
    `set \`limits.${limit}\` of the source higher if it is meant to ${limit === 'time' ? 'take that long' : 'be that large'}`,
  );
}

async function fetchWhole(transfer: Transfer): Promise<void> {
  const { part, signal, options } = transfer;
  let tries = 0;
  for (;;) {
    const before = await sizeOf(part);
    try {
      await fetchRest(transfer, before);
      return;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof RefusedDownload) throw error;
      tries = (await sizeOf(part)) > before ? 0 : tries + 1;
      if (tries >= (isUnreachable(error) ? 2 : fruitlessTries)) throw error;
      await sleep((options.firstWaitMs ?? 1000) * 2 ** tries, undefined, { signal });
    }
  }
}

/** One request. Bytes that came stay in `part` whatever happens. */
async function fetchRest({ url, part, maxBytes, signal, options }: Transfer, have: number): Promise<void> {
  // Only the same version of the file may be continued: two halves of different ones make neither.
  const tag = await readFile(`${part}.tag`, 'utf8').catch(() => '');
  const range = have > 0 ? { range: `bytes=${have}-`, ...(tag === '' ? {} : { 'if-range': tag }) } : {};
  const response = await request(url, { headers: range, signal, silenceMs: options.silenceMs ?? 60_000 });
  const { statusCode = 0, statusMessage = '', headers } = response;
  if (statusCode === 416) {
    response.resume();
    const whole = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
    if (whole !== undefined && Number(whole) === have) return;
    await rm(part, { force: true });
    throw new Error('the part that is here does not fit the file on the server; starting over');
  }
  if (statusCode !== 200 && statusCode !== 206) {
    response.resume();
    const message = `the server answers ${statusCode} ${statusMessage}`.trimEnd();
    throw statusCode >= 500 || statusCode === 429
      ? new Error(message)
      : new RefusedDownload(message, 'check the `url` of the source');
  }
  const start = statusCode === 206 ? have : 0;
  const length = headers['content-length'];
  const total = length === undefined ? null : start + Number(length);
  const checkBound = (bytes: number) => {
    if (bytes <= maxBytes) return;
    response.destroy();
    throw pastBound(`it is larger than ${bytesText(maxBytes)}`, 'size');
  };
  checkBound(total ?? 0);
  const { etag } = headers;
  // Nothing is awaited between the head and the body: a connection that broke meanwhile would drop what it had brought.
  if (etag !== undefined && !etag.startsWith('W/')) writeFileSync(`${part}.tag`, etag);
  let done = start;
  let said = Number.NEGATIVE_INFINITY;
  const file = openSync(part, start > 0 ? 'a' : 'w');
  try {
    await receive(response, (chunk) => {
      // Written before anything else can happen to the connection.
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
      done += chunk.length;
      checkBound(done);
      const now = performance.now();
      if (now - said < progressEveryMs && done !== total) return;
      said = now;
      options.onProgress(done, total);
    });
  } finally {
    closeSync(file);
  }
}

async function checkDigest(part: string, expected: string | null, signal: AbortSignal): Promise<void> {
  if (expected === null) return;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(part, { highWaterMark: 1024 * 1024, signal }))
    hash.update(chunk);
  const have = hash.digest('hex');
  if (have === expected.toLowerCase()) return;
  // Kept, it would be continued for ever.
  await rm(part, { force: true });
  await rm(`${part}.tag`, { force: true });
  throw new RefusedDownload(
    `what was downloaded has sha256 ${have}, the pipeline file says ${expected}`,
    'correct `sha256` of the source if what the server has now is what is meant',
  );
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** There is no network, or no such server: waiting long for it helps nobody. */
function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ENOTFOUND', 'ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'].includes(code);
}
