/** HTML from template literals in which every value is escaped unless it is HTML already. */
import { createHash } from 'node:crypto';

/** Text that may stand in a page as it is. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** `html`<p>${untrusted}</p>``: strings are escaped for text and double-quoted attributes; null and false are nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0]!;
  for (const [i, part] of parts.entries()) text += partText(part) + strings[i + 1]!;
  return new Html(text);
}

/** Text that is known to be HTML: rendered SVG, a style sheet, a script. */
export function raw(text: string): Html {
  return new Html(text);
}

export function escapeText(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\t' ? character : ''));
}

/** A name as an id of letters, digits, `-` and `_`; a name that has others gets a digest, so that ids stay apart. */
export function anchor(prefix: string, name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]+/g, '-');
  if (plain === name) return `${prefix}-${name}`;
  return `${prefix}-${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
}

function partText(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(partText).join('');
  return escapeText(String(part));
}
