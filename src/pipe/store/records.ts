/** What the cache writes about cells: the manifest of a key, and the state of what is in place. Parsed with bounds: not trusted. */

import { readSealed, writeSealed, writeSealedTogether } from '../../lib/sealed.ts';
import { isSha256 } from '../../lib/sha256.ts';
import { isInsidePath, isSize, outDigest } from '../digest/listing.ts';
import { keyOf } from '../key/cell-fingerprint.ts';
import { type Fingerprint, fingerprintVersion, type Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import { folderOf, type Layout, manifestFile } from './layout.ts';
import { type MadeWith, parseMadeWith } from './made-with.ts';
import type { OutRecord, OutRecords } from './out-record.ts';
import { namesInside } from './real-folder.ts';
import { parseTook, type Took } from './took.ts';

const recordVersion = 1;

/** What a key produced. The manifest goes last: an object without a manifest is garbage, a manifest without its objects is a lie. */
export interface Manifest {
  readonly key: Key;
  readonly cell: CellId;
  readonly stage: string;
  readonly outs: OutRecords;
  /** Milliseconds the run took. */
  readonly ms: number;
  /** Left out: not measured. */
  readonly usage?: Took;
  /** Run that published it. */
  readonly run: string;
  /** When, ISO 8601. */
  readonly finished: string;
  /** Null: written by a version that did not record it. */
  readonly madeWith: MadeWith | null;
  /** The remote that it was taken from, by its name; null: it was made here. */
  readonly origin: string | null;
}

/** What is in place for a cell. */
export interface Placed {
  readonly key: Key;
  readonly cell: CellId;
  readonly outs: OutRecords;
  readonly ms: number;
  /** Out name → project-relative path that it was also placed at. */
  readonly places: Readonly<Record<string, string>>;
}

export type Read<Value> = Value | 'missing' | 'damaged';

export function stateFile(layout: Layout, cell: CellId): string {
  return `${layout.state}/${folderOf(cell)}.json`;
}

/** `allowed`: asked just before it can be seen. False: it was not allowed, and is not there. */
export function writeManifest(
  layout: Layout,
  manifest: Manifest,
  fingerprint: Fingerprint,
  allowed: () => boolean,
): Promise<boolean> {
  return writeSealedTogether(manifestFile(layout, manifest.key), linesOf(manifest, fingerprint), allowed);
}

/** Of a result that a remote has. Not on disk when this returns: it can be had again. */
export function writeTakenManifest(layout: Layout, manifest: Manifest, fingerprint: Fingerprint): void {
  writeSealed(manifestFile(layout, manifest.key), linesOf(manifest, fingerprint), false);
}

function linesOf(manifest: Manifest, fingerprint: Fingerprint): readonly string[] {
  const { key, cell, stage, outs, ms, usage = null, run, finished, madeWith, origin } = manifest;
  const head = JSON.stringify({
    version: recordVersion,
    key,
    cell,
    stage,
    outs,
    ms,
    ...(usage === null ? {} : { usage }),
    run,
    finished,
    madeWith,
    ...(origin === null ? {} : { origin }),
  });
  return [head, JSON.stringify(fingerprint)];
}

/** `damaged`: not what was written, not of this key, or it names paths that leave the cell's folder. */
export function readManifest(
  layout: Layout,
  key: Key,
): Read<Manifest & { readonly fingerprint: Fingerprint }> {
  const lines = readSealed(manifestFile(layout, key));
  if (typeof lines === 'string') return lines;
  const head = parse(lines[0]);
  const fingerprint = parseFingerprint(lines[1]);
  // Of another version of this program, whose keys mean something else: as good as not there.
  if (fingerprint && fingerprint.version !== fingerprintVersion) return 'missing';
  if (!head || !fingerprint || head.key !== key || keyOf(fingerprint) !== key) return 'damaged';
  const { cell, stage, ms, run, finished } = head;
  const outs = parseOuts(head.outs);
  if (!outs || !isCellId(cell) || typeof stage !== 'string' || !isMilliseconds(ms)) return 'damaged';
  if (typeof run !== 'string' || typeof finished !== 'string') return 'damaged';
  if (!declares(fingerprint, outs)) return 'damaged';
  const madeWith = parseMadeWith(head.madeWith);
  const usage = parseTook(head.usage);
  const origin = typeof head.origin === 'string' ? head.origin : null;
  return { key, cell, stage, outs, ms, usage, run, finished, madeWith, origin, fingerprint };
}

/** An entry may not produce anything else than its own fingerprint declares. */
export function declares(fingerprint: Fingerprint, outs: OutRecords): boolean {
  const names = Object.keys(outs);
  if (names.length !== Object.keys(fingerprint.outs).length) return false;
  return names.every((name) => outs[name]?.path === fingerprint.outs[name]);
}

export function writeState(layout: Layout, placed: Placed, fingerprint: Fingerprint): void {
  const { key, cell, outs, ms, places } = placed;
  const head = JSON.stringify({ version: recordVersion, key, cell, outs, ms, places });
  writeSealed(stateFile(layout, cell), [head, JSON.stringify(fingerprint)], false);
}

/** The fingerprint is parsed only when it is asked for: a run that has nothing to do needs none. */
export function readState(
  layout: Layout,
  cell: CellId,
): Read<Placed & { readonly fingerprint: () => Fingerprint | null }> {
  const lines = readSealed(stateFile(layout, cell));
  if (typeof lines === 'string') return lines;
  const head = parse(lines[0]);
  if (!head || head.cell !== cell || !isSha256(head.key) || !isMilliseconds(head.ms)) return 'damaged';
  const outs = parseOuts(head.outs);
  const places = parsePlaces(head.places);
  if (!outs || !places) return 'damaged';
  return {
    key: head.key as string as Key,
    cell,
    outs,
    ms: head.ms,
    places,
    fingerprint: () => parseFingerprint(lines[1]),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parse(line: string | undefined): Fields | null {
  if (line === undefined) return null;
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) && value.version === recordVersion ? value : null;
  } catch {
    return null;
  }
}

/** Null: not outs, or one whose path leaves the cell's folder. */
export function parseOuts(value: unknown): OutRecords | null {
  if (!isFields(value)) return null;
  const outs: Record<string, OutRecord> = {};
  for (const [name, out] of Object.entries(value)) {
    if (!isFields(out)) return null;
    const { path, type, object, sha256, executable, size, files } = out;
    if (typeof path !== 'string' || !isInsidePath(path) || (type !== 'file' && type !== 'folder'))
      return null;
    if (!isSha256(object) || !isSha256(sha256) || typeof executable !== 'boolean') return null;
    if (!isSize(size) || !isSize(files) || sha256 !== outDigest(object, executable)) return null;
    outs[name] = { path, type, object, sha256, executable, size, files };
  }
  return outs;
}

function parsePlaces(value: unknown): Record<string, string> | null {
  if (!isFields(value)) return null;
  const places: Record<string, string> = {};
  for (const [name, path] of Object.entries(value)) {
    if (typeof path !== 'string' || !isInsidePath(path)) return null;
    places[name] = path;
  }
  return places;
}

/** Its content was written by this program and is covered by the key; what is checked here is that readers cannot stumble. */
function parseFingerprint(line: string | undefined): Fingerprint | null {
  if (line === undefined) return null;
  try {
    const value: unknown = JSON.parse(line);
    return isFingerprint(value) ? value : null;
  } catch {
    return null;
  }
}

export function isFingerprint(value: unknown): value is Fingerprint {
  if (!isFields(value) || typeof value.version !== 'number') return false;
  const { code, params, axes, deps, env, tools, outs } = value;
  if (!isFields(code) || !isFields(params) || !isFields(axes)) return false;
  if (code.kind === 'module') {
    if (typeof code.file !== 'string' || !isSha256(code.bundle)) return false;
    if (!isTraced(code)) return false;
  } else if (code.kind !== 'command' || typeof code.command !== 'string') return false;
  else if (value.version !== 1 && (typeof code.shell !== 'string' || !isFields(code.values))) return false;
  if (code.traced !== undefined && (!isFields(code.traced) || !isTraced(code.traced))) return false;
  if (!isFields(deps) || !Object.values(deps).every(isDep)) return false;
  if (!isFields(env) || !Object.values(env).every((text) => text === null || typeof text === 'string'))
    return false;
  return isTexts(tools) && isTexts(outs);
}

function isTraced({ files, importedBy, packages, parts = {} }: Readonly<Record<string, unknown>>): boolean {
  return [files, importedBy, packages, parts].every(isTexts);
}

function isDep(value: unknown): boolean {
  if (!isFields(value)) return false;
  if (value.kind === 'one') return isSha256(value.sha256) && hasName(value);
  if (value.kind !== 'gather' || !isSize(value.planned) || !Array.isArray(value.items)) return false;
  return value.items.every(
    (item) => isFields(item) && isTexts(item.axes) && isSha256(item.sha256) && hasName(item),
  );
}

/** Version 1 of the fingerprint had none: such a state is still read, so that `why` can say what happened. */
function hasName(value: Fields): boolean {
  return value.name === undefined || typeof value.name === 'string';
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isFields(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCellId(value: unknown): value is CellId {
  return typeof value === 'string' && value !== '';
}

function isMilliseconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** The folder names of the cells that something was put in place for. */
export function stateFolders(layout: Layout): readonly string[] {
  return namesInside(layout.state)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
}
