/** Checks a stage's params against its schema, with words for whoever wrote them. */
import type { z } from 'zod';

/** Params that a stage cannot use: a line for each, by its path, and what to do. */
export class ParamsError extends Error {
  constructor(issues: readonly z.core.$ZodIssue[]) {
    const lines = issues.map(({ path, message }) =>
      ['params', ...(path.length > 0 ? [path.join('.')] : []), message.replace(/^Invalid input: /, '')].join(
        ': ',
      ),
    );
    super([...lines, 'set it in pipeline.yaml, a profile or with --set'].join('\n'));
  }
}

/** The params as the schema gives them, defaults filled in. Throws ParamsError with everything that is wrong. */
export function parseParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.output<Schema> {
  const result = schema.safeParse(params);
  if (!result.success) throw new ParamsError(result.error.issues);
  return result.data;
}
