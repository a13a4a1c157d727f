/** A stage's code in a line: the beginning of a bundle's digest, or the command itself. */
const longest = 100;

export function codeText(code: string): string {
  if (/^[0-9a-f]{64}$/.test(code)) return code.slice(0, 12);
  const line = code.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
