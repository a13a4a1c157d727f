/** The interpreter's environment, remembered while neither it nor the folders of its packages changed. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sha256Of } from '../../../lib/sha256.ts';
import {
  environmentSchema,
  type Interpreter,
  type PythonAnalyser,
  type PythonEnvironment,
} from './analysis.ts';

const rememberedSchema = z.object({
  stats: z.record(z.string(), z.string()),
  environment: environmentSchema,
});

/** `variables`: what decides which interpreter a command starts and what it finds, such as PATH and VIRTUAL_ENV. */
export async function pythonEnvironment(
  analyser: PythonAnalyser,
  options: {
    readonly interpreter: Interpreter;
    readonly variables: Readonly<Record<string, string | undefined>>;
    readonly indexFolder: string;
  },
): Promise<PythonEnvironment> {
  const name = sha256Of(JSON.stringify([options.interpreter, options.variables])).slice(0, 16);
  const file = join(options.indexFolder, `python-${name}.json`);
  const remembered = read(file);
  if (remembered && isCurrent(remembered.stats)) return remembered.environment;
  const environment = await analyser.environment();
  write(file, { stats: statsOf(environment), environment });
  return environment;
}

/** A package that is installed or removed changes its folder; an interpreter that is replaced changes its file. */
function statsOf({ executable, folders }: PythonEnvironment): Record<string, string> {
  return Object.fromEntries([executable, ...folders].map((path) => [path, statText(path)]));
}

function isCurrent(stats: Readonly<Record<string, string>>): boolean {
  return Object.entries(stats).every(([path, text]) => statText(path) === text);
}

function statText(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev} ${stat.ino} ${stat.mtimeNs}` : 'missing';
}

function read(file: string): z.infer<typeof rememberedSchema> | null {
  try {
    const [checksum, body = ''] = readFileSync(file, 'utf8').split('\n');
    return sha256Of(body) === checksum ? rememberedSchema.parse(JSON.parse(body)) : null;
  } catch {
    return null;
  }
}

/** An accelerator: where it cannot be written, the next run asks again. */
function write(file: string, remembered: z.infer<typeof rememberedSchema>): void {
  const body = JSON.stringify(remembered);
  const aside = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(aside, `${sha256Of(body)}\n${body}\n`);
    renameSync(aside, file);
  } catch {}
}
