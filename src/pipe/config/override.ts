/** What changes params and axes before planning: the chain of profiles, then `--set`. */

import type { DiagnosedText, Report } from '../../lib/diagnostics/diagnostics.ts';
import { SourceText } from '../../lib/diagnostics/source-text.ts';
import { didYouMean, listOf, nearest } from '../../lib/diagnostics/suggest.ts';
import { entryOf, parseYaml, toJson, type YamlMap, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import { overrideAxis } from './axis.ts';
import type { Axis } from './document.ts';
import type { ParamsSchema } from './params-schema.ts';

/** Where diagnostics say that a mistake in an argument of --set stands. */
const setFile = '--set';

/** Params and axes as far as they have been built. */
export interface Settings {
  /** Null: types of params are those of their defaults. */
  readonly types: ParamsSchema | null;
  readonly params: JsonObject;
  readonly axes: ReadonlyMap<string, Axis>;
}

/** The profiles to apply, base first. Undefined when one is missing or they extend each other in a cycle. */
export function profileChain(
  name: string,
  profiles: YamlNode | undefined,
  { source, report }: DiagnosedText,
): readonly YamlNode[] | undefined {
  const chain: YamlNode[] = [];
  const seen: string[] = [];
  const known = profiles?.kind === 'map' ? profiles.entries.map((entry) => entry.key) : [];
  let current: string | undefined = name;
  let at = { file: '--profile', line: 1, column: 1, length: name.length };
  while (current !== undefined) {
    const entry = entryOf(profiles, current);
    if (!entry) {
      const hint = didYouMean(current, known) ?? `there is ${listOf(known)}`;
      report('unknown-profile', at, `no profile is called \`${current}\``, hint);
      return undefined;
    }
    if (seen.includes(current)) {
      const cycle = [...seen.slice(seen.indexOf(current)), current].join(' → ');
      report('profile-cycle', at, `profiles extend each other in a cycle: ${cycle}`);
      return undefined;
    }
    seen.push(current);
    chain.unshift(entry.value);
    const base = entryOf(entry.value, 'extends')?.value;
    current = base?.kind === 'scalar' && typeof base.value === 'string' ? base.value : undefined;
    if (base) at = { ...source.at(base), length: current?.length ?? 1 };
  }
  return chain;
}

/** `settings` with `{params, axes}` of one profile, or of --set, laid over. */
export function applyOverride(
  settings: Settings,
  override: YamlNode,
  { source, report }: DiagnosedText,
): Settings {
  const paramsNode = entryOf(override, 'params')?.value;
  const axesNode = entryOf(override, 'axes')?.value;
  const params =
    paramsNode?.kind === 'map'
      ? mergeParams(settings.params, paramsNode, [], { types: settings.types, source, report })
      : settings.params;
  const axes = new Map(settings.axes);
  for (const entry of axesNode?.kind === 'map' ? axesNode.entries : []) {
    const base = axes.get(entry.key);
    if (!base) {
      report(
        'unknown-axis',
        source.at(entry.keySpan),
        `no axis is called \`${entry.key}\``,
        axisHint(entry.key, [...axes.keys()], source),
      );
      continue;
    }
    axes.set(entry.key, overrideAxis(base, entry.value, { source, report }) ?? base);
  }
  return { ...settings, params, axes };
}

/** What can be written in place of the unknown axis: its name in a profile, the whole path in --set. */
function axisHint(unknown: string, axes: readonly string[], source: SourceText): string {
  const written = (axis: string): string => (source.file === setFile ? `axes.${axis}` : axis);
  const near = nearest(unknown, axes);
  return near === undefined ? `there is ${listOf(axes.map(written))}` : `did you mean \`${written(near)}\`?`;
}

interface Merge {
  readonly types: ParamsSchema | null;
  readonly source: SourceText;
  readonly report: Report;
}

/** Only what is declared may be changed, except below a map that is explicitly empty. */
function mergeParams(base: JsonObject, node: YamlMap, path: readonly string[], merge: Merge): JsonObject {
  const { source, report } = merge;
  const open = path.length > 0 && Object.keys(base).length === 0;
  const merged: Record<string, Json> = { ...base };
  for (const entry of node.entries) {
    const here = [...path, entry.key];
    const old = Object.hasOwn(base, entry.key) ? base[entry.key] : undefined;
    if (old === undefined && !open) {
      const full = (key: string): string => [...path, key].join('.');
      const near = nearest(entry.key, Object.keys(base));
      const hint =
        near === undefined
          ? `there is ${listOf(Object.keys(base).map(full))}`
          : `did you mean \`${full(near)}\`?`;
      report('unknown-param', source.at(entry.keySpan), `no param is called \`${here.join('.')}\``, hint);
      continue;
    }
    merged[entry.key] =
      isJsonObject(old) && entry.value.kind === 'map'
        ? mergeParams(old, entry.value, here, merge)
        : typed(old, entry.value, here, merge);
  }
  return merged;
}

/**
 * The value as the param's type has it. A profile may change the type, --set may not: what a shell hands over is text, and
 * `epochs=six` must not become a param. Text stays text, however it reads: `--set name=2024`. A param that the file's
 * schema describes is checked against that instead, when everything is merged.
 */
function typed(
  old: Json | undefined,
  node: YamlNode,
  path: readonly string[],
  { types, source, report }: Merge,
): Json {
  const value = toJson(node);
  if (source.file !== setFile || value === null) return value;
  const described = types?.typeOf(path) ?? null;
  const isText = described === null ? typeof old === 'string' : described === 'string';
  if (isText && node.kind === 'scalar')
    return typeof value === 'string' ? value : source.text.slice(node.start, node.end);
  // A param that is null by default, or not declared at all, has no type to keep.
  if (described !== null || old === undefined || old === null) return value;
  const [wanted, found] = [typeWord(old), typeWord(value)];
  if (wanted === found || (isJsonObject(old) && Object.keys(old).length === 0)) return value;
  report(
    'wrong-type',
    source.at(node),
    `param \`${path.join('.')}\` is ${wanted}, not ${found}`,
    `it is ${JSON.stringify(old)} by default`,
  );
  return old;
}

function typeWord(value: Json): string {
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a map';
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'true or false' : 'text';
}

/** `--set train.epochs=10 --set axes.seed=[0,1]` as the tree of a profile, each part of it where it stands in the arguments. */
export function parseSet(set: readonly string[], report: Report): { override: YamlNode; source: SourceText } {
  const source = new SourceText(setFile, set.join('\n'));
  let override: YamlMap = { kind: 'map', entries: [], start: 0, end: source.text.length };
  let start = 0;
  for (const text of set) {
    const equals = text.indexOf('=');
    const path = text.slice(0, Math.max(0, equals)).split('.');
    if (equals < 1 || path.some((step) => step === '')) {
      const span = { start, end: start + text.length };
      report('bad-set', source.at(span), `\`${text}\` is not PATH=VALUE`, 'write --set train.epochs=10');
    } else if (path.includes('__proto__')) {
      const span = { start, end: start + equals };
      report('bad-name', source.at(span), '`__proto__` cannot be a name', 'choose another name');
    } else {
      const from = start + equals + 1;
      const parsed = parseYaml(text.slice(equals + 1), setFile, 'a value');
      const empty = parsed.diagnostics.all.some((one) => one.rule === 'empty-file');
      for (const { rule, message, hint } of empty ? [] : parsed.diagnostics.all) {
        report(rule, source.at({ start: from, end: start + text.length }), message, hint);
      }
      const value = parsed.root
        ? shifted(parsed.root, from)
        : ({ kind: 'scalar', value: null, start: from, end: from } as const);
      if (parsed.root || empty) {
        const full = path[0] === 'axes' && path.length === 2 ? path : ['params', ...path];
        override = placed(override, full, value, { start, end: start + equals });
      }
    }
    start += text.length + 1;
  }
  return { override, source };
}

function placed(
  map: YamlMap,
  [key, ...rest]: readonly string[],
  value: YamlNode,
  keySpan: { start: number; end: number },
): YamlMap {
  if (key === undefined) return map;
  const old = map.entries.find((entry) => entry.key === key)?.value;
  const empty: YamlMap = { kind: 'map', entries: [], start: keySpan.start, end: keySpan.end };
  const inner = rest.length === 0 ? value : placed(old?.kind === 'map' ? old : empty, rest, value, keySpan);
  return {
    ...map,
    entries: [...map.entries.filter((entry) => entry.key !== key), { key, keySpan, value: inner }],
  };
}

function shifted(node: YamlNode, by: number): YamlNode {
  const span = { start: node.start + by, end: node.end + by };
  if (node.kind === 'scalar') return { ...node, ...span };
  if (node.kind === 'list') return { ...node, ...span, items: node.items.map((item) => shifted(item, by)) };
  const entries = node.entries.map((entry) => ({
    key: entry.key,
    keySpan: { start: entry.keySpan.start + by, end: entry.keySpan.end + by },
    value: shifted(entry.value, by),
  }));
  return { ...node, ...span, entries };
}
