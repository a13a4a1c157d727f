/**
 * YAML text → a small tree that knows where everything stands. Bounded: size, depth and alias expansion of what a
 * hostile file holds are refused before they cost anything.
 * Long because a node, its kinds and what reads them are one concept.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, type ParsedNode, Parser } from 'yaml';
import type { Json } from '../json.ts';
import { Diagnostics } from './diagnostics.ts';
import { SourceText, type Span } from './source-text.ts';

export type YamlNode = YamlScalar | YamlMap | YamlList;
export interface YamlScalar extends Span {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
}
export interface YamlMap extends Span {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
}
export interface YamlEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}
export interface YamlList extends Span {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

/** A pipeline of 10,000 hand-written stages is below 4 MB; deeper than 100 nobody reads. */
export const limits = { characters: 4_000_000, depth: 100, nodes: 500_000 } as const;

/** By the library's code of the problem. */
const syntaxHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces, YAML forbids tabs',
  BAD_INDENT: 'close what is open, a bracket or a brace; keys of one map begin in the same column',
  MISSING_CHAR: 'something opened here or above has no end: look for a bracket or a quote',
};
const anySyntaxHint =
  'look at brackets, quotes and indentation here and one line up; text with `: `, `#` or `{` goes into quotes';

export interface ParsedYaml {
  /** Null when the text is no YAML or breaks a limit. */
  readonly root: YamlNode | null;
  /** The text, and what is wrong with it so far. */
  readonly diagnostics: Diagnostics;
}

/** `start`: what a file that holds nothing should begin with. */
export function parseYaml(text: string, file: string, start: string): ParsedYaml {
  const source = new SourceText(file, text);
  const diagnostics = new Diagnostics(source);
  const error = (rule: string, span: Span, message: string, hint?: string): void =>
    diagnostics.report(rule, source.at(span), message, hint);
  const top = { start: 0, end: 1 };
  if (text.length > limits.characters) {
    error('too-large', top, `the file has ${text.length} characters, more than ${limits.characters}`);
    return { root: null, diagnostics };
  }
  const tokens = tokenize(text, (offset) =>
    error('too-deep', { start: offset, end: offset + 1 }, `nested deeper than ${limits.depth} levels`),
  );
  if (tokens === null) return { root: null, diagnostics };
  // Duplicate keys are looked for below: the library's own search takes quadratic time.
  const [document, ...others] = new Composer({ uniqueKeys: false, merge: false, logLevel: 'silent' }).compose(
    tokens,
    true,
    text.length,
  );
  if (others.length > 0) {
    error(
      'yaml-syntax',
      spanOf(others[0]?.range, text),
      'a second document starts here; a pipeline is one document',
      'remove the `---`, or move what follows to a file of its own, for --file',
    );
    return { root: null, diagnostics };
  }
  for (const problem of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    const [from, to] = problem.pos;
    error(
      'yaml-syntax',
      { start: from, end: to },
      problem.message,
      syntaxHints[problem.code] ?? anySyntaxHint,
    );
  }
  if (diagnostics.failed || !document) return { root: null, diagnostics };
  if (document.contents === null) {
    error('empty-file', top, 'the file holds nothing', `start with ${start}`);
    return { root: null, diagnostics };
  }
  const root = new TreeBuilder(text, error).build(document.contents);
  const isTooMuch = diagnostics.all.some(({ rule }) => rule.startsWith('too-'));
  return { root: isTooMuch ? null : root, diagnostics };
}

