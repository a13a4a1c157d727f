/** `${…}` of dvc.yaml: taken apart, filled in, and written as the references of a pipeline file. */
import { isJsonArray, isJsonObject, type Json } from '../../lib/json.ts';
import { asText } from '../config/template.ts';

export type DvcPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ref'; readonly path: readonly string[]; readonly source: string };

/** `\${` is a literal `${`. `${a.b[0]}` is the path a, b, 0. */
export function dvcParts(text: string): readonly DvcPart[] {
  const parts: DvcPart[] = [];
  let from = 0;
  for (const match of text.matchAll(/\\\$\{|\$\{([^}\n]*)\}/g)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    if (match[1] === undefined) parts.push({ kind: 'text', text: '${' });
    else {
      const path = match[1]
        .trim()
        .replaceAll(/\[['"]?([^\]'"]*)['"]?\]/g, '.$1')
        .split('.');
      parts.push({ kind: 'ref', path, source: match[0] });
    }
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

/** What a reference stands for, and how a pipeline file writes it; `reference` null: it can only be written out. */
export interface Meaning {
  readonly value: Json;
  readonly reference: string | null;
}
export type Meanings = (path: readonly string[]) => Meaning | undefined;

/** A reference of dvc.yaml that stands for nothing. */
export class UnknownReference extends Error {}

/** Filled in, as DVC does it. A text that is one reference alone is the value itself. */
export function filledIn(text: string, meanings: Meanings): Json {
  const parts = dvcParts(text);
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'ref') return meant(only, meanings).value;
  return parts
    .map((part) => (part.kind === 'text' ? part.text : valueText(meant(part, meanings).value)))
    .join('');
}

export function filledText(text: string, meanings: Meanings): string {
  return valueText(filledIn(text, meanings));
}

/** With references of the pipeline file. `command`: its values are words of a shell, as they are in DVC. */
export function translated(text: string, meanings: Meanings, { command = false } = {}): string {
  const words = dvcParts(text).map((part) => {
    if (part.kind === 'text') return part.text.replaceAll('${', () => '$${');
    const meaning = meant(part, meanings);
    if (!command) return reference(meaning, false);
    return isJsonObject(meaning.value) ? flagsOf(meaning.value, meaning.reference) : reference(meaning, true);
  });
  return words.join('');
}

function meant(part: Extract<DvcPart, { kind: 'ref' }>, meanings: Meanings): Meaning {
  const found = meanings(part.path);
  if (found === undefined) throw new UnknownReference(`\`${part.source}\` stands for nothing`);
  return found;
}

function reference({ value, reference: name }: Meaning, command: boolean): string {
  const text = valueText(value);
  if (name === null) return text.replaceAll('${', () => '$${');
  // DVC writes the value into the command: what is several words there, or code, still is.
  return command && !/^[\w./:=@%+,-]*$/.test(text) ? `\${raw:${name}}` : `\${${name}}`;
}

/** A map in a command is flags: `--lr 0.1 --flag --nested.key x --list 1 2`. */
function flagsOf(map: { readonly [key: string]: Json }, name: string | null, prefix = ''): string {
  const flags = Object.entries(map).flatMap(([key, value]): readonly string[] => {
    const inner = name === null || !/^[\w-]+$/.test(key) ? null : `${name}.${key}`;
    const flag = `--${prefix}${key}`;
    if (value === false) return [];
    if (value === true) return [flag];
    if (isJsonObject(value)) return [flagsOf(value, inner, `${prefix}${key}.`)];
    if (isJsonArray(value)) return [`${flag} ${value.map((item) => word(valueText(item))).join(' ')}`];
    return [`${flag} ${inner === null ? word(valueText(value)) : `\${${inner}}`}`];
  });
  return flags.filter((flag) => flag !== '').join(' ');
}

function word(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The shell fills nothing in between single quotes; where nothing else hangs on them they become double ones. */
export function withoutSingleQuotes(command: string): string {
  const quoted = /\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'([^']*)'/g;
  return command.replaceAll(quoted, (whole, inner: string | undefined) => {
    if (inner === undefined || !inner.includes('${')) return whole;
    return /["\\`\n]|\$(?!\{)/.test(inner) ? whole : `"${inner}"`;
  });
}

function valueText(value: Json): string {
  return asText(value);
}

/** What lies at a path in a value, in lists by number; undefined: nothing. */
export function valueWithin(value: Json, path: readonly string[]): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path) {
    if (found === undefined) return undefined;
    if (isJsonArray(found)) found = /^\d+$/.test(step) ? found[Number(step)] : undefined;
    else found = isJsonObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
  }
  return found;
}
