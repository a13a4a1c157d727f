/** What a run was given when it made a cell's outs, kept beside them so that a number can say where it comes from. */
import type { JsonObject } from '../../lib/json.ts';

/** Not part of the key: the same key may be reached from several profiles, and the first one to run it is named. */
export interface MadeWith {
  readonly profile: string | null;
  /** --set arguments. */
  readonly set: readonly string[];
  /** The pipeline's params, profile and --set applied. */
  readonly params: JsonObject;
  /** What `git describe` said; null outside a repository. */
  readonly revision: string | null;
}

/** Null for what is not of this form, and for entries that were written before it was recorded. */
export function parseMadeWith(value: unknown): MadeWith | null {
  if (!isFields(value)) return null;
  const { profile, set, params, revision } = value;
  if (!isTextOrNull(profile) || !isTextOrNull(revision) || !isFields(params) || !Array.isArray(set))
    return null;
  // Parsed from JSON: its values are JSON.
  return {
    profile,
    revision,
    set: set.filter((item) => typeof item === 'string'),
    params: params as JsonObject,
  };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
