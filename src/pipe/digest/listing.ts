/** What a folder holds, as one text: its sha256 is the folder's digest, and in the cache it is an object like any other. */

import { isSha256, type Sha256, sha256Of } from '../../lib/sha256.ts';

export type ListingEntry =
  | {
      readonly type: 'file';
      readonly path: string;
      readonly executable: boolean;
      readonly size: number;
      readonly sha256: Sha256;
    }
  /** Every folder below is named, so that empty ones count. */
  | { readonly type: 'folder'; readonly path: string }
  /** A link whose target lies in the same folder. */
  | { readonly type: 'link'; readonly path: string; readonly target: string };

const header = 'pipe-listing 1';

/** The one spelling: a JSON array per line, sorted by path in code units, so that it can be compared byte by byte. */
export function encodeListing(entries: readonly ListingEntry[]): string {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const lines = [header];
  for (const entry of sorted) {
    const path = JSON.stringify(entry.path);
    if (entry.type === 'file')
      lines.push(`["${entry.executable ? 'x' : 'f'}",${path},${entry.size},"${entry.sha256}"]`);
    else if (entry.type === 'folder') lines.push(`["d",${path}]`);
    else lines.push(`["l",${path},${JSON.stringify(entry.target)}]`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Reads a listing from the cache, which is not trusted: every path must stay inside, every link's target too, sizes
 * must be whole, nothing may stand twice or below a file or link.
 * @throws ListingError
 */
export function decodeListing(text: string): readonly ListingEntry[] {
  const lines = text.split('\n');
  if (lines[0] !== header) throw new ListingError('it does not start as a listing');
  if (lines.at(-1) !== '') throw new ListingError('it is cut short');
  const entries: ListingEntry[] = [];
  const folders = new Set<string>(['']);
  const others = new Set<string>();
  for (const line of lines.slice(1, -1)) {
    const entry = decodeEntry(line);
    // In sorted order a folder stands before what is in it, so a parent that is not yet known is not a folder at all.
    if (!folders.has(parentOf(entry.path)) || folders.has(entry.path) || others.has(entry.path))
      throw new ListingError(
        `${JSON.stringify(entry.path)} stands twice, or below something that is no folder`,
      );
    (entry.type === 'folder' ? folders : others).add(entry.path);
    entries.push(entry);
  }
  return entries;
}

function decodeEntry(line: string): ListingEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ListingError('a line is not JSON');
  }
  if (!Array.isArray(value)) throw new ListingError('a line is no entry');
  const [type, path, third, fourth]: unknown[] = value;
  if (typeof path !== 'string' || !isInsidePath(path))
    throw new ListingError(`the path ${JSON.stringify(path)} leaves the folder`);
  if (type === 'd') return { type: 'folder', path };
  if (type === 'l' && typeof third === 'string' && linkStaysInside(path, third))
    return { type: 'link', path, target: third };
  if ((type === 'f' || type === 'x') && isSize(third) && isSha256(fourth))
    return { type: 'file', path, executable: type === 'x', size: third, sha256: fourth };
  throw new ListingError(`the entry of ${JSON.stringify(path)} is not valid`);
}

export class ListingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListingError';
  }
}

/** What enters the keys of readers: whether a script may run is part of what it is. */
export function outDigest(content: Sha256, executable: boolean): Sha256 {
  return executable ? sha256Of(`executable ${content}`) : content;
}

/** A whole number of bytes that a double holds exactly. */
export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Relative, `/` between names, no empty name, no `.` or `..`, no NUL. */
export function isInsidePath(path: string): boolean {
  if (path === '' || path.length > 4096 || path.includes('\0')) return false;
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

/** Whether a link's text, read from where the link stands, never climbs above the folder, not even on the way. */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === '' || target.length > 4096 || target.includes('\0') || target.startsWith('/')) return false;
  let depth = path.split('/').length - 1;
  for (const name of target.split('/')) {
    if (name === '..') depth--;
    else if (name !== '' && name !== '.') depth++;
    if (depth < 0) return false;
  }
  return true;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
