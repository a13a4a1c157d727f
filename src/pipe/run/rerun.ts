/** The command that runs something again as it was run: the screen and the report print it, a shell reads it back. */

/** What a plan was made with, besides the pipeline's text. */
export interface RunSettings {
  /** The pipeline file, relative to the project. */
  readonly pipeline: string;
  readonly profile: string | null;
  /** --set arguments. */
  readonly set: readonly string[];
}

export function runCommand({ pipeline, profile, set }: RunSettings, targets: readonly string[]): string {
  const words = [
    ...(pipeline === 'pipeline.yaml' ? [] : ['--file', pipeline]),
    ...(profile === null ? [] : ['--profile', profile]),
    ...set.flatMap((one) => ['--set', one]),
    ...targets,
  ];
  return ['npx pipe run', ...words.map(shellWord)].join(' ');
}

/** A word as a shell reads it back; cell ids hold brackets and commas. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
