/** A failure as a person reads it: where, the line with a caret, what to do next. */
import { styleText } from 'node:util';
import type { Diagnostic, Position, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { printable } from '../../lib/printable.ts';
import { ConfigurationError } from '../project/open-plan.ts';
import type { Invocation } from './command.ts';

export function printUserError(error: UserError, { stderr }: Invocation): void {
  const paint = (style: 'red' | 'bold', text: string) => styleText(style, text, { stream: stderr });
  const texts = error instanceof ConfigurationError ? error.texts : new Map<string, string>();
  const lines = diagnosticsText(error.diagnostics, texts);
  stderr.write(`${lines}${paint('red', 'error')}: ${printable(error.message)}\n`);
  if (error.hint) stderr.write(`${paint('bold', 'next')}: ${printable(error.hint)}\n`);
}

/** Each diagnostic with its line of the text that it points into. */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): string {
  return diagnostics
    .map((one) => {
      const line = texts.get(one.at.file)?.split('\n')[one.at.line - 1] ?? null;
      return `${diagnosticText(one, line)}\n`;
    })
    .join('');
}

/** Of a long line, this much stands before the mark. */
const before = 60;

/** `file:line:column: error: message [rule]`, the source line, a caret under it, the hint. */
export function diagnosticText(diagnostic: Diagnostic, line: string | null): string {
  const { at, severity, message, rule, hint } = diagnostic;
  const head = printable(`${at.file}:${at.line}:${at.column}: ${severity}: ${message} [${rule}]`);
  return [
    head,
    ...(line === null || line.trim() === '' ? [] : excerpt(line, at)),
    ...(hint ? [`  ${printable(hint)}`] : []),
    '',
  ].join('\n');
}

function excerpt(line: string, { column, length = 1 }: Position): string[] {
  const cut = Math.max(0, column - 1 - before);
  // A tab would move the caret: it counts as one column in positions.
  const shown = printable(line.replace(/[\t\r]/g, ' ')).slice(cut, cut + 2 * before);
  const start = column - 1 - cut;
  const marks = Math.max(1, Math.min(length, shown.length - start));
  return [
    `  ${cut > 0 ? '…' : ''}${shown}`,
    `  ${' '.repeat(start + (cut > 0 ? 1 : 0))}${'^'.repeat(marks)}`,
  ];
}
