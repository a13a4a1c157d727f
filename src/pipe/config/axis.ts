/** Axes: from their text to named values, and what a profile or --set makes of them. */

import type { DiagnosedText } from '../../lib/diagnostics/diagnostics.ts';
import { didYouMean, listOf } from '../../lib/diagnostics/suggest.ts';
import { toJson, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import type { Json } from '../../lib/json.ts';
import type { Axis, AxisValue } from './document.ts';

/** Undefined when something is wrong with it, which has been reported. */
export function buildAxis(name: string, node: YamlNode, { source, report }: DiagnosedText): Axis | undefined {
  const at = source.at(node);
  if (node.kind === 'scalar') {
    report('wrong-type', at, `axis \`${name}\`: expected a list or a map of named values`);
    return undefined;
  }
  const values: AxisValue[] = [];
  const seen = new Set<string>();
  let good = true;
  const add = (label: string, value: Json, span: { start: number; end: number }): void => {
    if (seen.has(label)) {
      report(
        'duplicate-value',
        source.at(span),
        `axis \`${name}\` has the value \`${label}\` twice`,
        'remove one of them',
      );
      good = false;
    } else values.push({ name: label, value });
    seen.add(label);
  };
  if (node.kind === 'map') {
    for (const entry of node.entries) add(entry.key, toJson(entry.value), entry.keySpan);
  } else {
    for (const item of node.items) {
      if (item.kind === 'scalar') add(valueName(item.value), item.value, item);
      else {
        const hint = `name it: ${name}: {some-name: …}`;
        report('wrong-type', source.at(item), `axis \`${name}\`: a list holds plain values only`, hint);
        good = false;
      }
    }
  }
  if (good && values.length === 0) {
    report('empty-axis', at, `axis \`${name}\` has no values, so no cell would be left`);
    good = false;
  }
  return good ? { name, values, at } : undefined;
}

/** The name of a list's value: its text. */
export function valueName(value: null | boolean | number | string): string {
  return String(value);
}

/** `base` as a profile or --set changes it: names of its values (kept, in the given order), or new values. */
export function overrideAxis(
  base: Axis,
  node: YamlNode,
  { source, report }: DiagnosedText,
): Axis | undefined {
  if (node.kind !== 'list') return buildAxis(base.name, node, { source, report });
  const named = base.values.some((value) => String(value.value) !== value.name);
  const byName = new Map(base.values.map((value) => [value.name, value]));
  const fresh = buildAxis(base.name, node, { source, report });
  if (!fresh) return undefined;
  const unknown = fresh.values.filter((value) => !byName.has(value.name));
  if (named && unknown.length > 0) {
    for (const value of unknown) {
      const item =
        node.items.find((one) => one.kind === 'scalar' && valueName(one.value) === value.name) ?? node;
      const message = `axis \`${base.name}\` has no value called \`${value.name}\``;
      report(
        'unknown-value',
        source.at(item),
        message,
        didYouMean(value.name, byName.keys()) ?? `it has ${listOf(byName.keys())}`,
      );
    }
    return undefined;
  }
  return { ...fresh, values: fresh.values.map((value) => byName.get(value.name) ?? value) };
}
