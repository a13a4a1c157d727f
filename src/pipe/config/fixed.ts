/** A map of fixed keys. Its error for an unknown key is the list of known ones, which shape.ts turns into a message. */
import { z } from 'zod';

export function fixed<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });
}
