/**
 * The environment of a stage. A variable that reaches a stage without being in its key could change the outs unseen,
 * so next to nothing is let through: what processes need to start at all, what the pipeline file sets or names, and
 * fixed values for language and time zone.
 */
import { delimiter, join } from 'node:path';
import type { EnvDoc } from '../config/document.ts';

/**
 * Where programs and scratch space are: nearly nothing starts without. Who runs them (HOME, USER, LOGNAME, SHELL) is for a
 * stage to name: programs that need a home folder ask the system for it when the variable is not set.
 */
const inherited = ['PATH', 'TMPDIR'] as const;

/** Sorting, number formats and dates depend on these, so everybody gets the same; `env` may say otherwise. */
const fixed = { LANG: 'C.UTF-8', TZ: 'UTC' } as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** `caller` is the environment of the run itself; `project` the absolute path of the project folder. */
export function stageEnvironment(env: EnvDoc, caller: Variables, project: string): Record<string, string> {
  const result: Record<string, string> = { ...fixed };
  const take = (name: string) => {
    const value = caller[name];
    if (value !== undefined) result[name] = value;
  };
  for (const name of inherited) take(name);
  const bin = join(project, 'node_modules', '.bin');
  result.PATH = result.PATH === undefined ? bin : `${bin}${delimiter}${result.PATH}`;
  for (const name of env.keyed) take(name);
  for (const name of env.pass) take(name);
  Object.assign(result, env.set);
  return result;
}
