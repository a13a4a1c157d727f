/**
 * Which statements of which files a Python stage reaches. Pure. A function of the top level whose name appears nowhere in
 * what is reached cannot be called, so neither it nor what it imports counts; in any doubt everything does.
 */
import { type Sha256, sha256Of } from '../../../lib/sha256.ts';
import type { PythonFile, PythonItem } from './analysis.ts';

/** A file with what its statements mean, each item in the order of the file. */
export interface LoadedFile {
  readonly file: PythonFile;
  readonly items: readonly StatementMeaning[];
}

export interface StatementMeaning {
  /** Files that its imports lead to, or that its texts name. */
  readonly files: readonly string[];
  /** Files that it may start as programs. */
  readonly programs: readonly string[];
  /** Distributions that it imports. */
  readonly packages: readonly string[];
  /** It passes a module on: whoever gets it may look for any name in it. */
  readonly passesModule: boolean;
  /** What it imports is not known to leave docstrings alone. */
  readonly mayReadDocs: boolean;
}

export interface Reached {
  /** File → digest of what counts in it. */
  readonly files: ReadonlyMap<string, Sha256>;
  /** File → what it consists of, for messages: lines of a label and the begin of a digest. */
  readonly parts: ReadonlyMap<string, string>;
  /** File → the file by which it is first reached. */
  readonly importedBy: ReadonlyMap<string, string>;
  /** What counts, in order: for problems and packages. */
  readonly items: readonly ReachedItem[];
}

export interface ReachedItem {
  readonly path: string;
  readonly item: PythonItem;
  readonly meaning: StatementMeaning;
}

export interface TraceEntries {
  /** Files that are run as programs. */
  readonly programs: readonly string[];
  /** Modules that are imported first. */
  readonly modules: readonly string[];
  /** Name of the function that is called; null: none. */
  readonly called: string | null;
  /** Files that count whole, as programs too. */
  readonly whole: readonly string[];
}

export async function reach(
  entries: TraceEntries,
  load: (path: string) => Promise<LoadedFile>,
): Promise<Reached> {
  const growth = new Growth(entries, load);
  await growth.run();
  return growth.reached();
}

class Growth {
  readonly #load: (path: string) => Promise<LoadedFile>;
  readonly #entries: TraceEntries;
  readonly #files = new Map<string, LoadedFile>();
  readonly #importedBy = new Map<string, string>();
  readonly #counted = new Map<string, Set<number>>();
  readonly #programs: Set<string>;
  readonly #wholeFiles: ReadonlySet<string>;
  readonly #names = new Set<string>();
  readonly #flags = new Set<PythonItem['flags'][number]>();

  constructor(entries: TraceEntries, load: (path: string) => Promise<LoadedFile>) {
    this.#entries = entries;
    this.#load = load;
    this.#programs = new Set([...entries.programs, ...entries.whole]);
    this.#wholeFiles = new Set(entries.whole);
  }

  /** Names found in one file make functions of another count, and those bring names and files of their own. */
  async run(): Promise<void> {
    const { programs, modules, called, whole } = this.#entries;
    const [first] = [...programs, ...modules];
    for (const path of programs) await this.#visit(path, null);
    for (const path of modules) await this.#visit(path, path === modules.at(-1) ? null : modules.at(-1)!);
    for (const path of whole) await this.#visit(path, path === first ? null : (first ?? null));
    if (called !== null) this.#names.add(called);
    for (let grown = true; grown; ) {
      grown = false;
      for (const [path, loaded] of [...this.#files]) grown = (await this.#grow(path, loaded)) || grown;
    }
  }

  async #grow(path: string, { file, items }: LoadedFile): Promise<boolean> {
    const before = this.#counted.get(path)!;
    const all =
      this.#flags.has('dynamic') ||
      this.#flags.has('source') ||
      this.#wholeFiles.has(path) ||
      file.items.some((item) => item.flags.includes('effects') && this.#counts(item, path, false));
    let grown = false;
    for (const [i, item] of file.items.entries()) {
      if (before.has(i) || !this.#counts(item, path, all)) continue;
      before.add(i);
      grown = true;
      for (const name of item.names) this.#names.add(name);
      for (const flag of item.flags) this.#flags.add(flag);
      const meaning = items[i]!;
      if (meaning.passesModule) this.#flags.add('dynamic');
      if (meaning.mayReadDocs) this.#flags.add('docs');
      for (const program of meaning.programs) {
        this.#programs.add(program);
        await this.#visit(program, path);
      }
      for (const to of meaning.files) await this.#visit(to, path);
    }
    return grown;
  }

  #counts(item: PythonItem, path: string, all: boolean): boolean {
    if (item.kind === 'docstring') return true;
    if (item.kind === 'main') return this.#programs.has(path);
    return item.kind !== 'function' || all || this.#names.has(item.name ?? '');
  }

  async #visit(path: string, by: string | null): Promise<void> {
    if (this.#files.has(path)) return;
    if (by !== null) this.#importedBy.set(path, by);
    this.#counted.set(path, new Set());
    this.#files.set(path, await this.#load(path));
  }

  reached(): Reached {
    const docs = this.#flags.has('docs');
    const items: ReachedItem[] = [];
    const digests = new Map<string, Sha256>();
    const parts = new Map<string, string>();
    for (const [path, { file, items: meanings }] of this.#files) {
      const lines: string[] = [];
      const labels = new Map<string, string>();
      for (const i of [...this.#counted.get(path)!].sort((a, b) => a - b)) {
        const item = file.items[i]!;
        items.push({ path, item, meaning: meanings[i]! });
        if (item.kind === 'docstring' && !docs) continue;
        const line = `${item.kind} ${docs ? item.documented : item.code}`;
        lines.push(line);
        const label = item.label ?? 'statements';
        labels.set(label, `${labels.get(label) ?? ''}${line}`);
      }
      digests.set(
        path,
        this.#flags.has('source') ? sha256Of(`source ${file.sha256}`) : sha256Of(lines.join('\n')),
      );
      parts.set(
        path,
        [...labels].map(([label, text]) => `${label} ${sha256Of(text).slice(0, 8)}`).join('\n'),
      );
    }
    return { files: digests, parts, importedBy: this.#importedBy, items };
  }
}
