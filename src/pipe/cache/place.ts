/** Swaps folders and files into place: the old one stays until the new one is whole beside it. */
import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type FaultStep, reached } from './fault.ts';

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

/** A copy of `from` (a file or folder) at `target`, made beside it first. When `aside` is given, what was there is copied to it. */
export function placeCopy(from: string, target: string, aside: string | null): void {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const fresh = join(folder, `.${basename(target)}.pipe-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  cpSync(from, fresh, { recursive: true, verbatimSymlinks: true });
  const old = join(folder, `.${basename(target)}.pipe-old-${process.pid}`);
  rmSync(old, { recursive: true, force: true });
  // Something that nobody else has a copy of: it must be safe before it leaves its place.
  if (aside !== null && existsSync(target)) {
    mkdirSync(dirname(aside), { recursive: true });
    cpSync(target, aside, { recursive: true, verbatimSymlinks: true });
  }
  swap(fresh, target, old, ['place-out', 'place-in']);
  rmSync(old, { recursive: true, force: true });
}
