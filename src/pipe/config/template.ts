/**
 * `${…}` in the text of a pipeline file: taking it apart and filling it in. `$${` stands for a literal `${`, and
 * `${raw:…}` in a command for a text that the shell is to read as code.
 */
import type { Json } from '../../lib/json.ts';

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'ref';
      readonly path: readonly string[];
      /** Written `${raw:…}`. */
      readonly raw: boolean;
      readonly source: string;
    }
  /** `${` without its `}`, or with something in it that is no dotted name. */
  | { readonly kind: 'bad'; readonly source: string };

const pattern = /\$\$\{|\$\{[^}\n]*\}?/g;
const dottedName = /^(raw:)?([A-Za-z_][\w-]*(?:\.[\w-]+)*)$/;

export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let from = 0;
  let literal = '';
  for (const match of text.matchAll(pattern)) {
    literal += text.slice(from, match.index);
    from = match.index + match[0].length;
    if (match[0] === '$${') {
      literal += '${';
      continue;
    }
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
    const inner = match[0].slice(2, -1);
    const [, raw, path] = (match[0].endsWith('}') && dottedName.exec(inner)) || [];
    parts.push(
      path === undefined
        ? { kind: 'bad', source: match[0] }
        : { kind: 'ref', path: path.split('.'), raw: raw !== undefined, source: match[0] },
    );
  }
  literal += text.slice(from);
  if (literal !== '' || parts.length === 0) parts.push({ kind: 'text', text: literal });
  return parts;
}

/** Looks a reference up; undefined leaves its text as it stands. `inText`: the value is about to become text. */
export type Lookup = (path: readonly string[], inText: boolean) => Json | undefined;

/** Fills in every string of a value. A string that is exactly one `${…}` takes on the value's own type. */
export function fill(value: Json, lookup: Lookup): Json {
  if (typeof value === 'string') {
    if (!value.includes('${')) return value;
    const parts = parseTemplate(value);
    const only = parts.length === 1 ? parts[0] : undefined;
    if (only?.kind === 'ref') {
      const found = lookup(only.path, false);
      return found === undefined ? value : found;
    }
    return joined(parts, lookup);
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => fill(item, lookup));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, lookup)]));
}

/** Fills in a text that must stay text (a path, a command). */
export function fillText(text: string, lookup: Lookup): string {
  return text.includes('${') ? joined(parseTemplate(text), lookup) : text;
}

function joined(parts: readonly TemplatePart[], lookup: Lookup): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      const value = part.kind === 'ref' ? lookup(part.path, true) : undefined;
      return value === undefined ? part.source : asText(value);
    })
    .join('');
}

/** A value written inside text: a string as it is, everything else as JSON. */
export function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
