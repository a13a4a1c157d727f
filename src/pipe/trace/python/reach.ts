/**
 * Which statements of which files a Python stage reaches. Pure. A function of the top level whose name appears nowhere in
 * what is reached cannot be called, so neither it nor what it imports counts; in any doubt everything does.
 */
import { type Sha256, sha256Of } from '../../../lib/sha256.ts';
import type { PythonFile, PythonItem } from './analysis.ts';

/** A file with what its imports mean. */
export interface Loaded {
  readonly file: PythonFile;
  /** For each item the files that its imports lead to. */
  readonly imports: readonly (readonly string[])[];
}

export interface Reached {
  /** File → digest of what counts in it. */
  readonly files: ReadonlyMap<string, Sha256>;
  /** File → the file by which it is first reached. */
  readonly importedBy: ReadonlyMap<string, string>;
  /** What counts, in order: for problems and packages. */
  readonly items: readonly { readonly path: string; readonly item: PythonItem }[];
}

/** Names by which docstrings are read. */
const readers = ['__doc__', 'getdoc', 'doctest', 'docopt', 'fire', 'typer', 'click'];

/** `entry` runs as a program (`__main__`), or `called` names its function that is called. `also`: files that count whole. */
export async function reach(
  entry: string,
  { called, also }: { readonly called: string | null; readonly also: readonly string[] },
  load: (path: string) => Promise<Loaded>,
): Promise<Reached> {
  const files = new Map<string, Loaded>();
  const importedBy = new Map<string, string>();
  const counted = new Map<string, Set<number>>();
  const names = new Set<string>();
  const visit = async (path: string, by: string | null): Promise<void> => {
    if (files.has(path)) return;
    if (by !== null) importedBy.set(path, by);
    files.set(path, await load(path));
    counted.set(path, new Set());
  };
  await visit(entry, null);
  for (const path of also) await visit(path, entry);
  if (called !== null) names.add(called);
  // Names found in one file make functions of another count, and those bring names and files of their own.
  let whole = false;
  for (let grown = true; grown; ) {
    grown = false;
    for (const [path, loaded] of [...files]) {
      const before = counted.get(path)!;
      const all = whole || also.includes(path) || loaded.file.items.some((item) => item.effects);
      for (const [i, item] of loaded.file.items.entries()) {
        if (
          before.has(i) ||
          !counts(item, { all, names, isProgram: (called === null && path === entry) || also.includes(path) })
        )
          continue;
        before.add(i);
        grown = true;
        for (const name of item.names) names.add(name);
        if (item.dynamic) whole = true;
        for (const to of loaded.imports[i] ?? []) await visit(to, path);
      }
    }
  }
  const documented = readers.some((name) => names.has(name));
  const items = [...files].flatMap(([path, { file }]) =>
    file.items.flatMap((item, i) => (counted.get(path)!.has(i) ? [{ path, item }] : [])),
  );
  const digests = new Map(
    [...files.keys()].map((path) => [
      path,
      sha256Of(
        items
          .filter((one) => one.path === path && (documented || one.item.kind !== 'docstring'))
          .map(({ item }) => `${item.kind} ${documented ? item.documented : item.code}`)
          .join('\n'),
      ),
    ]),
  );
  return { files: digests, importedBy, items };
}

function counts(
  item: PythonItem,
  { all, names, isProgram }: { all: boolean; names: ReadonlySet<string>; isProgram: boolean },
): boolean {
  if (item.kind === 'main') return isProgram;
  return item.kind !== 'function' || all || names.has(item.name ?? '');
}
