/** Line and column of a value in a JSON text, for a message about it. */
import { isNode, LineCounter, parseDocument } from 'yaml';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Longest text that is searched: finding a place takes longer than reading. */
const searched = 2_000_000;

/** Null when it is not found. A value that is absent has the place of the nearest one around it. */
export function placeIn(text: string, path: readonly PropertyKey[]): Place | null {
  if (text.length > searched) return null;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node) || !node.range) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return { line, column: col };
  }
  return null;
}

/** Where JSON.parse stopped. */
export function placeOfSyntaxError(text: string, error: SyntaxError): Place | null {
  const at = /position (\d+)/.exec(error.message)?.[1];
  const end = at === undefined ? text.length : Number(at);
  const before = text.slice(0, end).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
