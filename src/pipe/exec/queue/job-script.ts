/** The shell in which a job of a queue begins. */
import type { ExecutorDoc } from '../../config/executor-doc.ts';

/** Up to the command itself: the user's lines, and the project as the working directory. */
export function scriptHead({ setup }: Pick<ExecutorDoc, 'setup'>, project: string): readonly string[] {
  return [
    // A login shell knows the modules of the host.
    setup.length > 0 ? '#!/bin/bash -l' : '#!/bin/sh',
    ...setup,
    `cd ${quotedWord(project)} || exit 1`,
  ];
}

/** One word for the shell, whatever is in it. */
export function quotedWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
