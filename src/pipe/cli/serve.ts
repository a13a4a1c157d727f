/** `pipe serve [RUN]`: a live page of the run that is under way, whoever drives it. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { theRun } from '../history/find-run.ts';
import { LiveServer } from '../live/live-server.ts';
import { ProjectSource } from '../live/live-source.ts';
import { layoutOf } from '../store/layout.ts';
import { type Command, type Invocation, jsonFlag, wholeNumber } from './command.ts';
import { projectTitle } from './project-title.ts';

const lookEveryMs = 200;

export const serve: Command = {
  name: 'serve',
  summary: 'show a live page of the newest run on this machine, until Ctrl-C',
  usage: '[RUN] [flags]',
  flags: {
    port: { type: 'string', value: 'N', help: 'Port on 127.0.0.1 (default: any that is free)' },
    ...jsonFlag,
  },
  examples: [
    ['pipe serve', 'the newest run, and each that begins after it; also of `pipe run --detach`'],
    ['pipe serve 20261124-130501-3f9a', 'one run'],
    ['pipe serve --port 8080', 'for `ssh -L 8080:127.0.0.1:8080 HOST` from elsewhere'],
  ],
  async run(parsed, invocation) {
    const { project, stdout } = invocation;
    const [word, ...more] = parsed.arguments;
    if (more.length > 0) throw new UserError('pipe serve takes one run', { code: exitCode.usage });
    const chosen = word === undefined ? null : theRun(layoutOf(project), word).name;
    const source = new ProjectSource(project, await projectTitle(invocation), chosen);
    source.look();
    const server = new LiveServer(source);
    const address = await server.listen(portOf(parsed.text('port')));
    const timer = setInterval(() => source.look(), lookEveryMs);
    try {
      stdout.write(parsed.is('json') ? `${JSON.stringify({ address })}\n` : `${address}\n`);
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
      });
    } finally {
      clearInterval(timer);
      await server.close();
    }
    return exitCode.ok;
  },
};

export function portOf(text: string | null): number {
  const port = wholeNumber(text, 'port') ?? 0;
  if (port > 65_535)
    throw new UserError(`--port takes a number up to 65535, not '${text}'`, { code: exitCode.usage });
  return port;
}

/** The live page of a run of this process; `take` gets its events. */
export async function serveRun(
  invocation: Invocation,
  title: string,
  port: string | null,
): Promise<{ readonly take: ProjectSource['take']; readonly address: string; close(): Promise<void> }> {
  const source = new ProjectSource(invocation.project, title, null);
  const server = new LiveServer(source);
  const address = await server.listen(portOf(port));
  return { take: source.take, address, close: () => server.close() };
}
