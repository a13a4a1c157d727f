/** Names of cells, made of values and never of positions, and the folders they stand for. */
import { createHash } from 'node:crypto';
import type { CellId } from './graph.ts';

/** A name that stands in an id as it is; every other one is quoted as JSON, so that no two ids read the same. */
const bare = /^[\p{L}\p{N}._+~@%:=/!#^-]+$/u;

/** `train`, or `train[no-zero,3]` with the names of the axis values in matrix order. */
export function cellId(stage: string, names: readonly string[]): CellId {
  const id = names.length === 0 ? stage : `${stage}[${names.map(quoted).join(',')}]`;
  return id as CellId;
}

function quoted(name: string): string {
  return bare.test(name) ? name : JSON.stringify(name);
}

/** An id or a pattern of one, taken apart; a name that was written as a bare `*` is null. Null when it is no id. */
export function parseCellId(text: string): { stage: string; names: readonly (string | null)[] } | null {
  const open = text.indexOf('[');
  if (open < 0) return isStageName(text) ? { stage: text, names: [] } : null;
  const stage = text.slice(0, open);
  if (!text.endsWith(']') || !isStageName(stage)) return null;
  const names: (string | null)[] = [];
  let rest = text.slice(open + 1, -1);
  for (;;) {
    const match = /^\s*("(?:[^"\\]|\\.)*"|[^,"[\]]*?)\s*(,|$)/.exec(rest);
    if (!match) return null;
    const [all, name = '', end] = match;
    if (name === '') return null;
    const value = name.startsWith('"') ? unquoted(name) : name === '*' ? null : name;
    if (value === undefined) return null;
    names.push(value);
    if (end === '') return { stage, names };
    rest = rest.slice(all.length);
  }
}

function unquoted(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStageName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text);
}

const longest = 200;

/**
 * The folder of a cell, safe on every file system: `train@no-zero,3`. Bytes other than letters, digits and `._+=-` are
 * written %XX. Above 200 bytes the end gives way to `~` and a digest of the id.
 */
export function cellFolder(id: CellId): string {
  const parsed = parseCellId(id);
  if (!parsed) throw new Error(`${id} is no cell id`);
  const names = parsed.names.map((name) => encoded(name ?? '*'));
  const folder = names.length === 0 ? parsed.stage : `${parsed.stage}@${names.join(',')}`;
  if (folder.length <= longest) return folder;
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 20);
  return `${folder.slice(0, longest - 21).replace(/%.?$/, '')}~${digest}`;
}

/** The id that `cellFolder` was given; null for a shortened folder or a name it never makes. */
export function cellOfFolder(folder: string): CellId | null {
  if (folder.includes('~')) return null;
  const at = folder.indexOf('@');
  if (at < 0) return isStageName(folder) ? cellId(folder, []) : null;
  const stage = folder.slice(0, at);
  if (!isStageName(stage)) return null;
  try {
    return cellId(
      stage,
      folder
        .slice(at + 1)
        .split(',')
        .map((name) => (name === '%' ? '' : decodeURIComponent(name))),
    );
  } catch {
    return null;
  }
}

function encoded(name: string): string {
  // `%` alone is the empty name: nothing else is written so.
  if (name === '') return '%';
  return Array.from(Buffer.from(name, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._+=-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
