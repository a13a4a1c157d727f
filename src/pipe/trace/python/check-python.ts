/** Whether the interpreter of a project's stages can be started, is new enough, and has what its lock files say. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InterpreterError, PythonAnalyser, type PythonEnvironment } from './analysis.ts';

export interface CheckedPython {
  readonly good: boolean;
  /** Version and command, or why it cannot be used. */
  readonly detail: string;
  readonly locks: readonly { readonly good: boolean; readonly detail: string }[];
}

const oldest = [3, 9] as const;

export async function checkPython(
  {
    interpreter,
    locks,
  }: { readonly interpreter: readonly [string, ...string[]]; readonly locks: readonly string[] },
  project: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CheckedPython> {
  const analyser = new PythonAnalyser(interpreter, project, { ...env });
  const command = interpreter.join(' ');
  try {
    const environment = await analyser.environment();
    const [major = 0, minor = 0] = environment.version.split('.').map(Number);
    const good = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
    const detail = `${environment.version}, ${command}${good ? '' : `: ${oldest.join('.')} or newer is needed`}`;
    return { good, detail, locks: locks.map((lock) => checkLock(lock, project, environment)) };
  } catch (error) {
    if (!(error instanceof InterpreterError)) throw error;
    const missing = locks.filter((lock) => !existsSync(join(project, lock)));
    return {
      good: false,
      detail: error.message,
      locks: missing.map((lock) => ({ good: false, detail: `${lock} does not exist` })),
    };
  } finally {
    analyser.close();
  }
}

/** `name==version` of requirements, `name = …, version = …` of uv.lock; what another form pins is not compared. */
function checkLock(lock: string, project: string, environment: PythonEnvironment) {
  let text: string;
  try {
    text = readFileSync(join(project, lock), 'utf8');
  } catch {
    return { good: false, detail: `${lock} cannot be read` };
  }
  const pins = lock.endsWith('.lock')
    ? text.matchAll(/^name = "([^"]+)"\nversion = "([^"]+)"/gm)
    : text.matchAll(/^\s*(?:-\s+)?([A-Za-z0-9][\w.-]*)\s*==?\s*([\w.!+-]+)/gm);
  const other: string[] = [];
  let compared = 0;
  for (const [, name = '', version = ''] of pins) {
    const found = environment.distributions[name.toLowerCase().replaceAll(/[-_.]+/g, '-')];
    if (!found) continue;
    compared++;
    const [installed] = found.version.split(' ');
    if (installed !== version) other.push(`${name} ${version} (installed: ${installed})`);
  }
  const detail =
    other.length === 0 ? `${compared} installed packages are as it says` : `it says ${other.join(', ')}`;
  return { good: other.length === 0, detail: `${lock}: ${detail}` };
}
