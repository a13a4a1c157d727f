/**
 * A command as its shell gets it. Paths and values never become part of the shell's text: they are assigned to variables
 * in a file of their own, and the text refers to the variables. No length of it meets a limit of the operating system
 * before a program is started with it.
 */
import { basename, isAbsolute, join, relative } from 'node:path';
import { placementsIn } from '../config/shell-text.ts';
import { asText, parseTemplate, type TemplatePart } from '../config/template.ts';
import type { CellRun } from '../plan/graph.ts';
import type { CodeFingerprint, TracedCode } from '../trace/code-fingerprint.ts';
import type { Job } from './job.ts';
import { shellFor } from './shell.ts';

type Command = Extract<CellRun, { kind: 'command' }>;

export interface CommandFiles {
  /** To be sourced: assigns every variable, and the command's text to `pipe_command`. */
  readonly script: string;
  /** Files of paths, one per line, by absolute path. */
  readonly lists: ReadonlyMap<string, string>;
}

/** Sources `script` and runs the command, as `$0` being the shell: a name of the cell would be in no key. */
export const launcher = '. "$1"; shift; eval "$pipe_command"';

/** What of a command decides the outs; axes are in the fingerprint as they are. */
export function commandFingerprint(run: Command, traced: TracedCode | null = null): CodeFingerprint {
  const values = Object.fromEntries(
    Object.entries(run.values).filter(([name]) => /^(params|cell|stage|resources)\b/.test(name)),
  );
  const shell = shellFor(run.shell).name;
  return { kind: 'command', command: run.command, shell, values, ...(traced === null ? {} : { traced }) };
}

/**
 * Paths inside the project are written relative to it, the command's working directory: what a command prints then
 * does not depend on where the project lies. `folder`: of the attempt, absolute.
 * @throws Error for a path that its list cannot hold
 */
export function commandFiles(run: Command, job: Job, project: string, folder: string): CommandFiles {
  const parts = parseTemplate(run.command);
  const placements = placementsIn(parts);
  const expansion = new Expansion(run, job, project, folder);
  let refs = 0;
  const text = parts
    .map((part) => {
      if (part.kind !== 'ref') return part.kind === 'text' ? part.text : part.source;
      // Names that the job does not have stay as they are; the plan has reported them.
      return expansion.expand(part, placements[refs++]?.kind === 'word') ?? part.source;
    })
    .join('');
  return {
    script: `${expansion.assignments.join('')}pipe_command=${quoted(text)}\n`,
    lists: expansion.lists,
  };
}

/** Puts a variable in the place of each reference, and collects what assigns them. */
class Expansion {
  readonly assignments: string[] = [];
  readonly lists = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #run: Command;
  readonly #job: Job;
  readonly #project: string;
  readonly #folder: string;

  constructor(run: Command, job: Job, project: string, folder: string) {
    this.#run = run;
    this.#job = job;
    this.#project = project;
    this.#folder = folder;
  }

  /** `quotes`: the reference stands where a word may be split. Null: the job has no such thing. */
  expand(part: Extract<TemplatePart, { kind: 'ref' }>, quotes: boolean): string | null {
    const written = (name: string) => (quotes ? `"$${name}"` : `\${${name}}`);
    const reference = part.path.join('.');
    const [head, name = '', form] = part.path;
    if (head === 'deps') {
      const dep = Object.hasOwn(this.#job.deps, name) ? this.#job.deps[name] : undefined;
      if (!dep) return null;
      const paths = dep.kind === 'one' ? [dep.path] : dep.items.map((item) => item.path);
      if (form === 'list') {
        const file = join(this.#folder, 'lists', `${name}.txt`);
        this.lists.set(file, listText(name, paths.map(this.#local)));
        return written(this.#assigned(reference, this.#local(file)));
      }
      if (dep.kind === 'one') return written(this.#assigned(reference, this.#local(dep.path)));
      return this.#several(this.#nameFor(reference), paths.map(this.#local));
    }
    const value = this.#value(head, name, reference);
    return value === null ? null : written(this.#assigned(reference, value));
  }

  readonly #local = (path: string): string => localPath(path, this.#project);

  #value(head: string | undefined, name: string, reference: string): string | null {
    if (head === 'outs') return ownText(this.#job.outs, name, this.#local);
    if (head === 'checkpoint') return this.#job.checkpoint && this.#local(this.#job.checkpoint);
    const { values } = this.#run;
    return Object.hasOwn(values, reference) ? asText(values[reference] ?? null) : null;
  }

  #nameFor(reference: string): string {
    const known = this.#names.get(reference);
    if (known !== undefined) return known;
    const wish = `pipe_${reference.replaceAll(/\W/g, '_')}`;
    let name = wish;
    for (let number = 2; [...this.#names.values()].includes(name); number++) name = `${wish}__${number}`;
    this.#names.set(reference, name);
    return name;
  }

  #assigned(reference: string, value: string): string {
    const name = this.#nameFor(reference);
    this.assignments.push(`${name}=${quoted(value)}\n`);
    return name;
  }

  #several(base: string, paths: readonly string[]): string {
    if (paths.length === 0) return '';
    if (hasArrays(shellFor(this.#run.shell).file)) {
      this.assignments.push(`${base}=(${paths.map(quoted).join(' ')})\n`);
      return `"\${${base}[@]}"`;
    }
    return paths
      .map((path, index) => {
        this.assignments.push(`${base}__${index}=${quoted(path)}\n`);
        return `"$${base}__${index}"`;
      })
      .join(' ');
  }
}

/** A thousand variables are slow to assign in some shells; those that have arrays take the paths at once. */
function hasArrays(shell: string): boolean {
  return ['bash', 'zsh', 'ksh', 'mksh'].includes(basename(shell));
}

function ownText(
  texts: Readonly<Record<string, string>>,
  name: string,
  local: (path: string) => string,
): string | null {
  const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
  return text === undefined ? null : local(text);
}

function listText(dep: string, paths: readonly string[]): string {
  const broken = paths.find((path) => path.includes('\n'));
  if (broken !== undefined)
    throw new Error(`the list of dep ${dep} cannot hold ${JSON.stringify(broken)}: it has one path per line`);
  return paths.map((path) => `${path}\n`).join('');
}

function localPath(path: string, project: string): string {
  const inside = relative(project, path);
  if (inside === '' || inside === '..' || inside.startsWith('../') || isAbsolute(inside)) return path;
  // A name that begins with a dash would be read as an option.
  return inside.startsWith('-') ? `./${inside}` : inside;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
