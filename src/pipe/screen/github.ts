/** What GitHub Actions makes of a log: a failure as an annotation, its details folded. */
import type { RunEvent } from '../run/event.ts';

/** Workflow commands are lines; what they carry must not end the line or the property. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

export function githubDecoration(event: RunEvent, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return lines;
  if (event.type === 'warning') return [`::warning::${data(event.text)}`];
  if (event.type !== 'cell-failed') {
    // A stage's words must not be taken for commands of the workflow.
    return lines.map((line) => (line.trimStart().startsWith('::') ? ` ${line.replace('::', ': :')}` : line));
  }
  const [first = '', ...details] = lines;
  return [
    `::group::${data(first)}`,
    ...details,
    '::endgroup::',
    `::error title=${property(`${event.cell} failed`)}::${data(event.error.message)}`,
  ];
}
