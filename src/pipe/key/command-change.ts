/** What differs between two commands, with a word before and after: the rest of a long line says nothing. */

/** `… --epochs 5 > … → … --epochs 50 > …`. */
export function commandChange(from: string, to: string): string {
  const [a, b] = [wordsOf(from), wordsOf(to)];
  const least = Math.min(a.length, b.length);
  let start = 0;
  while (start < least && a[start] === b[start]) start++;
  let end = 0;
  while (end < least - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return `${part(a, start, end)} → ${part(b, start, end)}`;
}

function part(words: readonly string[], start: number, end: number): string {
  const first = Math.max(0, start - 1);
  const last = Math.min(words.length, words.length - end + 1);
  const text = words.slice(first, last).join(' ');
  return `${first > 0 ? '… ' : ''}${text}${last < words.length ? ' …' : ''}`;
}

function wordsOf(command: string): readonly string[] {
  return command.split(/\s+/).filter((word) => word !== '');
}
