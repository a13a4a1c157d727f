/**
 * Puts something new where people look, in the place of what is there. What was there is set aside whole by a rename
 * and sorted then: ours is removed entry by entry, each compared, and what a user left stays. So nothing goes that came
 * between the look and the rename. A crash leaves all of it set aside; the next transaction of the cell sorts it.
 */
import {
  type BigIntStats,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { moveNew } from '../../lib/move-new.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { markOf } from '../digest/stat.ts';
import { signature } from '../digest/stat-index.ts';
import { type FaultStep, reached } from '../store/fault.ts';
import { asidePath } from '../store/quarantine.ts';
import { compare, type Expected, keptAside, move, type Rescue } from './rescue.ts';

/** Where something is replaced, and what of ours may be there. */
export interface Replacement {
  /** Absolute. */
  readonly target: string;
  readonly expected: Expected;
  /** Names in the quarantine what is not ours. */
  readonly what: string;
}

type Seen = ReadonlyMap<string, string>;

/**
 * `fresh` becomes `target`, on one file system. A crash between the two steps leaves no target: it is put back from the
 * store, which has it by then. Gives warnings that say what of the user's is kept where.
 */
export async function replace(
  options: Rescue,
  place: Replacement,
  fresh: string,
  steps: readonly [FaultStep, FaultStep] | null,
): Promise<readonly string[]> {
  const { target } = place;
  mkdirSync(dirname(target), { recursive: true });
  const seen = await look(options, place);
  const asides: string[] = [];
  for (;;) {
    if (lstatSync(target, { throwIfNoEntry: false })) asides.push(setAside(options, target));
    if (steps) reached(steps[0]);
    try {
      moveNew(fresh, target);
      break;
    } catch (error) {
      // Somebody made something there at that moment. It is kept as well.
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR')) throw error;
    }
  }
  if (steps) reached(steps[1]);
  const warnings: string[] = [];
  for (const aside of asides) warnings.push(...(await sort(options, place, aside, seen)));
  return warnings;
}

/** Sorts what a transaction of this cell that was killed had set aside. */
export async function sortLeft(options: Rescue, place: Replacement): Promise<readonly string[]> {
  const { quarantine, root } = options.layout;
  const folders: [string, string][] = [[quarantine, `${nameOf(options, place.target)}-`]];
  const beside = dirname(place.target);
  if ((deviceOf(quarantine) ?? deviceOf(root)) !== deviceOf(beside))
    folders.push([beside, besideName(place.target)]);
  const warnings: string[] = [];
  for (const [folder, prefix] of folders)
    for (const name of namesIn(folder))
      if (name.startsWith(prefix))
        warnings.push(...(await sort(options, place, join(folder, name), new Map())));
  return warnings;
}

/** Takes away what stands where something of ours belongs and is neither it nor a folder that leads to it. */
export async function clear(options: Rescue, place: Replacement): Promise<readonly string[]> {
  return sort(options, place, setAside(options, place.target), new Map());
}

function deviceOf(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.dev;
}

/** The stats of what is ours, as far as a write after the look would change them. A rename sets the ctime of what it moves. */
async function look(options: Rescue, { target, expected }: Replacement): Promise<Seen> {
  const seen = new Map<string, string>();
  await compare(options, target, expected, {
    onStranger: () => {},
    onOurs: (path, stat, settled) => {
      if (settled) seen.set(path, statOf(path, stat));
    },
  });
  return seen;
}

function statOf(path: string, stat: BigIntStats): string {
  return path === '' ? markOf(stat) : signature(stat);
}

function setAside(options: Rescue, target: string): string {
  const { layout } = options;
  mkdirSync(layout.quarantine, { recursive: true });
  const aside = asidePath(layout, nameOf(options, target));
  try {
    renameSync(target, aside);
    return aside;
  } catch (error) {
    // The quarantine, or the whole cache, is a link to another disk.
    if (!hasCode(error, 'EXDEV')) throw error;
  }
  const beside = join(dirname(target), `${besideName(target)}${process.pid}-${Date.now()}`);
  renameSync(target, beside);
  return beside;
}

/** By its path in the project, so that every other cell's is another. */
function nameOf({ project }: Rescue, target: string): string {
  return `replaced-${basename(target).slice(0, 100)}-${sha256Of(relative(project, target)).slice(0, 12)}`;
}

function besideName(target: string): string {
  return `.${basename(target).slice(0, 100)}.pipe-old-`;
}

async function sort(
  options: Rescue,
  { target, expected, what }: Replacement,
  aside: string,
  seen: Seen,
): Promise<readonly string[]> {
  const isKnown = (path: string, stat: BigIntStats) => seen.get(path) === statOf(path, stat);
  const stoodAt = join(realpathSync(dirname(target)), basename(target));
  await compare(options, aside, expected, {
    isKnown,
    stoodAt,
    onStranger: () => {},
    onOurs: (path) => remove(join(aside, path)),
    onLeft: (path) => removeIfEmpty(join(aside, path)),
  });
  // Not what was counted above: something may have come since.
  const left: string[] = [];
  const list = (path: string): void => {
    const full = join(aside, path);
    const stat = lstatSync(full, { throwIfNoEntry: false });
    if (!stat) return;
    const inside = stat.isDirectory() && expected.get(path) === 'folder' ? namesIn(full) : [];
    if (inside.length === 0) left.push(path);
    for (const name of inside) list(path === '' ? name : `${path}/${name}`);
  };
  list('');
  if (left.length === 0) return [];
  const kept = asidePath(options.layout, `before-${what}`);
  move(aside, kept);
  return [keptAside(options.project, target, kept, left)];
}

/** A folder that a user made read-only lets nothing be removed from it. */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
    chmodSync(dirname(path), 0o700);
    unlinkSync(path);
  }
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) return;
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
    chmodSync(dirname(path), 0o700);
    removeIfEmpty(path);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
