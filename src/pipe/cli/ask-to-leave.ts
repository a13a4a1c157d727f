/** What a Ctrl-C means for jobs in a queue: asked once where somebody can answer. */
import type { Screen } from '../screen/screen.ts';
import type { Invocation } from './command.ts';

export interface LeavePrompt {
  readonly screen: Pick<Screen, 'pause'>;
  /** Aborted when the run has ended: then nobody needs an answer any more. */
  readonly over: AbortSignal;
}

/** A hang-up leaves them alone: whoever closed the terminal did not ask to end anything. */
export async function asksToLeave(
  { stderr }: Invocation,
  signal: NodeJS.Signals,
  { screen, over }: LeavePrompt,
): Promise<boolean> {
  if (signal !== 'SIGINT') return signal === 'SIGHUP';
  if (!process.stdin.isTTY || !stderr.isTTY) return false;
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, output: stderr });
  const goOn = screen.pause?.();
  return new Promise((resolve) => {
    const answered = (text: string) => {
      lines.close();
      if (!over.aborted) goOn?.();
      resolve(/^l/i.test(text.trim()));
    };
    // A second Ctrl-C ends them: readline takes it from the terminal.
    lines.once('SIGINT', () => answered('c'));
    over.addEventListener('abort', () => answered(''), { once: true });
    lines.question('\nJobs are in a queue. Let them run (l), or cancel them (c)? ', answered);
  });
}
