/** Params as a flat list, for tables and comparisons. */
import { isJsonObject, type Json, jsonText } from '../../../lib/json.ts';

/** Nested maps as dotted names; lists stay whole. */
export function flatParams(value: Json, path = ''): readonly (readonly [string, string])[] {
  if (isJsonObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, item]) =>
      flatParams(item, path === '' ? key : `${path}.${key}`),
    );
  return path === '' ? [] : [[path, jsonText(value)]];
}
