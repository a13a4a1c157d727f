/** A command of DVC, which reads and writes in the project, as one that is given its deps and outs. */
import { posix } from 'node:path';
import { translated, withoutSingleQuotes } from './dvc-template.ts';
import type { Unit } from './dvc-units.ts';

export interface Mention {
  /** As dvc.yaml writes it; several: in this order, one after the other. */
  readonly texts: readonly string[];
  /** `deps.x`, `outs.x`. */
  readonly name: string;
  /** Path within it. */
  readonly rest: string;
}

export interface GivenCommand {
  readonly text: string;
  /** Names of mentions that the command does not hold: what they stand for is read and written where DVC has it. */
  readonly unmentioned: ReadonlySet<string>;
}

/** Paths that stand in the command become references; outs that do not are moved when it has ended. */
export function commandFor(unit: Unit, mentions: readonly Mention[]): GivenCommand {
  const { body, meanings, folder } = unit;
  const given = typeof body.cmd === 'string' ? [body.cmd] : body.cmd;
  let text = given.map((line) => line.trimEnd()).join('\n');
  const where = posix.join(folder, body.wdir ?? '.');
  const inFolder = posix.normalize(where) !== '.';
  const marks: string[] = [];
  const unmentioned = new Set<string>();
  const longestFirst = [...mentions].sort((a, b) => b.texts.join(' ').length - a.texts.join(' ').length);
  for (const { texts, name, rest } of longestFirst) {
    let found = false;
    text = text.replaceAll(mentionPattern(texts), (match, at: number) => {
      const quote = quoteAt(text, at);
      // The shell fills nothing in there.
      if (quote === "'" && inFolder) return match;
      found = true;
      marks.push(`${rootPrefix(inFolder, quote)}\${${name}}${rest === '' ? '' : `/${rest}`}`);
      return `\u0001${marks.length - 1}\u0002`;
    });
    if (!found) unmentioned.add(name);
  }
  const own = translated(text, meanings, { command: true }).replaceAll(
    /\u0001(\d+)\u0002/g,
    (_, index: string) => marks[Number(index)] ?? '',
  );
  const moves = mentions
    .filter(({ name }) => name.startsWith('outs.') && unmentioned.has(name))
    .map(({ texts: [path = ''], name }) => {
      const from = translated(withoutDot(path), meanings, { command: true });
      return `mv -- ${/[\s"'$]/.test(from.replaceAll(/\$\{[^}]*\}/g, '')) ? `"${from}"` : from} ${rootPrefix(inFolder, null)}\${${name}}`;
    });
  const enter = inFolder ? [`root=$PWD; cd ${translated(where, meanings, { command: true })}`] : [];
  return { text: [...enter, withoutSingleQuotes(own), ...moves].join('\n'), unmentioned };
}

/** Paths that the engine gives are relative to the project. */
function rootPrefix(inFolder: boolean, quote: string | null): string {
  if (!inFolder) return '';
  return quote === '"' ? '$root/' : '"$root"/';
}

/** A path as a word of its own, or the beginning of a longer path. */
function mentionPattern(texts: readonly string[]): RegExp {
  const paths = texts.map((text) => `(?:\\./)?${withoutDot(text).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
  const end = `(?=$|[\\s"'),;<>&|:])`;
  const before = `(?<=^|[\\s"'=:(<>,])`;
  return new RegExp(`${before}${paths.join('/?\\s+')}(?:/${end}|${end}|(?=/\\S))`, 'gm');
}

function withoutDot(path: string): string {
  return path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
}

/** The quote that is open at this place of a shell's text. */
function quoteAt(text: string, end: number): string | null {
  let open: string | null = null;
  for (let at = 0; at < end; at++) {
    const character = text[at];
    if (character === '\\' && open !== "'") at++;
    else if (open === null && (character === '"' || character === "'")) open = character;
    else if (character === open) open = null;
  }
  return open;
}
