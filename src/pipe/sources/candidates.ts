/** Where a source may lie on this machine: whether something is there, and what a message says of the places looked at. */
import { existsSync, opendirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SourceCandidate } from '../config/document.ts';

/** A folder without any file in it, however deep, is passed over: a mount point, what `mkdir` or git left behind. */
export function holdsData(path: string): boolean {
  return stateOf(path) === 'data';
}

/** "data/a, data/b (a folder without files)"; empty: the source has no candidates. */
export function lookedAt(project: string, candidates: readonly SourceCandidate[]): string {
  return candidates
    .map(({ path }) => (isHollow(project, path) ? `${path} (a folder without files)` : path))
    .join(', ');
}

/** The next step: the hollow folder that somebody meant, else the first candidate. Null: the source has no candidates. */
export function whereToPut(project: string, candidates: readonly SourceCandidate[]): string | null {
  const hollow = candidates.find(({ path }) => isHollow(project, path));
  if (hollow) return `put the data into ${hollow.path}`;
  return candidates[0] ? `put the data at ${candidates[0].path}` : null;
}

function isHollow(project: string, path: string): boolean {
  return stateOf(resolve(project, path)) === 'hollow';
}

function stateOf(path: string): 'absent' | 'hollow' | 'data' {
  if (!existsSync(path)) return 'absent';
  return statSync(path).isDirectory() && !hasFile(path) ? 'hollow' : 'data';
}

/** Ends at the first file. A folder that cannot be read counts as one: whoever reads it next says why. */
function hasFile(folder: string): boolean {
  const folders: string[] = [];
  try {
    const entries = opendirSync(folder);
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        if (!entry.isDirectory()) return true;
        folders.push(join(folder, entry.name));
      }
    } finally {
      entries.closeSync();
    }
  } catch {
    return true;
  }
  return folders.some(hasFile);
}
