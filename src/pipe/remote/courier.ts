/**
 * Carries contents and entries between the local store and a remote: so many at once, each with its digest checked, tried
 * again where that may help. It never throws for what a remote does; it answers that the thing could not be had or brought.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import type { Key } from '../key/fingerprint.ts';
import { type Layout, objectFile } from '../store/layout.ts';
import { tryLock } from '../store/lock.ts';
import { adoptObject, isIntact } from '../store/object-writer.ts';
import { download } from './download.ts';
import type { Health } from './health.ts';
import { NotWorthIt, Pace, type Patience } from './pace.ts';
import { type Remote, RemoteFault, type RemoteItem } from './remote.ts';
import { sizeOfFile } from './size-of-file.ts';
import { Slots } from './slots.ts';
import { checkedContent, DamagedHere, textContent } from './upload.ts';

/** Beside the folders of cells, none of which has such a name; `gc` clears it. */
const partsFolder = '~remote';
/** From so many bytes on what came is kept when the transfer breaks off. */
const resumableBytes = 8 * 1024 * 1024;
/** Below this, asking whether a content is there costs as much as sending it. */
const askBeforeBytes = 64 * 1024;

export interface CourierOptions {
  readonly remote: Remote;
  readonly health: Health;
  readonly layout: Layout;
  readonly digests: Digests;
  /** The run, as locks name it. */
  readonly run: string;
  readonly patience: Patience;
  /** How many transfers at once. */
  readonly transfers: number;
  /** Milliseconds to wait before the try after `attempt`; null: no further one. */
  readonly backOffMs: (attempt: number) => number | null;
  readonly onBytes: (direction: 'down' | 'up', bytes: number) => void;
}

/** What one transfer goes by. */
export interface Errand {
  readonly signal: AbortSignal;
  /** Milliseconds after which making it here is quicker; null: not known. */
  readonly localMs: number | null;
}

