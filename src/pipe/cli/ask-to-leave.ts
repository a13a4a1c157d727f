/** What a Ctrl-C means for jobs in a queue: asked once where somebody can answer. */
import type { Invocation } from './command.ts';

/** A hang-up leaves them alone: whoever closed the terminal did not ask to end anything. */
export async function asksToLeave({ stderr }: Invocation, signal: NodeJS.Signals): Promise<boolean> {
  if (signal !== 'SIGINT') return signal === 'SIGHUP';
  if (!process.stdin.isTTY || !stderr.isTTY) return false;
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, output: stderr });
  return new Promise((resolve) => {
    const answered = (text: string) => {
      lines.close();
      resolve(/^l/i.test(text.trim()));
    };
    // A second Ctrl-C ends them: readline takes it from the terminal.
    lines.once('SIGINT', () => answered('c'));
    lines.question('\nJobs are in a queue. Let them run (l), or cancel them (c)? ', answered);
  });
}
