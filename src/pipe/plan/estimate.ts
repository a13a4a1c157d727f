/** How long a cell is said to take, until a run has measured it: the stage's `estimate`, filled in. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import { didYouMean, listOf } from '../../lib/diagnostics/suggest.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { milliseconds } from '../config/duration.ts';

const form = 'a duration such as `3h`, or a list such as `[{size: M, time: 9h}, {time: 1h}]`';

/**
 * Milliseconds; null: nothing is said. Of a list the first entry counts whose axes match, each by the name of a value or
 * by a list of names; an entry with only a `time` matches every cell.
 */
export function estimateOf(
  given: Json,
  axes: Readonly<Record<string, string>>,
  at: Position,
  report: Report,
): number | null {
  if (given === null) return null;
  if (typeof given === 'string') return durationOf(given, at, report);
  if (!Array.isArray(given)) {
    report('wrong-value', at, `\`estimate\` is ${JSON.stringify(given)}`, form);
    return null;
  }
  let found: number | null = null;
  // Every entry is checked, though the first that matches counts.
  for (const entry of given.toReversed()) {
    if (!isJsonObject(entry) || typeof entry.time !== 'string') {
      report('wrong-value', at, `an entry of \`estimate\` is ${JSON.stringify(entry)}`, form);
      continue;
    }
    const { time, ...pattern } = entry;
    for (const axis of Object.keys(pattern)) {
      if (Object.hasOwn(axes, axis)) continue;
      const hint = didYouMean(axis, Object.keys(axes)) ?? `there is ${listOf(Object.keys(axes))}`;
      report('unknown-axis', at, `\`estimate\` names \`${axis}\`, which is no axis of the stage`, hint);
    }
    const ms = durationOf(time as string, at, report);
    const matches = Object.entries(axes).every(([axis, value]) => {
      const wanted = pattern[axis];
      return wanted === undefined || (Array.isArray(wanted) ? wanted : [wanted]).map(String).includes(value);
    });
    if (matches) found = ms;
  }
  return found;
}

function durationOf(text: string, at: Position, report: Report): number | null {
  const ms = milliseconds(text);
  if (ms === null) report('wrong-value', at, `\`${text}\` is no duration`, form);
  return ms;
}
