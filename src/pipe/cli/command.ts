/** One verb of the command line as data: its flags and examples give --help, parsing and the reference page alike. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in --help. */
  readonly value?: string;
  readonly help: string;
}
export type Flags = Readonly<Record<string, Flag>>;

/** How a verb was called: where it works and where it writes. Standard output is for results, standard error for the screen. */
export interface Invocation {
  /** What was typed after `pipe`. */
  readonly argv: readonly string[];
  /** Absolute path of the project folder. */
  readonly project: string;
  /** Absolute path of the folder where one stands. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export interface Parsed {
  /** Everything after the verb, as it was typed. */
  readonly argv: readonly string[];
  readonly arguments: readonly string[];
  text(flag: string): string | null;
  texts(flag: string): readonly string[];
  is(flag: string): boolean;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** After `pipe NAME`: `[TARGET…]`. */
  readonly usage: string;
  readonly flags: Flags;
  readonly examples: readonly (readonly [command: string, what: string])[];
  run(parsed: Parsed, invocation: Invocation): Promise<number>;
}

/** Flags that every verb which reads the pipeline takes. */
export const pipelineFlags = {
  file: { type: 'string', value: 'FILE', help: 'Pipeline file (default: pipeline.yaml)' },
  profile: { type: 'string', value: 'NAME', help: 'Apply a profile of the pipeline file' },
  set: {
    type: 'string',
    multiple: true,
    value: 'PATH=VALUE',
    help: 'Set a param (train.epochs=10) or an axis (axes.seed=[0,1]); repeatable',
  },
} as const satisfies Flags;

/** Where cells run. */
export const executorFlag = {
  executor: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'Run cells there: one of `executors`, or local; STAGE=NAME for one stage; repeatable',
  },
} as const satisfies Flags;

/** Entries of a long list that are shown without --all. */
export const wholeList = 20;

export const allFlag = {
  all: { type: 'boolean', short: 'a', help: `List everything, not only the first ${wholeList}` },
} as const satisfies Flags;

export const jsonFlag = {
  json: { type: 'boolean', help: 'Print JSON on standard output' },
} as const satisfies Flags;

/** Of verbs that show a run while it goes on. */
export const screenFlags = {
  ...jsonFlag,
  quiet: { type: 'boolean', short: 'q', help: 'Say only what failed' },
  verbose: { type: 'boolean', short: 'v', help: 'Also say what each cell does and why' },
  color: { type: 'string', value: 'WHEN', help: 'auto, always or never (default: auto)' },
} as const satisfies Flags;

export const remoteFlags = {
  remote: {
    type: 'string',
    value: 'URL',
    help: 'Share results there: a folder, https://…, s3://…, or none (default: PIPE_REMOTE, then `cache.remote`)',
  },
  'remote-read-only': { type: 'boolean', help: 'Take results from the remote, send none there' },
} as const satisfies Flags;

export const strictFlag = {
  strict: { type: 'boolean', help: 'Exit with 1 when an out marked for the report cannot be shown' },
} as const satisfies Flags;

const helpFlag: Flags = { help: { type: 'boolean', short: 'h', help: 'Show this help' } };

/** Parses a verb's arguments. Throws UserError (exit 2) that names the nearest flag. */
export function parseCommand(command: Command, argv: readonly string[]): Parsed & { readonly help: boolean } {
  const flags = { ...command.flags, ...helpFlag };
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, flag] of Object.entries(flags)) {
    options[name] = {
      type: flag.type,
      ...(flag.short ? { short: flag.short } : {}),
      ...(flag.multiple ? { multiple: true } : {}),
    };
  }
  const { values, positionals } = parseOrExplain(command, argv, options, Object.keys(flags));
  return {
    argv,
    arguments: positionals,
    help: values.help === true,
    text(flag) {
      const value = values[flag];
      return typeof value === 'string' ? value : null;
    },
    texts(flag) {
      const value = values[flag];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
    is: (flag) => values[flag] === true,
  };
}

function parseOrExplain(
  command: Command,
  argv: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
  known: readonly string[],
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS')) throw error;
    const unknown = /'(-[^']*)'/.exec((error as Error).message)?.[1]?.split(/[ =]/)[0] ?? '';
    const unknownFlag = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
    const hint = unknownFlag
      ? didYouMean(
          unknown,
          known.map((name) => `--${name}`),
        )
      : undefined;
    throw new UserError(
      unknownFlag ? `pipe ${command.name} has no flag ${unknown}` : (error as Error).message.split('. ')[0]!,
      { code: exitCode.usage, hint: hint ?? `see \`pipe ${command.name} --help\`` },
    );
  }
}

/** The text of `pipe NAME --help`. */
export function helpText(command: Command): string {
  const flags = Object.entries({ ...command.flags, ...helpFlag }).map(([name, flag]) => [
    `  ${flag.short ? `-${flag.short}, ` : '    '}--${name}${flag.value ? ` ${flag.value}` : ''}`,
    flag.help,
  ]);
  const width = Math.max(...flags.map(([left]) => left!.length)) + 2;
  const examples = command.examples.map(([line, what]) => `  ${line}\n      ${what}`);
  return [
    `pipe ${command.name}: ${command.summary}`,
    '',
    `Usage: pipe ${command.name} ${command.usage}`.trimEnd(),
    '',
    'Flags:',
    ...flags.map(([left, right]) => `${left!.padEnd(width)}${right}`),
    '',
    'Examples:',
    ...examples,
    '',
  ].join('\n');
}

/** A result for scripts: indented JSON on standard output. */
export function printJson({ stdout }: Pick<Invocation, 'stdout'>, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A whole number of at least `least` out of a flag's text. Throws UserError (exit 2). */
export function wholeNumber(text: string | null, flag: string, least = 0): number | null {
  if (text === null) return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new UserError(`--${flag} takes a whole number of at least ${least}, not '${text}'`, {
      code: exitCode.usage,
    });
  }
  return value;
}
