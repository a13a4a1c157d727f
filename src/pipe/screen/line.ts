/** A line of the screen as styled pieces, so that it can be cut to a width without cutting through colour codes. */
import { styleText } from 'node:util';
import { printable } from '../../lib/printable.ts';

export type Style = Parameters<typeof styleText>[0];
export interface Piece {
  readonly text: string;
  readonly style?: Style;
}
export type Line = readonly (Piece | string)[];

/** The line as text of at most `columns` columns; `colour` off gives it without any code. */
export function paint(line: Line, columns: number, colour: boolean): string {
  let room = columns;
  let result = '';
  for (const piece of line) {
    const { text, style } = typeof piece === 'string' ? { text: piece, style: undefined } : piece;
    const kept = cut(clean(text), room);
    room -= widthOf(kept);
    result +=
      colour && style !== undefined && kept !== '' ? styleText(style, kept, { validateStream: false }) : kept;
    if (kept !== clean(text)) break;
  }
  return result;
}

/** A stage's words must not move the cursor or ring the bell. */
function clean(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, ' ');
}

export function cut(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  if (room <= 0) return '';
  let result = '';
  let width = 0;
  for (const character of text) {
    const own = characterWidth(character);
    if (width + own > room - 1) break;
    width += own;
    result += character;
  }
  return `${result}…`;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** East Asian wide characters and emoji take two columns, marks that join the one before take none. */
function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/\p{Mark}/u.test(character) || code === 0x200b || code === 0x200d) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}
