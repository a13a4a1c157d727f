/** The line of a log that says most, for a place that has room for one. */

/** What was thrown, not where; else the last line that says anything. Undefined: none does. */
export function tellingLine(tail: readonly string[]): string | undefined {
  const lines = tail.filter((line) => line.trim() !== '' && !/^\s+at |^\s*[{}]?$|^Node\.js v/.test(line));
  return lines.findLast((line) => /^(\s*\w*(Error|Exception)\b|error\b)/i.test(line)) ?? lines.at(-1);
}
