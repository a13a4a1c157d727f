/** Aligned columns of text. */
import { printable } from '../../lib/printable.ts';

/** Rows padded to columns two spaces apart; the last column is left ragged. */
export function columns(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map((text) => printable(text).replaceAll('\n', ' ')));
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]! + 2)))
        .join('')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