export class Courier {
  readonly #options: CourierOptions;
  readonly #slots: Slots;
  readonly #coming = new Map<Sha256, Promise<boolean>>();
  readonly #sent = new Map<Sha256, Promise<boolean>>();
  /** What lies there under these names is not what it says. */
  readonly #lies = new Set<string>();
  readonly #parts: string;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#slots = new Slots(options.transfers);
    this.#parts = join(options.layout.staging, partsFolder);
  }

  /** What stands under a key; null: nothing, or it cannot be had. */
  async fetchEntry(key: Key, limit: number, errand: Errand): Promise<string | null> {
    const text = await this.#try(errand, 0, async (pace) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const tooLong = () => new RemoteFault(`an entry there is longer than ${limit} bytes`);
      const answer = await this.#options.remote.get(
        { shelf: 'ac', name: key },
        {
          from: 0,
          signal: pace.signal,
          begin: (_start, total) => {
            if (total !== null && total > limit) throw tooLong();
          },
          take: (chunk) => {
            size += chunk.length;
            if (size > limit) throw tooLong();
            chunks.push(chunk);
            pace.moved(chunk.length);
            return undefined;
          },
        },
      );
      return answer === 'missing' ? null : Buffer.concat(chunks).toString('utf8');
    });
    return text ?? null;
  }

  /** Brings a content into the store. False: it is not there, or cannot be had. */
  async fetchObject(sha256: Sha256, size: number, errand: Errand): Promise<boolean> {
    const coming = this.#coming.get(sha256);
    if (coming) return coming;
    const fetching = this.#fetchObject(sha256, size, errand);
    this.#coming.set(sha256, fetching);
    try {
      return await fetching;
    } finally {
      this.#coming.delete(sha256);
    }
  }

  /** Brings a content of the store to the remote. False: it could not be brought. */
  sendObject(sha256: Sha256, signal: AbortSignal): Promise<boolean> {
    const known = this.#sent.get(sha256);
    if (known) return known;
    const sending = this.#sendObject(sha256, signal);
    this.#sent.set(sha256, sending);
    return sending;
  }

  /** Whether the remote has a content of the store, by its size. */
  async hasObject(sha256: Sha256, signal: AbortSignal): Promise<boolean> {
    const { layout, remote } = this.#options;
    const there = await this.#try({ signal, localMs: null }, 0, (pace) =>
      remote.size({ shelf: 'cas', name: sha256 }, pace.signal),
    );
    return there === sizeOfFile(objectFile(layout, sha256));
  }

  /** False: it could not be brought. */
  async sendEntry(key: Key, text: string, signal: AbortSignal): Promise<boolean> {
    const content = textContent(text);
    const sent = await this.#try({ signal, localMs: null }, 0, async (pace) => {
      await this.#options.remote.put({ shelf: 'ac', name: key }, { ...content, signal: pace.signal });
      return true;
    });
    return sent === true;
  }

  async #fetchObject(sha256: Sha256, size: number, errand: Errand): Promise<boolean> {
    const { layout, digests, run } = this.#options;
    const file = objectFile(layout, sha256);
    if (existsSync(file) && (await isIntact(layout, digests, sha256))) return true;
    mkdirSync(this.#parts, { recursive: true });
    // Another run of this checkout may be fetching the very same.
    const held = size < resumableBytes ? null : tryLock(layout.locks, `~part-${sha256}`, run);
    const part = join(this.#parts, held ? sha256 : `${sha256}-${randomBytes(6).toString('hex')}`);
    try {
      const got = await this.#try(errand, size, async (pace) => {
        const { remote } = this.#options;
        const onBytes = (bytes: number) => this.#options.onBytes('down', bytes);
        const whole = await download({ remote, sha256, size, part, pace, onBytes });
        if (whole) adoptObject(layout, digests, part, sha256);
        return whole;
      });
      if (got === undefined) this.#lies.add(sha256);
      return got === true;
    } finally {
      // Of nothing that came there is nothing to go on with.
      if (!held || sizeOfFile(part) === 0) rmSync(part, { force: true });
      held?.release();
    }
  }

  async #sendObject(sha256: Sha256, signal: AbortSignal): Promise<boolean> {
    const { layout, remote } = this.#options;
    const file = objectFile(layout, sha256);
    const size = lstatSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return false;
    const item: RemoteItem = { shelf: 'cas', name: sha256 };
    const sent = await this.#try({ signal, localMs: null }, size, async (pace) => {
      const mayBeThere = size >= askBeforeBytes && !this.#lies.has(sha256);
      if (mayBeThere && (await remote.size(item, pace.signal)) === size) return true;
      const count = (bytes: number) => {
        pace.moved(bytes);
        this.#options.onBytes('up', bytes);
      };
      const content = () => checkedContent(file, { sha256, size }, count);
      await remote.put(item, { sha256, size, signal: pace.signal, content });
      return true;
    });
    return sent === true;
  }

  /** Undefined: it failed, which the remote's health knows, or was ended. @throws what is not the remote's doing */
  async #try<Result>(
    errand: Errand,
    size: number,
    act: (pace: Pace) => Promise<Result>,
  ): Promise<Result | undefined> {
    const { health, patience, backOffMs } = this.#options;
    for (let attempt = 1; !errand.signal.aborted && !health.over; attempt++) {
      const wait = await this.#slots.hold(async () => {
        if (errand.signal.aborted || health.over) return null;
        const pace = new Pace(patience, errand.signal, { size, localMs: errand.localMs });
        try {
          const result = await act(pace);
          health.well();
          return { result };
        } catch (error) {
          if (errand.signal.aborted || error instanceof NotWorthIt) return null;
          const again = error instanceof RemoteFault && error.passing ? backOffMs(attempt) : null;
          if (again === null) health.failed(faultText(error));
          return again;
        } finally {
          pace.end();
        }
      });
      if (wait === null) return undefined;
      if (typeof wait === 'object') return wait.result;
      await sleep(wait, undefined, { signal: errand.signal }).catch(() => {});
    }
    return undefined;
  }
}

/** @throws what is neither the remote's doing nor the file system's: a bug */
function faultText(error: unknown): string {
  if (error instanceof RemoteFault || error instanceof DamagedHere) return error.message;
  // A full disk or a lost permission here: what is to be done here will meet it, and say so better.
  if (error instanceof Error && 'syscall' in error && 'code' in error)
    return `it could not be kept here (${String(error.code)})`;
  throw error;
}
