/** Runs a command of a queue. An environment of its own: what the user's shell has is no part of a job. */
import { execFile } from 'node:child_process';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** sbatch itself tries again for two minutes when the controller is full or away; nobody waits that long for one answer. */
const timeoutMs = 45_000;
const mostBytes = 256 * 1024 * 1024;

/** The program was started, and ended for its silence: what it asked for may have been done all the same. */
export class NoAnswer extends Error {}

export interface Asking {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The program is ended once it prints this among its errors: it would only wait and try again. */
  readonly enough?: RegExp;
}

/** @throws NoAnswer when the program does not end; Error when it cannot be started */
export function askQueue(
  file: string,
  args: readonly string[],
  { enough, ...options }: Asking = {},
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
        else if (enough?.test(stderr)) resolve({ code: 1, stdout, stderr });
        else if (error?.killed === true || error?.signal) reject(new NoAnswer(silence(file, stderr)));
        else reject(new Error(`${file}: ${error?.message ?? 'ended'}`));
      },
    );
    child.stdin?.end();
    child.stderr?.on('data', (text: string) => {
      if (enough?.test(text)) child.kill();
    });
  });
}

function silence(file: string, stderr: string): string {
  const said = problemOf({ code: 0, stdout: '', stderr });
  return `${file}: no answer in time${stderr.trim() === '' ? '' : `; it said: ${said}`}`;
}

/** The first words of what went wrong, in one line. */
export function problemOf({ stdout, stderr, code }: Answer): string {
  const text = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return text.slice(0, 3).join('; ').slice(0, 400) || `exit code ${code}`;
}
