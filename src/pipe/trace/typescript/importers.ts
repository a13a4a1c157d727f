/** Who imports whom in a bundle, by the shortest chain from the entry. */
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Source file → the file that imports it. */
export function importers(metafile: Metafile, entry: string): Record<string, string> {
  const importedBy: Record<string, string> = {};
  const queue = [entry];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const { path, external } of metafile.inputs[file]?.imports ?? []) {
      const reached =
        external && path.startsWith('.') && path.includes('*') ? matching(path, file, metafile) : [path];
      for (const next of reached) {
        if ((external && reached[0] === path) || next === entry || importedBy[next] !== undefined) continue;
        importedBy[next] = file;
        queue.push(next);
      }
    }
  }
  return importedBy;
}

/** Files that a template import in `file` reaches: those of its folder that nothing else accounts for come first to it. */
function matching(pattern: string, file: string, metafile: Metafile): readonly string[] {
  const start = join(dirname(file), pattern.slice(0, pattern.indexOf('*')), 'x').slice(0, -1);
  const end = pattern.slice(pattern.lastIndexOf('*') + 1);
  return Object.keys(metafile.inputs).filter((path) => path.startsWith(start) && path.endsWith(end));
}
