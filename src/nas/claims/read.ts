/** Reads claims.yaml. All that is wrong in it is told at once, each with its place and the next step. */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { type ClaimsFile, claimsFileSchema } from './form.ts';

/** A claims.yaml that cannot be used: a line for each mistake, `file:line:column: what is wrong; what to do`. */
export class ClaimsFileError extends Error {
  override readonly name = 'ClaimsFileError';
}

interface Mistake {
  /** Offset in the text. */
  readonly at: number;
  readonly what: string;
  readonly next: string;
}

/** `file` is the name that messages give it. Throws ClaimsFileError. */
export function readClaims(text: string, file: string): ClaimsFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = syntaxMistakes(document);
  if (syntax.length > 0) throw failure(syntax, file, lines);
  const result = claimsFileSchema.safeParse(document.toJS());
  const mistakes = [
    ...(result.error?.issues ?? []).flatMap((issue) => explain(issue, document)),
    ...repeatedIds(document, lines),
  ];
  if (!result.success || mistakes.length > 0) throw failure(mistakes, file, lines);
  return result.data;
}

function failure(mistakes: readonly Mistake[], file: string, lines: LineCounter): ClaimsFileError {
  const told = mistakes
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, what, next }) => {
      const { line, column } = placeOf(lines, at);
      return `${file}:${line}:${column}: ${what}; ${next}`;
    });
  return new ClaimsFileError(told.join('\n'));
}

function placeOf(lines: LineCounter, at: number): { line: number; column: number } {
  // An empty text has no lines.
  if (lines.lineStarts.length === 0) return { line: 1, column: 1 };
  const { line, col } = lines.linePos(at);
  return { line, column: col };
}

function syntaxMistakes(document: Document.Parsed): readonly Mistake[] {
  const mistakes = document.errors.map(({ pos, message }) => ({
    at: pos[0],
    what: message,
    next: 'look at brackets, quotes and indentation here and one line up',
  }));
  // The claims use none, and one that contains itself, or thousands, could only do harm.
  visit(document, {
    Alias(_, alias) {
      const next = 'write out what it stands for';
      mistakes.push({ at: alias.range?.[0] ?? 0, what: `*${alias.source} is an alias`, next });
    },
  });
  return mistakes;
}

const kindWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a map',
};

/** What to write for a key that is missing or wrong, where its name does not say it. */
const examples: Readonly<Record<string, string>> = {
  seeds: 'seeds: 3',
  scale: 'scale: { support: { epochs: 15 }, contradict: { epochs: 100 } }',
  support: 'support: { channels: 8, epochs: 15 }',
  contradict: 'contradict: { channels: 32, epochs: 100 }',
  id: 'id: "13"',
  parts: 'parts: [{ what: …, effect: …, supported: …, contradicted: … }]',
  effect: "effect: tau_a('S/no-zero') - tau_a('S/all')",
  supported: 'supported: "<= -0.6"',
  contradicted: 'contradicted: ">= 0"',
};

function explain(issue: z.core.$ZodIssue, document: Document.Parsed): readonly Mistake[] {
  const { node, keyAt, found } = nodeAt(document, issue.path);
  const where = issue.path.length === 0 ? 'the file' : `\`${issue.path.map(String).join('.')}\``;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      at: nodeAt(document, [...issue.path, key]).keyAt,
      what: `${where} has no key \`${key}\``,
      next: `it may hold ${issue.message}`,
    }));
  }
  const key = String(issue.path.at(-1) ?? '');
  const example = Object.hasOwn(examples, key) ? `, such as ${examples[key]}` : '';
  const isEmpty = node === null || (isScalar(node) && node.value === null);
  // An empty value has no text to point at: its key stands for it.
  const at = isEmpty ? keyAt : (node.range?.[0] ?? keyAt);
  if (isEmpty && issue.path.length === 0)
    return [{ at: 0, what: 'the file is empty', next: 'add `seeds`, `scale` and `claims`' }];
  if (isEmpty || found < issue.path.length)
    return [{ at, what: `${where} is missing`, next: `add it${example}` }];
  if (issue.code === 'invalid_type') {
    const expected = kindWords[issue.expected] ?? issue.expected;
    const what = `${where} must be ${expected}, not ${kindOf(node)}`;
    const quotes = issue.expected === 'string' && isScalar(node);
    return [{ at, what, next: quotes ? 'put it in quotes' : `correct it${example}` }];
  }
  return [{ at, what: `${where}: ${issue.message}`, next: `correct it${example}` }];
}

function kindOf(node: Node): string {
  if (!isScalar(node)) return isMap(node) ? 'a map' : 'a list';
  const kind = typeof node.value;
  return kind === 'string' ? 'text' : kind === 'number' ? String(node.value) : `a ${kind}`;
}

/** The node at `path`, or the deepest on the way to it; where the last key on the way stands; how many steps are there. */
function nodeAt(
  document: Document.Parsed,
  path: readonly PropertyKey[],
): { readonly node: Node | null; readonly keyAt: number; readonly found: number } {
  let node: Node | null = document.contents;
  let keyAt = 0;
  for (const [found, step] of path.entries()) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) return { node, keyAt, found };
      if (isNode(pair.key)) keyAt = pair.key.range?.[0] ?? keyAt;
      next = pair.value;
    } else if (isSeq(node) && Number(step) < node.items.length) next = node.items[Number(step)];
    else return { node, keyAt, found };
    node = isNode(next) ? next : null;
  }
  return { node, keyAt, found: path.length };
}

function repeatedIds(document: Document.Parsed, lines: LineCounter): readonly Mistake[] {
  const claims = document.get('claims');
  const places = new Map<string, number>();
  const mistakes: Mistake[] = [];
  for (const claim of isSeq(claims) ? claims.items : []) {
    const id: unknown = isMap(claim) ? claim.get('id', true) : null;
    if (!isScalar(id) || id.value === null) continue;
    const name = String(id.value);
    const at = id.range?.[0] ?? 0;
    const line = places.get(name);
    if (line === undefined) places.set(name, placeOf(lines, at).line);
    else
      mistakes.push({
        at,
        what: `line ${line} has a claim \`${name}\` already`,
        next: 'give this one an id of its own',
      });
  }
  return mistakes;
}
