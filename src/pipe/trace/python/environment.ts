/** The interpreter's environment, remembered while neither it nor the folders of its packages changed. */
import { realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { readSealed, writeSealed } from '../../../lib/sealed.ts';
import { sha256Of } from '../../../lib/sha256.ts';
import {
  environmentSchema,
  type Interpreter,
  type PythonAnalyser,
  type PythonEnvironment,
} from './analysis.ts';

const rememberedSchema = z.object({
  version: z.number(),
  stats: z.record(z.string(), z.string()),
  environment: environmentSchema,
});

/** Variables that decide which interpreter a command starts and what it finds. */
const decisive = /^(?:PATH|VIRTUAL_ENV|PYTHON\w+|PYENV_\w+|UV_\w+|CONDA_\w+)$/;
/** Files by which launchers (uv, pyenv, conda, asdf, mise) choose an interpreter and its packages. */
const choosers = [
  ...[
    '.python-version',
    '.tool-versions',
    'mise.toml',
    'pyproject.toml',
    'uv.toml',
    'uv.lock',
    '.venv/pyvenv.cfg',
  ],
  ...['environment.yml', 'environment.yaml'],
];

export interface EnvironmentOptions {
  readonly interpreter: Interpreter;
  /** Absolute; commands are started in it. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly indexFolder: string;
  /** Of what is asked. */
  readonly version: number;
}

/** Of this interpreter under these variables: what is learnt of another one is kept apart. */
export function environmentName({
  interpreter,
  env,
}: Pick<EnvironmentOptions, 'interpreter' | 'env'>): string {
  const variables = Object.entries(env).filter(([name]) => decisive.test(name));
  return sha256Of(JSON.stringify([interpreter, variables.sort()])).slice(0, 16);
}

/** @throws InterpreterError */
export async function pythonEnvironment(
  analyser: PythonAnalyser,
  options: EnvironmentOptions,
): Promise<PythonEnvironment> {
  const file = join(options.indexFolder, `python-${environmentName(options)}.json`);
  const remembered = read(file);
  if (remembered?.version === options.version && isCurrent(remembered.stats)) return remembered.environment;
  const environment = await analyser.environment();
  write(file, { version: options.version, stats: statsOf(environment, options), environment });
  return environment;
}

/**
 * A package that is installed or removed changes its folder; an interpreter that is replaced changes its file; another one
 * for the same command changes where a link leads, or a file that a launcher goes by.
 */
function statsOf(
  { executable, folders }: PythonEnvironment,
  options: EnvironmentOptions,
): Record<string, string> {
  const { interpreter, project, env } = options;
  const [command] = interpreter;
  const commands = command.includes('/')
    ? [resolve(project, command)]
    : (env.PATH ?? '').split(delimiter).map((folder) => resolve(project, folder, command));
  const home = [env.PYENV_ROOT ?? join(homedir(), '.pyenv')].map((folder) => join(folder, 'version'));
  const chosen = choosers.map((name) => join(project, name));
  const paths = [executable, ...folders, ...commands, ...home, ...chosen];
  return Object.fromEntries(paths.map((path) => [path, statText(path)]));
}

function isCurrent(stats: Readonly<Record<string, string>>): boolean {
  return Object.entries(stats).every(([path, text]) => statText(path) === text);
}

function statText(path: string): string {
  try {
    const stat = statSync(path, { bigint: true });
    return `${realpathSync(path)} ${stat.dev} ${stat.ino} ${stat.mtimeNs}`;
  } catch {
    return 'missing';
  }
}

function read(file: string): z.infer<typeof rememberedSchema> | null {
  try {
    const [body = ''] = readSealed(file);
    return rememberedSchema.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

/** An accelerator: where it cannot be written, the next run asks again. */
function write(file: string, remembered: z.infer<typeof rememberedSchema>): void {
  try {
    writeSealed(file, [JSON.stringify(remembered)], false);
  } catch {}
}
