/** What a reference in a text stands for: a param, the value of an axis, or what a cell knows of itself. */
import type { Json, JsonObject } from '../../lib/json.ts';
import { valueAt } from '../config/check-references.ts';
import type { AxisValue } from '../config/document.ts';
import { type Lookup, parseTemplate } from '../config/template.ts';

/** Each axis with its value, of one combination. */
export function valuesByAxis(axes: readonly string[], values: readonly AxisValue[]): [string, AxisValue][] {
  return axes.map((axis, index) => [axis, values[index] as AxisValue]);
}

/** Whether a text in `value` refers to anything but params: what it becomes differs from cell to cell. */
export function refersToAxis(value: Json): boolean {
  if (typeof value === 'string') {
    if (!value.includes('${')) return false;
    return parseTemplate(value).some((part) => part.kind === 'ref' && part.path[0] !== 'params');
  }
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((item: Json) => refersToAxis(item));
}

/** `itself`: what a cell that asks for it may know of itself, by the first word of a reference. */
export function lookupIn(
  params: JsonObject,
  axes: readonly (readonly [string, AxisValue])[],
  itself: JsonObject = {},
): Lookup {
  return ([head = '', ...rest], inText) => {
    if (head === 'params') return valueAt(params, rest);
    if (Object.hasOwn(itself, head)) return valueAt(itself[head], rest);
    const axis = axes.find(([name]) => name === head)?.[1];
    if (rest.length > 0) return valueAt(axis?.value, rest);
    // Inside text a named value that is a map or a list can only be meant by its name.
    return inText && typeof axis?.value === 'object' && axis.value !== null ? axis.name : axis?.value;
  };
}
