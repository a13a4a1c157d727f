/** Swaps folders and files into place: the old one stays until the new one is whole. */
import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type FaultStep, reached } from '../store/fault.ts';

/**
 * `fresh` becomes `target`; what was there goes to `aside`. All on one file system.
 * A crash between the two renames leaves no target: it is put back from the cache, which has it by then.
 */
export function swap(
  fresh: string,
  target: string,
  aside: string,
  steps: readonly [FaultStep, FaultStep],
): void {
  mkdirSync(dirname(target), { recursive: true });
  if (lstatSync(target, { throwIfNoEntry: false })) renameSync(target, aside);
  reached(steps[0]);
  renameSync(fresh, target);
  reached(steps[1]);
}

/**
 * A copy of `from` (a file or folder) at `target`. It is made in `scratch`, which the next run clears should this one
 * be killed. When `kept` is given, what was there before is copied to it.
 */
export function placeCopy(from: string, target: string, scratch: string, kept: string | null): void {
  mkdirSync(dirname(target), { recursive: true });
  // Something that nobody else has a copy of: it must be safe before it leaves its place.
  if (kept !== null && existsSync(target)) copy(target, kept);
  const folder = sameFileSystem(scratch, dirname(target)) ? scratch : dirname(target);
  const fresh = join(folder, `.${basename(target)}.pipe-new`);
  const old = join(folder, `.${basename(target)}.pipe-old`);
  for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
  copy(from, fresh);
  swap(fresh, target, old, ['place-out', 'place-in']);
  rmSync(old, { recursive: true, force: true });
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** The cache may be a link to another disk. */
function sameFileSystem(one: string, other: string): boolean {
  mkdirSync(one, { recursive: true });
  return lstatSync(one).dev === lstatSync(other).dev;
}
