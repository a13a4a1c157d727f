/** What esbuild says of mistakes in the code, with the way out. */
import { sep } from 'node:path';
import type { BuildFailure, Message } from 'esbuild';
import type { Diagnostic } from '../../../lib/diagnostics/diagnostic.ts';

export function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

const advice: Readonly<Record<string, string>> = {
  'unsupported-dynamic-import':
    "Write the path as a literal, `import('./x.ts')`; where one of several is chosen, choose between literal imports. Code that cannot be listed so belongs in a `cmd:` stage with its files under `deps`.",
  'unsupported-require-call':
    'Import it with a literal path; code that cannot be listed so belongs in a `cmd:` stage with its files under `deps`.',
};

export function diagnosticOf(message: Message): Diagnostic {
  const { location } = message;
  const hint = advice[message.id] ?? (typeof message.detail === 'string' ? message.detail : undefined);
  return {
    severity: 'error',
    rule: message.id === '' ? 'code' : message.id,
    message: message.text,
    at: {
      file: (location?.file ?? '').split(sep).join('/'),
      line: location?.line ?? 1,
      column: (location?.column ?? 0) + 1,
      ...(location ? { length: location.length } : {}),
    },
    ...(hint === undefined ? {} : { hint }),
  };
}
