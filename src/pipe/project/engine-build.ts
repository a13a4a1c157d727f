/** Which build of the engine this is: changes when any file of the program changes, with or without a new version. */
import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Of } from '../../lib/sha256.ts';
import { version } from '../version.ts';

let known: string | undefined;

/** By name, size and times, not by content: a run with nothing to do reads none of it. A changed file has another ctime. */
export function engineBuild(): string {
  known ??= digestOfProgram();
  return known;
}

function digestOfProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const root = basename(here) === 'chunks' ? dirname(here) : here;
  const lines = [version];
  for (const folder of [root, join(root, 'chunks')])
    for (const name of programFiles(folder)) {
      const { ino, size, mtimeMs, ctimeMs } = lstatSync(join(folder, name));
      lines.push(`${name} ${ino} ${size} ${mtimeMs} ${ctimeMs}`);
    }
  return sha256Of(lines.join('\n'));
}

function programFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.[mc]?js$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
