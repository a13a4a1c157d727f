/** docs/reference/commands.md out of the table of verbs. */
import type { Command } from '../../../src/pipe/cli/command.ts';
import { verbs } from '../../../src/pipe/cli/verbs.ts';

export async function commandsPage(): Promise<string> {
  const commands = await Promise.all(Object.values(verbs).map((load) => load()));
  return `${[intro, ...commands.map(section), ending].join('\n')}`;
}

const intro = `# Commands

<!-- Made from the table of commands by \`npm run docs\`. -->

\`pipe COMMAND [ARGUMENT…] [--flag…]\`. The project is the nearest folder, from where you are upwards, that holds a
\`pipeline.yaml\`; \`--file\` names another pipeline file of the project. Results and \`--json\` go to standard output,
everything for a person to standard error. \`pipe COMMAND --help\` prints what stands here.

## Targets

| target | cells |
|---|---|
| \`train\` | every cell of a stage |
| \`train[no-zero,3]\` | one cell: the names of its axis values in the order of the stage's matrix |
| \`train[*,3]\` | \`*\` leaves an axis open |
| \`seed=3\`, \`variant=no-zero\` | every cell with this value |
| \`+X\` | X and everything it needs |
| \`X+\` | X and everything that needs it |

Several targets are a union; none means the whole pipeline. \`pipe run X\` always brings up to date what X needs, too. Quote
brackets and stars for your shell.
`;

function section({ name, summary, usage, flags, examples }: Command): string {
  const rows = Object.entries(flags).map(([flag, { short, value, help, multiple }]) => {
    const long = `\`--${flag}${value ? ` ${escaped(value)}` : ''}\``;
    return `| ${short ? `\`-${short}\`, ` : ''}${long} | ${escaped(help)}${multiple && !/repeat/.test(help) ? '; repeatable' : ''} |`;
  });
  const table = rows.length === 0 ? [] : ['', '| flag | |', '|---|---|', ...rows];
  const lines = examples.map(([line, what]) => `${line}   # ${what}`);
  const head = `${summary[0]?.toUpperCase()}${summary.slice(1)}.`;
  return [
    `## ${name}`,
    '',
    head,
    '',
    `\`pipe ${name} ${usage.replace(/\n\s*/, '`<br>`')}\``.replace(/\s+`$/, '`'),
    ...table,
    '',
    '```sh',
    ...lines,
    '```',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

const ending = `## Exit codes

| code | |
|---|---|
| 0 | done, or up to date |
| 1 | a stage failed |
| 2 | wrong usage, or mistakes in the pipeline file |
| 3 | not up to date (\`status --check\`) |
| 4 | somebody else holds the lock |
| 5 | the cache is damaged (\`cache verify\`) |
| 130, 143 | ended by Ctrl-C, by SIGTERM |
`;
