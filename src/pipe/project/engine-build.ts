/** Which build of the engine this is: changes when any file of the program changes, with or without a new version. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
  const hash = createHash('sha256').update(version);
  for (const folder of [root, join(root, 'chunks')])
    for (const name of programFiles(folder)) {
      const { ino, size, mtimeNs, ctimeNs } = lstatSync(join(folder, name), { bigint: true });
      hash.update(`\n${name} ${ino} ${size} ${mtimeNs} ${ctimeNs}`);
    }
  return hash.digest('hex');
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
