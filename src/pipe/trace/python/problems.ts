/** What in Python code cannot be followed, as diagnostics with the way out. */
import type { Diagnostic } from '../../../lib/diagnostics/diagnostic.ts';
import type { PythonFile, PythonItem } from './analysis.ts';

const words: Readonly<
  Record<PythonItem['problems'][number]['kind'], (text: string) => readonly [string, string]>
> = {
  'dynamic-import': (text) => [
    `\`${text}\` imports what only the run knows`,
    'write the name as a text, or list the files that it may import under `code:` of the stage',
  ],
  data: (text) => [
    `\`${text}\` leads to files that are in no key`,
    'declare the file that it reads under `deps` and take its path from there, or list it under `code:` of the stage',
  ],
  path: (text) => [
    `\`${text}\` is changed or read here, so imports cannot be followed`,
    'modules are found beside the script, in the project folder and in `src/`; list others under `code:` of the stage',
  ],
};

/** `file`: as messages name it. */
export function problemsOf(file: string, { problems }: PythonItem): Diagnostic[] {
  return problems.map(({ kind, text, line, column }) => {
    const [message, hint] = words[kind](text);
    return { severity: 'error', rule: `python-${kind}`, message, at: { file, line, column }, hint };
  });
}

export function syntaxProblem(file: string, { error }: PythonFile): Diagnostic | null {
  if (error === null) return null;
  const { message, line, column } = error;
  return {
    severity: 'error',
    rule: 'python-syntax',
    message,
    at: { file, line, column: Math.max(1, column) },
  };
}
