/** Chooses the screen of a run: what flags say, then what the environment says, then whether a person is watching. */
import type { Subscriber } from '../run/event.ts';

export interface ScreenOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** --color; null: not said. */
  readonly color: 'always' | 'never' | null;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Loads only the screen it chooses. */
export async function openScreen(options: ScreenOptions): Promise<Subscriber> {
  const { env, stderr, stdout } = options;
  // A reader that went away (`pipe run | head`) must not end the run.
  for (const stream of [stderr, stdout]) stream.on('error', () => {});
  if (options.json) return (event) => stdout.write(`${JSON.stringify(event)}\n`);
  const colour = usesColour(options.color, env, stderr.isTTY === true);
  if (stderr.isTTY && env.TERM !== 'dumb' && !env.CI && !options.quiet && !options.verbose) {
    const { liveScreen } = await import('./live.ts');
    return liveScreen({ terminal: stderr, colour });
  }
  const { plainScreen } = await import('./plain.ts');
  const level = options.quiet ? 'quiet' : options.verbose ? 'verbose' : 'normal';
  const write = (text: string) => stderr.write(text);
  if (env.GITHUB_ACTIONS !== 'true') return plainScreen({ write, colour, level });
  const { githubDecoration } = await import('./github.ts');
  return plainScreen({ write, colour, level, decorate: githubDecoration });
}

/** --color, NO_COLOR, FORCE_COLOR, TERM=dumb, terminal: the first that says something. */
export function usesColour(
  flag: 'always' | 'never' | null,
  env: NodeJS.ProcessEnv,
  isTerminal: boolean,
): boolean {
  if (flag !== null) return flag === 'always';
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return env.TERM !== 'dumb' && isTerminal;
}
