/** Code that is loaded in a way that no tracer can follow, so that the key would not see it: an error with its place. */
import type { PartialMessage } from 'esbuild';

/** Written before such a call, with the reason, by who keys that code in another way. */
const mark = '@pipe-ignore';

export const hiddenCodeHint =
  'Import it with a literal path: CommonJS files and packages can be imported too. ' +
  `Where it must be loaded so, such as a native add-on, name what decides it under \`tools\` or \`deps\` and write \`/* ${mark}: keyed by … */\` on the line above.`;

/** `code`: the same text without comments; `text`: as written; `file`: for messages. */
export function hiddenCode(code: string, text: string, file: string): readonly PartialMessage[] {
  if (!code.includes('createRequire')) return [];
  const messages: PartialMessage[] = [];
  const lines = text.split('\n');
  const loads = [...code.matchAll(/\bcreateRequire\s*\(/g)].filter(
    ({ index, 0: call }) => !isOnlyResolve(code, index + call.length),
  ).length;
  if (loads === 0 && !/\bcreateRequire\s+as\b|=\s*[\w.]*createRequire\b(?!\s*\()/.test(code)) return [];
  for (const [index, line] of lines.entries()) {
    const column = line.search(/\bcreateRequire\s*(\(|as\b)/);
    if (column < 0 || /^\s*(\/\/|\*|\/\*)/.test(line)) continue;
    if (line.includes(mark) || lines[index - 1]?.includes(mark)) continue;
    if (isOnlyResolve(line, line.indexOf('(', column) + 1)) continue;
    messages.push({
      id: 'hidden-code',
      text: 'code that is loaded through createRequire is not seen by the key',
      detail: hiddenCodeHint,
      location: { file, line: index + 1, column, length: 'createRequire'.length, lineText: line },
    });
  }
  return messages;
}

/** `createRequire(…).resolve(…)` loads nothing. `from`: behind the opening parenthesis. */
function isOnlyResolve(code: string, from: number): boolean {
  let depth = 1;
  let at = from;
  for (; at < code.length && depth > 0; at++) {
    if (code[at] === '(') depth++;
    else if (code[at] === ')') depth--;
  }
  return depth === 0 && /^\s*\.resolve\b/.test(code.slice(at, at + 20));
}
