/** What a figure draws of its data: how many marks, and which rows Vega leaves out because a value cannot be drawn. */
import type { Json, JsonObject } from '../../../lib/json.ts';
import { isJsonArray, isJsonObject } from '../../../lib/json.ts';

/** A node of Vega's scene: a part of it that its typings leave out. */
export interface SceneNode {
  readonly role?: string;
  readonly marktype?: string;
  readonly items?: readonly SceneNode[];
  readonly defined?: boolean;
  readonly datum?: unknown;
}

interface WatchedSpec {
  readonly spec: JsonObject;
  /** Inline data sets without transforms, and the rows they must have. */
  readonly inline: readonly { readonly name: string; readonly rows: number }[];
  /** Data sets before and after a filter that Vega-Lite put in to drop what cannot be drawn. */
  readonly filters: readonly { readonly before: string; readonly after: string }[];
}

const invalidFilter = /^(?:isValid\(datum\[.*\]\) && isFinite\(\+datum\[.*\]\)(?: && )?)+$/;

/** Splits each data set at the filter of invalid rows, so that both sides can be counted afterwards. */
export function splitInvalidFilters(spec: JsonObject): WatchedSpec {
  const inline: { name: string; rows: number }[] = [];
  const filters: { before: string; after: string }[] = [];
  const data = isJsonArray(spec.data ?? null) ? (spec.data as readonly Json[]) : [];
  const split: Json[] = [];
  for (const entry of data) {
    if (!isJsonObject(entry) || typeof entry.name !== 'string') {
      split.push(entry);
      continue;
    }
    const transforms = isJsonArray(entry.transform ?? null) ? (entry.transform as readonly Json[]) : [];
    if (isJsonArray(entry.values ?? null) && transforms.length === 0)
      inline.push({ name: entry.name, rows: (entry.values as readonly Json[]).length });
    const at = transforms.findIndex(
      (transform) =>
        isJsonObject(transform) &&
        transform.type === 'filter' &&
        typeof transform.expr === 'string' &&
        invalidFilter.test(transform.expr),
    );
    if (at < 0) {
      split.push(entry);
      continue;
    }
    const before = `${entry.name}__before`;
    const after = `${entry.name}__valid`;
    filters.push({ before, after });
    split.push(
      { ...entry, name: before, transform: transforms.slice(0, at) },
      { name: after, source: before, transform: transforms.slice(at, at + 1) },
      { name: entry.name, source: after, transform: transforms.slice(at + 1) },
    );
  }
  return { spec: { ...spec, data: split }, inline, filters };
}

/** Rows of one of a view’s data sets. */
export function rowsOf(data: unknown): readonly object[] {
  return Array.isArray(data) ? data : [];
}

/** Rows of `before` that are not in `after`. */
export function missing(before: readonly object[], after: readonly object[]): readonly object[] {
  const left = new Set(after);
  // A derived data set holds copies of its source's rows; then rows are distinguished by their values.
  if (before.some((row) => left.has(row))) return before.filter((row) => !left.has(row));
  const counts = countRows(after);
  return before.filter((row) => {
    const key = rowKey(row);
    const count = counts.get(key) ?? 0;
    if (count === 0) return true;
    counts.set(key, count - 1);
    return false;
  });
}

/** Points of lines and areas at which the path breaks off. */
export function undefinedRows(node: SceneNode): readonly object[] {
  const rows: object[] = [];
  if (node.defined === false && typeof node.datum === 'object' && node.datum !== null) rows.push(node.datum);
  for (const item of node.items ?? []) rows.push(...undefinedRows(item));
  return rows;
}

/** The same row missing from several layers is one row. */
export function distinctRows(groups: readonly (readonly object[])[]): number {
  const most = new Map<string, number>();
  for (const group of groups)
    for (const [key, count] of countRows(group)) most.set(key, Math.max(count, most.get(key) ?? 0));
  let sum = 0;
  for (const count of most.values()) sum += count;
  return sum;
}

function countRows(rows: readonly object[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(rowKey(row), (counts.get(rowKey(row)) ?? 0) + 1);
  return counts;
}

function rowKey(row: object): string {
  return JSON.stringify(row, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/** Marks drawn, axes and legends not counted. */
export function countMarks(node: SceneNode): number {
  // A group holds marks; it is not one itself, and neither are axes, legends and titles.
  if (node.marktype !== undefined) {
    if (node.marktype !== 'group') return node.role === 'mark' ? (node.items?.length ?? 0) : 0;
    if (node.role !== undefined && /^(axis|legend|title|column-|row-)/.test(node.role)) return 0;
  }
  let sum = 0;
  for (const item of node.items ?? []) sum += countMarks(item);
  return sum;
}
