/** Downloads a source: goes on where it broke off, checks the digest, unpacks, and only then puts it in place. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceDoc } from '../config/document.ts';
import { fileName } from './source.ts';
import { unpackTarGz } from './unpack.ts';

export interface FetchOptions {
  readonly onProgress: (done: number, total: number | null) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds before the first retry; each further one waits twice as long. */
  readonly firstWaitMs?: number;
}

/** How often a broken connection is taken up again without having brought a single byte. */
const fruitlessTries = 4;
const progressEveryMs = 250;

/** A server's answer, or bytes, that trying again will not change. */
class FinalError extends Error {}

/**
 * Into `folder`: the file under the url's name, or what the archive holds under `unpacked`.
 * @throws Error when it cannot be had; what came so far is kept for the next time
 */
export async function fetchSource(
  source: Pick<SourceDoc, 'sha256' | 'unpack'> & { readonly url: string },
  folder: string,
  options: FetchOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = fileName(source.url);
  const part = join(folder, `${name}.part`);
  await fetchWhole(source.url, part, options);
  await checkDigest(part, source.sha256);
  if (source.unpack === 'none') {
    await rename(part, join(folder, name));
  } else {
    const aside = join(folder, `unpacked.${process.pid}.new`);
    await rm(aside, { recursive: true, force: true });
    await unpackTarGz(part, aside);
    await rename(aside, join(folder, 'unpacked'));
    await rm(part, { force: true });
  }
  await rm(`${part}.tag`, { force: true });
}

async function fetchWhole(url: string, part: string, options: FetchOptions): Promise<void> {
  let tries = 0;
  for (;;) {
    const before = await sizeOf(part);
    try {
      await fetchRest(url, part, before, options);
      return;
    } catch (error) {
      if (error instanceof FinalError || options.signal?.aborted) throw error;
      tries = (await sizeOf(part)) > before ? 0 : tries + 1;
      if (tries >= (isUnreachable(error) ? 2 : fruitlessTries)) throw new Error(causeOf(error));
      await sleep(
        (options.firstWaitMs ?? 1000) * 2 ** tries,
        undefined,
        options.signal ? { signal: options.signal } : {},
      );
    }
  }
}

/** One request. Bytes that came stay in `part` whatever happens. */
async function fetchRest(url: string, part: string, have: number, options: FetchOptions): Promise<void> {
  // Only the same version of the file may be continued: two halves of different ones make neither.
  const tag = await readFile(`${part}.tag`, 'utf8').catch(() => '');
  const resume = have > 0;
  const response = await fetch(url, {
    headers: resume ? { range: `bytes=${have}-`, ...(tag === '' ? {} : { 'if-range': tag }) } : {},
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (response.status === 416) {
    await response.body?.cancel();
    const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (total !== undefined && Number(total) === have) return;
    await rm(part, { force: true });
    throw new Error('the part that is here does not fit the file on the server; starting over');
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const message = `the server answers ${response.status} ${response.statusText}`.trimEnd();
    throw response.status >= 500 || response.status === 429 ? new Error(message) : new FinalError(message);
  }
  const start = response.status === 206 ? have : 0;
  const etag = response.headers.get('etag');
  if (etag !== null && !etag.startsWith('W/')) await writeFile(`${part}.tag`, etag);
  const length = response.headers.get('content-length');
  // With a content encoding the length is that of other bytes than those that arrive here.
  const total = length === null || response.headers.has('content-encoding') ? null : start + Number(length);
  let done = start;
  let told = Number.NEGATIVE_INFINITY;
  const file = await open(part, start > 0 ? 'a' : 'w');
  try {
    // Written as it comes: what a stream still holds when the connection breaks would be lost.
    for await (const chunk of response.body) {
      await file.write(chunk);
      done += chunk.length;
      const now = performance.now();
      if (now - told < progressEveryMs && done !== total) continue;
      told = now;
      options.onProgress(done, total);
    }
  } finally {
    await file.close();
  }
  if (total !== null && done < total) throw new Error('the connection ended early');
}

async function checkDigest(part: string, expected: string | null): Promise<void> {
  if (expected === null) return;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(part, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  const have = hash.digest('hex');
  if (have === expected.toLowerCase()) return;
  // Kept, it would be continued for ever.
  await rm(part, { force: true });
  await rm(`${part}.tag`, { force: true });
  throw new FinalError(`what was downloaded has sha256 ${have}, the pipeline file says ${expected}`);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** There is no network, or no such server: waiting long for it helps nobody. */
function isUnreachable(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return ['ENOTFOUND', 'ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'].includes(String(code));
}

/** fetch says only "fetch failed"; what happened is in its cause. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
