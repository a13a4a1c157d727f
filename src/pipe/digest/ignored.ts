/**
 * What is left out of the project's folders that stages read: what programs write beside code, and what `.pipeignore`
 * names, in the way of `.gitignore`: one per folder, the nearest to a file has the last word.
 */
import { join, relative } from 'node:path';
import type { Ignore } from 'ignore';
import { readOwnFile } from '../../lib/regular-file.ts';

/** Left out everywhere, unless a `.pipeignore` says `!NAME`. */
export const usuallyIgnored: ReadonlySet<string> = new Set([
  '__pycache__',
  '.ipynb_checkpoints',
  '.DS_Store',
  '.pipeignore',
]);
const fileName = '.pipeignore';
const largestBytes = 1024 * 1024;

/** Whether the entry `name` of a folder is left out. */
export type IsIgnored = (name: string, isFolder: boolean) => boolean;

interface Rules {
  /** Absolute: where its `.pipeignore` stands. */
  readonly base: string;
  readonly rules: Ignore;
}

export class Ignored {
  readonly #project: string;
  readonly #known = new Map<string, Promise<Ignore | null>>();

  /** Absolute path of the project. */
  constructor(project: string) {
    this.#project = project;
  }

  /** For the entries of `folder`, at or below `root`, which a stage names: what it names itself is never left out. */
  async in(folder: string, root: string): Promise<IsIgnored> {
    const all = await this.#rulesOn(folder);
    const chosen = all.filter(({ base, rules }) => !(within(root, base) && isOut(rules, base, root, true)));
    if (chosen.length === 0) return (name) => usuallyIgnored.has(name);
    return (name, isFolder) => {
      const path = join(folder, name);
      for (const { base, rules } of chosen) {
        const { ignored, unignored } = rules.test(`${relative(base, path)}${isFolder ? '/' : ''}`);
        if (ignored || unignored) return ignored;
      }
      return usuallyIgnored.has(name);
    };
  }

  /** Of every folder from `folder` up to the project, the nearest first. */
  async #rulesOn(folder: string): Promise<readonly Rules[]> {
    const found: Rules[] = [];
    for (let base = folder; within(base, this.#project); base = join(base, '..')) {
      const rules = await this.#rulesOf(base);
      if (rules !== null) found.push({ base, rules });
      if (base === this.#project) break;
    }
    return found;
  }

  #rulesOf(base: string): Promise<Ignore | null> {
    let rules = this.#known.get(base);
    if (!rules) {
      rules = readRules(join(base, fileName));
      this.#known.set(base, rules);
    }
    return rules;
  }
}

async function readRules(file: string): Promise<Ignore | null> {
  const text = readOwnFile(file, largestBytes);
  if (typeof text === 'string') return null;
  const { default: ignore } = await import('ignore');
  return ignore().add(text.toString('utf8'));
}

function isOut(rules: Ignore, base: string, path: string, isFolder: boolean): boolean {
  const inner = relative(base, path);
  return inner !== '' && rules.ignores(`${inner}${isFolder ? '/' : ''}`);
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
