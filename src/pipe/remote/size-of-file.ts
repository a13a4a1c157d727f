/** Bytes of a file; 0: none is there. */
import { lstatSync } from 'node:fs';

export function sizeOfFile(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
