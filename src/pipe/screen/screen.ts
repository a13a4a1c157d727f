/** Chooses the screen of a run: what flags say, then what the environment says, then whether a person is watching. */
import type { Subscriber } from '../run/event.ts';

export interface Screen {
  readonly take: Subscriber;
  /** Leaves the terminal as it was found, however the run ended. */
  readonly close: () => void;
  /** Draws nothing until what is returned is called: somebody is asked something. Left out: it never draws over anything. */
  readonly pause?: () => () => void;
}

export interface ScreenOptions {
  /** `json`: every event as a line on standard output. */
  readonly kind: 'auto' | 'json';
  /** `quiet`: failures and the last line; `verbose`: starts and messages of the stages too. */
  readonly detail: 'quiet' | 'usual' | 'verbose';
  readonly color: 'always' | 'never' | 'auto';
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Loads only the screen it chooses. */
export async function openScreen(options: ScreenOptions): Promise<Screen> {
  return choose(options);
}

async function choose(options: ScreenOptions): Promise<Screen> {
  const { env, stderr, stdout, detail } = options;
  const close = () => {};
  if (options.kind === 'json') {
    return { take: (event) => stdout.write(`${JSON.stringify(event)}\n`), close };
  }
  const colour = usesColour(options.color, env, stderr.isTTY === true);
  if (stderr.isTTY && env.TERM !== 'dumb' && !env.CI && detail === 'usual') {
    const { liveScreen } = await import('./live.ts');
    return liveScreen({ terminal: stderr, colour });
  }
  const { plainScreen } = await import('./plain.ts');
  const write = (text: string) => stderr.write(text);
  if (env.GITHUB_ACTIONS !== 'true') return { take: plainScreen({ write, colour, detail }), close };
  const { githubDecoration } = await import('./github.ts');
  return { take: plainScreen({ write, colour, detail, decorate: githubDecoration }), close };
}

/** --color, NO_COLOR, FORCE_COLOR, TERM=dumb, terminal: the first that says something. */
export function usesColour(
  flag: 'always' | 'never' | 'auto',
  env: NodeJS.ProcessEnv,
  isTerminal: boolean,
): boolean {
  if (flag !== 'auto') return flag === 'always';
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return env.TERM !== 'dumb' && isTerminal;
}
