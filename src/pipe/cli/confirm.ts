/** Asks a person before something is removed. */
import { createInterface } from 'node:readline/promises';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Invocation } from './command.ts';

/** @throws UserError when there is nobody to ask */
export async function confirmed({ stdout }: Invocation, json: boolean): Promise<boolean> {
  if (json || process.stdin.isTTY !== true || stdout.isTTY !== true)
    throw new UserError('nothing was removed: there is no terminal to ask at', {
      code: exitCode.usage,
      hint: 'add --yes to remove it, or --dry-run to only look',
    });
  const ask = createInterface({ input: process.stdin, output: stdout });
  try {
    const answer = await ask.question('Remove it? [y/N] ');
    if (/^y(es)?$/i.test(answer.trim())) return true;
    stdout.write('nothing was removed\n');
    return false;
  } finally {
    ask.close();
  }
}
