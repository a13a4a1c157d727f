/**
 * What a driver and a warm process say to each other over the process's fourth descriptor, a line each: the driver names a
 * cell, the process says that it has begun it and that it is done with it. Whatever else happens to a cell, the process ends.
 */

/** The host's only argument where it may run more than one cell; a stage does not see it. */
export const warmFlag = '--warm';
export const channelFd = 3;
export const said = { begun: 'begun', done: 'done' } as const;

export interface WarmCell {
  /** What PIPE_JOB names. */
  readonly job: string;
  /** To be opened; null: the process was started with it. */
  readonly log: string | null;
  /** The pipeline file vouches for the stage: what its imports do when they are loaded counts as found. */
  readonly trusted: boolean;
}

/** Modules that a bundle imports, as esbuild writes it. What only looks like an import is among them. */
export function importsOf(text: string): ReadonlySet<string> {
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*["'`]([^"'`\n]+)["'`]/g);
  return new Set([...found].map((match) => match[1] ?? ''));
}
