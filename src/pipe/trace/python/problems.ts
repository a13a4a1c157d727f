/** What in Python code cannot be followed, as diagnostics with the way out. */
import type { Diagnostic } from '../../../lib/diagnostics/diagnostic.ts';
import type { PythonFile, PythonItem } from './analysis.ts';

type Kind = PythonItem['problems'][number]['kind'];

const words: Readonly<Record<Kind, (text: string) => readonly [string, string]>> = {
  'dynamic-import': (text) => [
    `\`${text}\` imports what only the run knows`,
    'write the name as a text, or list the files that it may import under `code:` of the stage',
  ],
  'dynamic-code': (text) => [
    `\`${text}\` runs code that only the run knows`,
    'write the code as a text or as code, or list the files that it may reach under `code:` of the stage',
  ],
  'passed-on': (text) => [
    `\`${text}\` is passed on, and what is done with it cannot be followed`,
    'use it by its name where it is needed, or list the files that it may reach under `code:` of the stage',
  ],
  process: (text) => [
    `\`${text}\` starts another Python, whose code is not followed`,
    'list the files that it runs under `code:` of the stage',
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

/** `file`: as messages name it. `isAllowed`: whether the stage answers for a kind of problem. */
export function problemsOf(
  file: string,
  { problems }: PythonItem,
  isAllowed: (kind: Kind) => boolean,
): Diagnostic[] {
  return problems
    .filter(({ kind }) => !isAllowed(kind))
    .map(({ kind, text, line, column }) => {
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
