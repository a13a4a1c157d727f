/** Checks a node of the file against a schema; what does not fit becomes diagnostics that point at the text. */
import type { z } from 'zod';
import type { DiagnosedText } from './diagnostics.ts';
import { didYouMean, nearest } from './suggest.ts';
import { nodeAt, toJson, type YamlNode } from './yaml-node.ts';

export interface Shaped<T> {
  readonly value: T;
  /** The node as it was understood. */
  readonly node: YamlNode;
}

/**
 * The node's value in the schema's type. An unknown key is reported and then read as the key it was meant to be, or
 * dropped, so that the rest can still be checked and one typo is one mistake; undefined when something else is wrong.
 * `what` names the value in messages: "stage `train`".
 */
export function checkShape<T>(
  schema: z.ZodType<T>,
  node: YamlNode,
  what: string,
  { source, report }: DiagnosedText,
): Shaped<T> | undefined {
  let current = node;
  // Mending unknown keys may uncover others (a union's branch decides on keys); three rounds reach a fixed point.
  for (let round = 0; round < 3; round++) {
    const result = schema.safeParse(toJson(current));
    if (result.success) return { value: result.data, node: current };
    const issues = result.error.issues.flatMap((issue) => leaves(issue, []));
    const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys');
    if (unknown.length === 0) {
      for (const issue of issues) explain(issue, current, what, { source, report });
      return undefined;
    }
    for (const issue of unknown) {
      explain(issue, current, what, { source, report });
      if (issue.code === 'unrecognized_keys') {
        current = mended(current, issue.path, issue.keys, issue.message.split(' '));
      }
    }
  }
  return undefined;
}

type Issue = z.core.$ZodIssue & { readonly path: PropertyKey[] };

/** A union's failure is that of the branch that fits best: the one whose own type was right. */
function leaves(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Issue[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.map((errors) => errors.flatMap((inner) => leaves(inner, path)));
    const fitting = branches.filter(
      (errors) => !errors.some((inner) => inner.code === 'invalid_type' && inner.path.length === path.length),
    );
    const best = fitting.sort((a, b) => a.length - b.length)[0];
    if (best) return best;
    const expected = branches
      .flat()
      .flatMap((inner) =>
        inner.code === 'invalid_type' && inner.path.length === path.length ? [inner.expected] : [],
      );
    return [{ ...issue, path, message: expectedText(expected) }];
  }
  return [{ ...issue, path }];
}

function explain(issue: Issue, root: YamlNode, what: string, { source, report }: DiagnosedText): void {
  const { node, keySpan, found } = nodeAt(root, issue.path);
  const where = pathOf(issue.path, what);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    for (const key of issue.keys) {
      const { keySpan: span } = nodeAt(root, [...issue.path, key]);
      const hint = didYouMean(key, known) ?? `it may hold ${known.map((word) => `\`${word}\``).join(', ')}`;
      report('unknown-key', source.at(span ?? node), `${where} has no key \`${key}\``, hint);
    }
    return;
  }
  if (found < issue.path.length) {
    const missing = issue.path.slice(found).map(String).join('.');
    const inside = pathOf(issue.path.slice(0, found), what);
    report('missing-key', source.at(keySpan ?? node), `${inside} lacks \`${missing}\``);
    return;
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'not a name';
    report('bad-name', source.at(keySpan ?? node), `${where}: ${reason}`);
    return;
  }
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') {
    const expected = issue.code === 'invalid_type' ? expectedText([issue.expected]) : issue.message;
    const message = `${where}: ${expected}, found ${kindOf(node)}`;
    const quotable = issue.code === 'invalid_type' && issue.expected === 'string' && isText(node);
    report(
      'wrong-type',
      source.at(spanOrKey(node, keySpan)),
      message,
      quotable ? 'put it in quotes' : undefined,
    );
    return;
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const hint = node.kind === 'scalar' ? didYouMean(String(node.value), values) : undefined;
    const message = `${where} must be ${values.map((value) => `\`${value}\``).join(' or ')}`;
    report('wrong-value', source.at(spanOrKey(node, keySpan)), message, hint);
    return;
  }
  report('wrong-value', source.at(spanOrKey(node, keySpan)), `${where}: ${issue.message}`);
}

function pathOf(path: readonly PropertyKey[], what: string): string {
  return path.length === 0 ? what : `\`${path.map(String).join('.')}\` of ${what}`;
}

/** A number, true or false that was meant as text. */
function isText(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value !== null && typeof node.value !== 'string';
}

/** An empty value has no text to point at: its key stands for it. */
function spanOrKey<S extends { start: number; end: number }>(
  node: S,
  keySpan: S | { start: number; end: number } | null,
) {
  return keySpan && node.end <= node.start ? keySpan : node;
}

/** What a value is, in words, by the name that zod gives its kind. */
export const kindWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function expectedText(kinds: readonly string[]): string {
  const words = [...new Set(kinds.map((kind) => kindWords[kind] ?? kind))];
  return words.length === 0 ? 'wrong type' : `expected ${words.join(' or ')}`;
}

export function kindOf(node: YamlNode): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a map' : 'a list';
  if (node.value === null) return 'nothing';
  return typeof node.value === 'string' ? 'text' : typeof node.value === 'number' ? 'a number' : 'a boolean';
}

/** The tree with the unknown keys of the map at `path` renamed to the known ones they are nearest to, or dropped. */
export function mended(
  node: YamlNode,
  path: readonly PropertyKey[],
  unknown: readonly string[],
  known: readonly string[],
): YamlNode {
  const [step, ...rest] = path;
  const below = (child: YamlNode): YamlNode => mended(child, rest, unknown, known);
  if (node.kind === 'list' && step !== undefined) {
    return { ...node, items: node.items.map((item, index) => (index === Number(step) ? below(item) : item)) };
  }
  if (node.kind !== 'map') return node;
  if (step !== undefined) {
    const entries = node.entries.map((entry) =>
      entry.key === String(step) ? { ...entry, value: below(entry.value) } : entry,
    );
    return { ...node, entries };
  }
  const taken = new Set(node.entries.map((entry) => entry.key));
  const entries = node.entries.flatMap((entry) => {
    if (!unknown.includes(entry.key)) return [entry];
    const meant = nearest(entry.key, known);
    if (meant === undefined || taken.has(meant)) return [];
    taken.add(meant);
    return [{ ...entry, key: meant }];
  });
  return { ...node, entries };
}
