/** What reads the command of a stage, and how its name stands in the key. */
import { onPath } from '../../lib/on-path.ts';

export interface Shell {
  /** As it stands in the key: what a command does depends on it. */
  readonly name: string;
  readonly file: string;
  /** Before `-c`. */
  readonly flags: readonly string[];
}

/** A command that fails ends the stage, also in the middle of a pipe; so does a variable that is not set. */
const strict = ['-euo', 'pipefail'] as const;

let bash: string | null | undefined;

/** `declared`: what the pipeline file says; null: bash, and where there is none, sh, which knows no `pipefail`. */
export function shellFor(declared: string | null): Shell {
  if (declared !== null) {
    const [file = 'sh', ...flags] = declared.split(/ +/);
    return { name: declared, file, flags };
  }
  if (bash === undefined) bash = onPath('bash', process.env.PATH ?? '');
  return bash === null
    ? { name: 'sh -eu', file: '/bin/sh', flags: ['-eu'] }
    : { name: `bash ${strict.join(' ')}`, file: bash, flags: strict };
}

/** What to say once per run where the usual shell is missing; null: nothing. */
export function shellWarning(declared: Iterable<string | null>): string | null {
  const usual = [...declared].includes(null);
  return usual && shellFor(null).flags !== strict
    ? 'there is no bash on PATH: commands run under sh -eu, which does not notice a failure before the last | of a line'
    : null;
}
