/** By which imports the entry reaches a file: what `why` shows of a change. */
import type { TracedCode } from './code-fingerprint.ts';

/** The chain of files from the entry to `file`, both included, the shortest there is. */
export function importChain(code: Pick<TracedCode, 'importedBy'>, file: string): readonly string[] {
  const chain = [file];
  for (let above = code.importedBy[file]; above !== undefined; above = code.importedBy[above]) {
    // Read from a file, so a cycle is possible.
    if (chain.includes(above)) break;
    chain.unshift(above);
  }
  return chain;
}
