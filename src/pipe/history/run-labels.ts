/** What a person calls a run: a name, tags, a pin. Files in the run's folder; `pipe cache gc` spares what is tagged or pinned. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { readOwnFile } from '../../lib/regular-file.ts';
import { replaceFile } from '../../lib/replace-file.ts';

export interface RunLabels {
  /** Null: none was given. */
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly pinned: boolean;
}

const limitBytes = 64 * 1024;
const label = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+/-]{0,99}$/u;

/** `folder`: of the run. */
export function readLabels(folder: string): RunLabels {
  const [name = null] = linesOf(folder, 'name');
  const pinned = typeof readOwnFile(join(folder, 'pinned'), limitBytes) !== 'string';
  return { name, tags: linesOf(folder, 'tag'), pinned };
}

/** Null takes the name away. */
export function writeName(folder: string, name: string | null): void {
  writeLines(folder, 'name', name === null ? [] : [name]);
}

export function writeTags(folder: string, tags: Iterable<string>): void {
  writeLines(folder, 'tag', [...new Set(tags)].sort());
}

export function writePin(folder: string, pinned: boolean): void {
  if (pinned) replaceFile(join(folder, 'pinned'), '');
  else rmSync(join(folder, 'pinned'), { force: true });
}

/** @throws UserError (exit 2) when a run cannot be found by it again */
export function checkLabel(text: string): string {
  if (label.test(text) && !/^\d{8}-\d{6}/.test(text) && text !== 'latest') return text;
  throw new UserError(`a run cannot be called \`${text}\``, {
    code: exitCode.usage,
    hint: 'letters, digits and `_.@+/-`, at most 100, not begun as the id of a run is, and not `latest`',
  });
}

function linesOf(folder: string, file: string): readonly string[] {
  const content = readOwnFile(join(folder, file), limitBytes);
  if (typeof content === 'string') return [];
  return content
    .toString('utf8')
    .split('\n')
    .filter((line) => label.test(line));
}

function writeLines(folder: string, file: string, lines: readonly string[]): void {
  if (lines.length === 0) rmSync(join(folder, file), { force: true });
  else replaceFile(join(folder, file), `${lines.join('\n')}\n`);
}
