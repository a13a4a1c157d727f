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
  const assignments: string[] = [];
  const names = new Map<string, string>();
  const lists = new Map<string, string>();
  const local = (path: string) => localPath(path, project);
  const nameFor = (reference: string): string => {
    const known = names.get(reference);
    if (known !== undefined) return known;
    const wish = `pipe_${reference.replaceAll(/\W/g, '_')}`;
    let name = wish;
    for (let number = 2; [...names.values()].includes(name); number++) name = `${wish}__${number}`;
    names.set(reference, name);
    return name;
  };
  const assigned = (reference: string, value: string): string => {
    const name = nameFor(reference);
    assignments.push(`${name}=${quoted(value)}\n`);
    return name;
  };
  const several = (base: string, paths: readonly string[]): string => {
    if (paths.length === 0) return '';
    if (hasArrays(shellFor(run.shell).file)) {
      assignments.push(`${base}=(${paths.map(quoted).join(' ')})\n`);
      return `"\${${base}[@]}"`;
    }
    return paths
      .map((path, index) => {
        assignments.push(`${base}__${index}=${quoted(path)}\n`);
        return `"$${base}__${index}"`;
      })
      .join(' ');
  };
  const expand = (part: Extract<TemplatePart, { kind: 'ref' }>, quotes: boolean): string | null => {
    const written = (name: string) => (quotes ? `"$${name}"` : `\${${name}}`);
    const reference = part.path.join('.');
    const [head, name = '', form] = part.path;
    if (head === 'deps') {
      const dep = Object.hasOwn(job.deps, name) ? job.deps[name] : undefined;
      if (!dep) return null;
      const paths = dep.kind === 'one' ? [dep.path] : dep.items.map((item) => item.path);
      if (form === 'list') {
        const file = join(folder, 'lists', `${name}.txt`);
        lists.set(file, listText(name, paths.map(local)));
        return written(assigned(reference, local(file)));
      }
      if (dep.kind === 'one') return written(assigned(reference, local(dep.path)));
      return several(nameFor(reference), paths.map(local));
    }
    const value =
      head === 'outs'
        ? ownText(job.outs, name, local)
        : head === 'checkpoint'
          ? job.checkpoint && local(job.checkpoint)
          : Object.hasOwn(run.values, reference)
            ? asText(run.values[reference] ?? null)
            : null;
    return value === null ? null : written(assigned(reference, value));
  };
  let refs = 0;
  const text = parts
    .map((part) => {
      if (part.kind !== 'ref') return part.kind === 'text' ? part.text : part.source;
      // Names that the job does not have stay as they are; the plan has reported them.
      return expand(part, placements[refs++]?.kind === 'word') ?? part.source;
    })
    .join('');
  return { script: `${assignments.join('')}pipe_command=${quoted(text)}\n`, lists };
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
