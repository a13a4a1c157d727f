/**
 * What a key produced, as it stands on a remote: a line of canonical JSON, and where it is signed a second one. A form of
 * its own, stated in docs/explanation/shared-cache.md: it stays as it is when the local store changes. Nothing in it is believed:
 * it must be of the key that was asked for, down to the fingerprint that hashes to it.
 */
import { canonicalJson, type JsonObject } from '../../lib/json.ts';
import { printable } from '../../lib/printable.ts';
import { isSize } from '../digest/listing.ts';
import { keyOf } from '../key/cell-fingerprint.ts';
import { type Fingerprint, fingerprintVersion, type Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import { type MadeWith, parseMadeWith } from '../store/made-with.ts';
import type { OutRecords } from '../store/out-record.ts';
import { declares, isFingerprint, type Manifest, parseOuts } from '../store/records.ts';
import { type EntrySignature, type Signer, Trust } from './signature.ts';

const format = 'pipe-result 1';

/** No sane entry is longer: 16 MiB are a stage that gathers some 50,000 cells. */
export const entryLimitBytes = 16 * 1024 * 1024;

export type SharedResult = Omit<Manifest, 'origin'> & {
  readonly fingerprint: Fingerprint;
  /** Out name → bytes of its object: of a folder those of its listing. */
  readonly objectBytes: Readonly<Record<string, number>>;
};

/** Why an entry is not taken. */
export class BadEntry extends Error {
  /** It is what it should be but for its signature: nobody who is trusted vouches for it. */
  readonly untrusted: boolean;
  constructor(message: string, untrusted = false) {
    super(message);
    this.untrusted = untrusted;
  }
}

export function encodeEntry(result: SharedResult, signer: Signer | null): string {
  const { key, cell, stage, outs, ms, run, finished, madeWith, fingerprint, objectBytes } = result;
  // What it is made of came through JSON, or goes there: nothing in it is undefined.
  const fields = { format, key, cell, stage, outs, objectBytes, ms, run, finished, madeWith, fingerprint };
  const body = canonicalJson(JSON.parse(JSON.stringify(fields)) as JsonObject);
  if (signer === null) return `${body}\n`;
  return `${body}\n${canonicalJson({ ...signer.sign(body) })}\n`;
}

/** @throws BadEntry */
export function decodeEntry(text: string, key: Key, trust: Trust = new Trust([])): SharedResult {
  const [body = '', second = '', ...more] = text.split('\n');
  if (!text.endsWith('\n') || more.length > 1 || (more.length === 0 && second !== ''))
    throw new BadEntry('it is cut short, or goes on after its end');
  const fields = parsed(body);
  if (fields === null || fields.format !== format) throw new BadEntry('it is no result');
  // One spelling: what one reader sees in it every reader sees.
  if (!isCanonical(fields as JsonObject, body)) throw new BadEntry('it is not canonical JSON');
  const { fingerprint, cell, stage, ms, run, finished } = fields;
  if (!isFingerprint(fingerprint) || fingerprint.version !== fingerprintVersion)
    throw new BadEntry('it has no fingerprint of this version');
  if (fields.key !== key || keyOf(fingerprint) !== key) throw new BadEntry('it is of another key');
  const outs = parseOuts(fields.outs);
  if (!outs) throw new BadEntry('an out in it is not valid');
  if (!declares(fingerprint, outs)) throw new BadEntry('it has other outs than its fingerprint declares');
  const objectBytes = sizesIn(fields.objectBytes, outs);
  if (!isWords(cell) || !isWords(stage)) throw new BadEntry('it names no cell');
  if (typeof ms !== 'number' || !(ms >= 0) || !isWords(run) || !isWords(finished))
    throw new BadEntry('it does not say which run made it');
  if (trust.asks && !trust.believes(body, signatureIn(second)))
    throw new BadEntry('no key that this project trusts has signed it', true);
  const made = { ms, run, finished, madeWith: madeWithIn(fields.madeWith) };
  return { key, cell: cell as CellId, stage, outs, objectBytes, fingerprint, ...made };
}

/** Words of somebody else that screens may show: nothing in them moves a cursor. */
function isWords(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > 4096) return false;
  return !/[\n\t]/.test(value) && printable(value) === value;
}

function madeWithIn(value: unknown): MadeWith | null {
  const madeWith = parseMadeWith(value);
  if (madeWith === null) return null;
  const words = [madeWith.profile, madeWith.revision, ...madeWith.set];
  return words.every((word) => word === null || word === '' || isWords(word)) ? madeWith : null;
}

/** What nests too deep to be written has no canonical form either. */
function isCanonical(fields: JsonObject, body: string): boolean {
  try {
    return canonicalJson(fields) === body;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function sizesIn(value: unknown, outs: OutRecords): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const [name, out] of Object.entries(outs)) {
    const size = isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (!isSize(size) || (out.type === 'file' && size !== out.size))
      throw new BadEntry('a size in it is not valid');
    sizes[name] = size;
  }
  return sizes;
}

function signatureIn(line: string): EntrySignature | null {
  const fields = parsed(line);
  const { by, ed25519 } = fields ?? {};
  return typeof by === 'string' && typeof ed25519 === 'string' ? { by, ed25519 } : null;
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
