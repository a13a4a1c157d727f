/** docs/reference/diagnostics.md: each rule, a file that breaks it, and what the user then sees. */
import { diagnosticText } from '../../../src/pipe/cli/print-error.ts';
import { diagnosticCases } from '../config/diagnostic-cases.ts';
import { check } from '../config/marked.ts';
import { ruleText } from './rule-text.ts';

export function diagnosticsPage(): string {
  const sections = Object.entries(ruleText).map(([rule, text]) => {
    const example = diagnosticCases.find((one) => one.rule === rule && one.text.length < 600);
    return [`## ${rule}`, '', text, ...(example ? ['', ...block(example.text, rule)] : []), ''].join('\n');
  });
  return [intro, ...sections].join('\n');
}

const intro = `# Mistakes in a pipeline file

<!-- Made from the rules' tests by \`npm run docs\`. -->

\`pipe\` reports everything that is wrong at once, in the file's order: place, message, the rule in brackets, the line with
a caret, and the next step. The exit code is 2, and nothing has run. Each rule has its section here.
`;

function block(marked: string, rule: string): string[] {
  const found = check(marked).diagnostics.find((one) => one.rule === rule);
  if (!found) throw new Error(`no example of ${rule}`);
  const text = marked.replaceAll('«', '');
  const line = text.split('\n')[found.at.line - 1] ?? '';
  const yaml = text.trim() === '' ? [] : ['```yaml', text.trimEnd(), '```', ''];
  return [...yaml, '```text', diagnosticText(found, line).trimEnd(), '```'];
}
