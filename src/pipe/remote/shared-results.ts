/**
 * Results on a remote: taken into the local store when everything about them holds, and brought there when they were made
 * here. What is taken is an entry of the local store like any other, and restored with all the checks of one.
 */
import { statfsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { bytesText } from '../../lib/format.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import type { Key } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { type Layout, objectFile } from '../store/layout.ts';
import { BadObject, objectsOf, readListing } from '../store/objects.ts';
import type { OutRecord } from '../store/out-record.ts';
import { readManifest, writeTakenManifest } from '../store/records.ts';
import type { Courier, Errand } from './courier.ts';
import { BadEntry, decodeEntry, encodeEntry, entryLimitBytes, type SharedResult } from './entry.ts';
import type { Health } from './health.ts';
import type { Signer, Trust } from './signature.ts';
import { sizeOfFile } from './size-of-file.ts';
import type { Tally } from './tally.ts';

export interface SharedResultsOptions {
  /** The remote's name, for messages and as the origin of what is taken. */
  readonly name: string;
  readonly layout: Layout;
  readonly digests: Digests;
  readonly courier: Courier;
  readonly health: Health;
  readonly tally: Tally;
  readonly trust: Trust;
  readonly signer: Signer | null;
}

export interface Taken {
  /** Milliseconds that its run took, as the entry has it. */
  readonly ms: number;
  readonly bytes: number;
}

/** A larger listing is not one: half a million files have one of 64 MiB. */
const listingLimitBytes = 64 * 1024 * 1024;
/** Left free on the disk, whatever is taken. */
const reserveBytes = 256 * 1024 * 1024;

export class SharedResults {
  readonly #options: SharedResultsOptions;
  /** Keys whose entry there is good, but not what it names. */
  readonly #broken = new Set<Key>();

  constructor(options: SharedResultsOptions) {
    this.#options = options;
  }

  /** What the remote says that `key` produced, if that can be believed; null: it has nothing of use. */
  async entry(key: Key, errand: Errand): Promise<SharedResult | null> {
    const { courier, health, name, trust } = this.#options;
    const text = await courier.fetchEntry(key, entryLimitBytes, errand);
    if (text === null) return null;
    try {
      return decodeEntry(text, key, trust);
    } catch (error) {
      if (!(error instanceof BadEntry)) throw error;
      if (error.untrusted)
        health.report(
          'untrusted',
          `the remote ${name} has results that no key under \`trust\` has signed; they are not used`,
        );
      else health.failed(`the entry of ${key.slice(0, 12)} there is not used: ${error.message}`);
      return null;
    }
  }

  /** Takes the result of `key` into the store. Null: it is not there, not to be believed, or quicker made here. */
  async take(cell: Cell, key: Key, errand: Errand): Promise<Taken | null> {
    const { layout, tally, name } = this.#options;
    // What is over sooner than the remote answers is not asked for.
    if (errand.localMs !== null && errand.localMs < tally.answerMs) return null;
    const asked = performance.now();
    const result = await this.entry(key, errand);
    tally.answered(performance.now() - asked);
    if (result === null) return null;
    const bytes = Object.values(result.outs).reduce((sum, { size }) => sum + size, 0);
    if (errand.localMs !== null && tally.transferMs(bytes) > errand.localMs) return null;
    if (!this.#fits(result, bytes)) return null;
    tally.expect('down', bytes);
    for (const [out, record] of Object.entries(result.outs))
      if (!(await this.#takeOut(record, result.objectBytes[out] ?? 0, errand))) {
        this.#broken.add(key);
        return null;
      }
    const { outs, ms, run, finished, madeWith, fingerprint } = result;
    // Named as here: two stages that are alike have one key.
    const made = { key, cell: cell.id, stage: cell.stage, outs, ms, run, finished, madeWith, origin: name };
    writeTakenManifest(layout, made, fingerprint);
    tally.moved('down');
    return { ms, bytes };
  }

  /**
   * Brings the result of `key` to the remote. `there`: it has it already; `thorough`: that is said only when its contents
   * are there too.
   */
  async bring(
    key: Key,
    signal: AbortSignal,
    thorough = false,
  ): Promise<'brought' | 'there' | 'failed' | 'missing'> {
    const { layout, courier, signer, tally } = this.#options;
    const made = readManifest(layout, key);
    if (typeof made === 'string') return 'missing';
    const errand: Errand = { signal, localMs: null };
    const there = this.#broken.has(key) ? null : await this.entry(key, errand);
    if (there !== null && !(thorough && isDeepStrictEqual(there.outs, made.outs))) return 'there';
    const objects = new Set<Sha256>();
    const objectBytes: Record<string, number> = {};
    try {
      for (const [name, out] of Object.entries(made.outs)) {
        objectBytes[name] = sizeOfFile(objectFile(layout, out.object));
        for (const { sha256 } of objectsOf(layout, out)) objects.add(sha256);
      }
    } catch (error) {
      if (error instanceof BadObject) return 'missing';
      throw error;
    }
    if (there !== null && (await this.#hasAll(objects, signal))) return 'there';
    for (const object of objects) tally.expect('up', sizeOfFile(objectFile(layout, object)));
    const sent = await Promise.all([...objects].map((object) => courier.sendObject(object, signal)));
    // The entry goes last, as a manifest does: whoever reads it finds what it names.
    if (sent.includes(false)) return 'failed';
    if (!(await courier.sendEntry(key, encodeEntry({ ...made, objectBytes }, signer), signal)))
      return 'failed';
    tally.moved('up');
    return 'brought';
  }

  async #hasAll(objects: ReadonlySet<Sha256>, signal: AbortSignal): Promise<boolean> {
    const { courier } = this.#options;
    const found = await Promise.all([...objects].map((object) => courier.hasObject(object, signal)));
    return !found.includes(false);
  }

  async #takeOut(out: OutRecord, objectBytes: number, errand: Errand): Promise<boolean> {
    const { courier, health, layout } = this.#options;
    if (out.type === 'file') return courier.fetchObject(out.object, out.size, errand);
    if (!(await courier.fetchObject(out.object, objectBytes, errand))) return false;
    let listing: ReturnType<typeof readListing>;
    try {
      listing = readListing(layout, out.object);
    } catch (error) {
      if (!(error instanceof BadObject)) throw error;
      health.failed(`a folder there is not used: ${error.message}`);
      return false;
    }
    const files = listing.flatMap((entry) => (entry.type === 'file' ? [entry] : []));
    if (files.length !== out.files || files.reduce((sum, { size }) => sum + size, 0) !== out.size) {
      health.failed('a folder there does not add up to what its entry says');
      return false;
    }
    const got = await Promise.all(files.map(({ sha256, size }) => courier.fetchObject(sha256, size, errand)));
    return !got.includes(false);
  }

  /** Nothing is begun that the disk cannot hold, however large an entry says that it is. */
  #fits({ outs, objectBytes }: SharedResult, bytes: number): boolean {
    const { health, layout, name } = this.#options;
    const listings = Object.entries(outs).flatMap(([out, { type }]) =>
      type === 'folder' ? [objectBytes[out] ?? 0] : [],
    );
    const { bavail, bsize } = statfsSync(layout.root);
    const room = bavail * bsize - reserveBytes;
    if (listings.some((size) => size > listingLimitBytes)) {
      health.failed('a folder there has a listing that is too large to be one');
      return false;
    }
    if (bytes + listings.reduce((sum, size) => sum + size, 0) <= room) return true;
    health.report(
      'room',
      `a result of the remote ${name} has ${bytesText(bytes)}, which this disk has no room for`,
    );
    return false;
  }
}
