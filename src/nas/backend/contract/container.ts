// Finds the tensors in what a scope returns: they outlive it.

import type { Tensor } from './backend.ts';

/** Tensors in `value`: alone, or in arrays, plain objects, Maps and Sets, nested. */
export function tensorsIn(value: unknown): Set<Tensor> {
  const found = new Set<Tensor>();
  const seen = new Set<unknown>();
  const visit = (item: unknown): void => {
    if (item === null || typeof item !== 'object' || ArrayBuffer.isView(item) || seen.has(item)) return;
    seen.add(item);
    if ('shape' in item && Array.isArray(item.shape)) {
      found.add(item as Tensor);
    } else if (item instanceof Map) {
      for (const [key, entry] of item) {
        visit(key);
        visit(entry);
      }
    } else {
      for (const entry of Array.isArray(item) || item instanceof Set ? item : Object.values(item))
        visit(entry);
    }
  };
  visit(value);
  return found;
}
