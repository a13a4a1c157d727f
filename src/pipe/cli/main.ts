#!/usr/bin/env node
/** `pipe`: finds the verb, parses its flags, turns failures into messages and exit codes. Verbs are loaded one at a time. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { findProject } from '../project/open-plan.ts';
import { version } from '../version.ts';
import { type Command, helpText, parseCommand, type Surroundings } from './command.ts';
import { verbs } from './verbs.ts';

async function main(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    if (first === 'help' && rest[0] !== undefined) return main([rest[0], '--help'], surroundings);
    surroundings.stdout.write(overview());
    return first === undefined ? exitCode.usage : exitCode.ok;
  }
  if (first === '--version' || first === '-V') {
    surroundings.stdout.write(`pipe ${version} (node ${process.version})\n`);
    return exitCode.ok;
  }
  const load = verbs[first]?.load;
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
    surroundings.stdout.write(helpText(command));
    return exitCode.ok;
  }
  return command.run(parsed, surroundings);
}

function overview(): string {
  const width = Math.max(...Object.keys(verbs).map((name) => name.length)) + 2;
  return [
    'pipe: a declarative pipeline tool for experiments',
    '',
    'Usage: pipe COMMAND [ARGUMENT…] [--flag…]',
    '',
    'Commands:',
    ...Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`),
    '',
    '`pipe COMMAND --help` shows its flags and examples.',
    '',
  ].join('\n');
}

const surroundings: Surroundings = {
  project: findProject(process.cwd()),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
};
try {
  process.exitCode = await main(process.argv.slice(2), surroundings);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  const { printUserError } = await import('./print-error.ts');
  printUserError(error, surroundings);
  process.exitCode = error.code;
}
