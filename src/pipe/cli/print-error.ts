/** A failure as a person reads it: where, the line with a caret, what to do next. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Diagnostic, UserError } from '../config/diagnostic.ts';
import type { Surroundings } from './command.ts';

export function printUserError(error: UserError, { project, stderr }: Surroundings): void {
  const paint = (style: 'red' | 'bold', text: string) => styleText(style, text, { stream: stderr });
  const lines = error.diagnostics.map((diagnostic) =>
    diagnosticText(diagnostic, sourceLine(project, diagnostic)),
  );
  stderr.write([...lines, `${paint('red', 'error')}: ${error.message}`, ''].join('\n'));
  if (error.hint) stderr.write(`${paint('bold', 'next')}: ${error.hint}\n`);
}

/** `file:line:column: error: message [rule]`, the source line, a caret under it, the hint. */
export function diagnosticText(diagnostic: Diagnostic, source: string | null): string {
  const { at, severity, message, rule, hint } = diagnostic;
  const head = `${at.file}:${at.line}:${at.column}: ${severity}: ${message} [${rule}]`;
  const marked =
    source === null
      ? []
      : [
          `  ${source}`,
          `  ${' '.repeat(at.column - 1)}${'^'.repeat(Math.max(1, Math.min(at.length ?? 1, 60)))}`,
        ];
  return [head, ...marked, ...(hint ? [`  ${hint}`] : []), ''].join('\n');
}

function sourceLine(project: string, { at }: Diagnostic): string | null {
  try {
    const line = readFileSync(resolve(project, at.file), 'utf8').split('\n')[at.line - 1];
    return line === undefined || line.length > 200 ? null : line.replaceAll('\t', ' ');
  } catch {
    return null;
  }
}
