/** Finds the verb, parses its flags, turns failures into messages and exit codes. Verbs are loaded one at a time. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { hasCode } from '../../lib/errno.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { version } from '../version.ts';
import { type Command, helpText, type Invocation, parseCommand } from './command.ts';
import { verbs } from './verbs.ts';

async function main(argv: readonly string[], invocation: Invocation): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    if (first === 'help' && rest[0] !== undefined) {
      if (Object.hasOwn(verbs, rest[0])) return main([rest[0], '--help'], invocation);
      return (await import('./help.ts')).showTopic(rest[0], invocation);
    }
    invocation.stdout.write(await overview());
    return first === undefined ? exitCode.usage : exitCode.ok;
  }
  if (first === '--version' || first === '-V') {
    invocation.stdout.write(`pipe ${version} (node ${process.version})\n`);
    return exitCode.ok;
  }
  if (first === '__complete') {
    const { candidatesFor } = await import('./complete.ts');
    const found = await candidatesFor(rest.slice(rest[0] === '--' ? 1 : 0), invocation);
    invocation.stdout.write(found.map((one) => `${one}\n`).join(''));
    return exitCode.ok;
  }
  const load = Object.hasOwn(verbs, first) ? verbs[first] : undefined;
  if (!load) {
    const { didYouMean } = await import('../../lib/diagnostics/suggest.ts');
    throw new UserError(`pipe has no command \`${first}\``, {
      code: exitCode.usage,
      hint: didYouMean(first, Object.keys(verbs)) ?? '`pipe --help` lists the commands',
    });
  }
  const command: Command = await load();
  const parsed = parseCommand(command, rest);
  if (parsed.help) {
    invocation.stdout.write(helpText(command));
    return exitCode.ok;
  }
  return command.run(parsed, invocation);
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(verbs).map((load) => load()));
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'pipe: a declarative pipeline tool for experiments',
    '',
    'Usage: pipe COMMAND [ARGUMENT…] [--flag…]',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${capitalised(summary)}`),
    '',
    'Topics:',
    (await import('./help.ts')).topicLines(),
    '`pipe COMMAND --help` shows its flags and examples, `pipe help TOPIC` a topic.',
    '',
  ].join('\n');
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** A reader that went away (`pipe status | head -1`) has what it wanted: that is no failure of the verb. */
function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error) => {
    if (!hasCode(error, 'EPIPE')) throw error;
  });
}

/** Runs the command; gives its exit code. Only a bug throws. `project`: where the command found itself. */
export async function dispatch(argv: readonly string[], project: string): Promise<number> {
  const invocation: Invocation = {
    argv,
    project,
    cwd: process.cwd(),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  };
  ignoreClosedPipe(process.stdout);
  ignoreClosedPipe(process.stderr);
  try {
    return await main(argv, invocation);
  } catch (error) {
    const failure = userErrorOf(error);
    if (failure === null) throw error;
    const { printUserError } = await import('./print-error.ts');
    printUserError(failure, invocation);
    return failure.code;
  }
}

/** What the user can mend; null: a bug, whose stack is wanted. */
function userErrorOf(error: unknown): UserError | null {
  if (error instanceof UserError) return error;
  const text = systemErrorText(error);
  return text && new UserError(text.message, text.hint === null ? {} : { hint: text.hint });
}
