/** Fills `${deps.x}` and `${outs.x}` into a command so that the shell reads each path as one word, wherever it stands. */
import { isAbsolute, relative } from 'node:path';
import type { Job } from './job.ts';

type Quote = 'none' | 'single' | 'double';

/**
 * Paths inside the project are written relative to it, the command's working directory: what a command prints then
 * does not depend on where the project lies. A gathered dep becomes all its paths, in order. Names that the job does
 * not have stay as they are; the plan has reported them.
 */
export function shellCommand(template: string, job: Job, project: string): string {
  let quote: Quote = 'none';
  let result = '';
  let index = 0;
  while (index < template.length) {
    const placeholder = /^\$\{(deps|outs)\.([^}]+)\}/.exec(template.slice(index));
    const paths = placeholder ? lookUp(job, placeholder[1] ?? '', placeholder[2] ?? '') : null;
    if (placeholder && paths) {
      const around = quote;
      result += paths.map((path) => quoted(local(path, project), around)).join(' ');
      index += placeholder[0].length;
      continue;
    }
    const character = template[index] ?? '';
    if (character === '\\' && quote !== 'single') {
      result += template.slice(index, index + 2);
      index += 2;
      continue;
    }
    if (character === "'" && quote !== 'double') quote = quote === 'single' ? 'none' : 'single';
    if (character === '"' && quote !== 'single') quote = quote === 'double' ? 'none' : 'double';
    result += character;
    index++;
  }
  return result;
}

function lookUp(job: Job, kind: string, name: string): readonly string[] | null {
  if (kind === 'outs') {
    const path = Object.hasOwn(job.outs, name) ? job.outs[name] : undefined;
    return path === undefined ? null : [path];
  }
  const dep = Object.hasOwn(job.deps, name) ? job.deps[name] : undefined;
  if (!dep) return null;
  return dep.kind === 'one' ? [dep.path] : dep.items.map((item) => item.path);
}

function local(path: string, project: string): string {
  const inside = relative(project, path);
  if (inside === '' || inside === '..' || inside.startsWith('../') || isAbsolute(inside)) return path;
  // A name that begins with a dash would be read as an option.
  return inside.startsWith('-') ? `./${inside}` : inside;
}

function quoted(path: string, around: Quote): string {
  if (around === 'double') return path.replaceAll(/[\\"$`]/g, '\\$&');
  const inner = path.replaceAll("'", "'\\''");
  if (around === 'single') return inner;
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${inner}'`;
}
