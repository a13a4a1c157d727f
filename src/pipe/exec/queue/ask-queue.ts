/** Runs a command of a queue. An environment of its own: what the user's shell has is no part of a job. */
import { execFile } from 'node:child_process';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const timeoutMs = 120_000;
const mostBytes = 256 * 1024 * 1024;

/** @throws Error when the program cannot be started, or does not end */
export function askQueue(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settings = { ...options, timeout: timeoutMs, maxBuffer: mostBytes, encoding: 'utf8' } as const;
    // A group of its own: a Ctrl-C in the terminal must not end a submission halfway.
    const child = execFile(
      file,
      [...args],
      { ...settings, detached: true } as typeof settings,
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve({ code, stdout, stderr });
        else
          reject(
            new Error(
              `${file}: ${error?.killed === true ? 'no answer in time' : (error?.message ?? 'ended')}`,
            ),
          );
      },
    );
    child.stdin?.end();
  });
}

/** The first words of what went wrong, in one line. */
export function problemOf({ stdout, stderr, code }: Answer): string {
  const text = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return text.slice(0, 3).join('; ').slice(0, 400) || `exit code ${code}`;
}
