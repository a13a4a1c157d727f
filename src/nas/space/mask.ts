/** Masks: operations taken out of training, evaluation and the benchmark's ranking alike (study: section 1). */
import { type Architecture, type OperationId, operations } from './architecture.ts';

/** The operations a mask leaves, ascending. Throws RangeError for an unknown name or when nothing is left. */
export function available(mask: readonly string[]): readonly OperationId[] {
  for (const name of mask) {
    if (!operations.some((known) => known === name)) {
      throw new RangeError(`'${name}' is no operation to mask: use ${operations.join(', ')}`);
    }
  }
  const left = operations.flatMap((name, id) => (mask.includes(name) ? [] : [id as OperationId]));
  if (left.length === 0) throw new RangeError('the mask leaves no operation');
  return left;
}

/** Whether the architecture uses none of the masked operations. */
export function allows(mask: readonly string[], architecture: Architecture): boolean {
  return architecture.every((id) => !mask.includes(operations[id]));
}