/** The file's tokens; null after `tooDeep` was called. The library's composer recurses, so depth is checked before it. */
function tokenize(text: string, tooDeep: (offset: number) => void): Parameters<Composer['next']>[0][] | null {
  const parser = new Parser();
  const tokens: Parameters<Composer['next']>[0][] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > limits.depth) {
      tooDeep(parser.offset - lexeme.length);
      return null;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function spanOf(range: readonly number[] | null | undefined, text: string): Span {
  return { start: range?.[0] ?? 0, end: range?.[1] ?? text.length };
}

type Report = (rule: string, span: Span, message: string, hint?: string) => void;

/** Turns the library's nodes into ours: aliases and merge keys followed, within the limit on nodes. */
class TreeBuilder {
  readonly #text: string;
  readonly #report: Report;
  readonly #anchors = new Map<string, { node: YamlNode; size: number } | 'open'>();
  #nodes = 0;
  #stopped = false;

  constructor(text: string, report: Report) {
    this.#text = text;
    this.#report = report;
  }

  build(node: ParsedNode | null): YamlNode {
    const span = spanOf(node?.range, this.#text);
    if (node === null || this.#stopped) return { kind: 'scalar', value: null, ...span };
    if (isAlias(node)) return this.#alias(node.source, span);
    const anchor = node.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const before = this.#nodes;
    this.#count(1, span);
    const built = this.#collection(node, span);
    if (anchor !== undefined) this.#anchors.set(anchor, { node: built, size: this.#nodes - before });
    return built;
  }

  #collection(node: ParsedNode, span: Span): YamlNode {
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node.items), ...span };
    if (isSeq(node)) {
      const items = node.items.map((item) => this.build(item as ParsedNode | null));
      return { kind: 'list', items, ...span };
    }
    return { kind: 'scalar', value: isScalar(node) ? this.#scalar(node.value, span) : null, ...span };
  }

  #alias(name: string, span: Span): YamlNode {
    const anchored = this.#anchors.get(name);
    if (anchored === undefined || anchored === 'open') {
      const message = anchored === 'open' ? `*${name} contains itself` : `no anchor &${name} above`;
      this.#report('bad-alias', span, message);
      return { kind: 'scalar', value: null, ...span };
    }
    this.#count(anchored.size, span);
    return anchored.node;
  }

  #count(nodes: number, span: Span): void {
    this.#nodes += nodes;
    if (this.#nodes > limits.nodes && !this.#stopped) {
      this.#stopped = true;
      this.#report(
        'too-large',
        span,
        `the file stands for more than ${limits.nodes} values, aliases followed`,
      );
    }
  }

  #entries(pairs: readonly { key: unknown; value: unknown }[]): YamlEntry[] {
    const entries = new Map<string, YamlEntry>();
    const merged: YamlNode[] = [];
    for (const pair of pairs) {
      const keyNode = pair.key as ParsedNode | null;
      const keySpan = spanOf(keyNode?.range, this.#text);
      if (!isScalar(keyNode) || keyNode.value === null) {
        this.#report('wrong-type', keySpan, 'a key must be text');
        continue;
      }
      const plain = keyNode.type === 'PLAIN';
      const key =
        typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? String(keyNode.value));
      // A key with no value has a null node without a range: it stands at the end of the key.
      const value =
        pair.value === null
          ? ({ kind: 'scalar', value: null, start: keySpan.end, end: keySpan.end } as const)
          : this.build(pair.value as ParsedNode);
      if (plain && key === '<<') {
        merged.push(value);
        continue;
      }
      if (key === '__proto__') {
        this.#report('bad-name', keySpan, '`__proto__` cannot be a key');
        continue;
      }
      const first = entries.get(key);
      if (first) this.#report('duplicate-key', keySpan, `\`${key}\` is here twice`, 'remove one of them');
      else entries.set(key, { key, keySpan, value });
    }
    for (const node of merged) this.#merge(entries, node);
    return [...entries.values()];
  }

  #merge(entries: Map<string, YamlEntry>, node: YamlNode): void {
    const maps = node.kind === 'list' ? node.items : [node];
    for (const map of maps) {
      if (map.kind !== 'map') {
        this.#report('wrong-type', map, '`<<` merges a map or a list of maps');
        continue;
      }
      for (const entry of map.entries) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    }
  }

  #scalar(value: unknown, span: Span): YamlScalar['value'] {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number' && Number.isFinite(value)) {
      const text = this.#text.slice(span.start, span.end);
      if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(text)) {
        this.#report(
          'bad-number',
          span,
          `${text} is beyond ±2^53 and would lose digits`,
          'write it in quotes',
        );
      }
      return value;
    }
    this.#report(
      'bad-number',
      span,
      `${String(value)} has no JSON form`,
      'write it in quotes, or leave it out',
    );
    return null;
  }
}

/** The plain value of a node. */
export function toJson(node: YamlNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, toJson(entry.value)]));
}

/** The node at `path` below `node`, as far as it exists, and the key it hangs on (null at the top or in a list). */
export function nodeAt(
  node: YamlNode,
  path: readonly PropertyKey[],
): { readonly node: YamlNode; readonly keySpan: Span | null; readonly found: number } {
  let current = node;
  let keySpan: Span | null = null;
  for (const [index, step] of path.entries()) {
    if (current.kind === 'map') {
      const entry = current.entries.find((candidate) => candidate.key === String(step));
      if (!entry) return { node: current, keySpan, found: index };
      current = entry.value;
      keySpan = entry.keySpan;
    } else if (current.kind === 'list') {
      const item = current.items[Number(step)];
      if (!item) return { node: current, keySpan, found: index };
      current = item;
      keySpan = null;
    } else return { node: current, keySpan, found: index };
  }
  return { node: current, keySpan, found: path.length };
}

export function entryOf(node: YamlNode | undefined, key: string): YamlEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined;
}
