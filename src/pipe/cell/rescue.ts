/** Tells what a user added to outs, or changed in them, from what was put there, and moves it to the quarantine. */
import {
  type BigIntStats,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import { type Look, PathError } from '../digest/look.ts';
import { type Layout, objectFile } from '../store/layout.ts';
import { viewBehind } from '../store/look-in-place.ts';
import { BadObject, readListing } from '../store/objects.ts';
import type { OutRecord } from '../store/out-record.ts';
import { asidePath } from '../store/quarantine.ts';

export interface Rescue {
  readonly layout: Layout;
  readonly digests: Digests;
  readonly project: string;
}

/** What should lie where, by path; '' is the folder or file itself. */
export type Expected = ReadonlyMap<string, 'folder' | { readonly file: Sha256 } | { readonly link: string }>;

/** Out of records: each at its path below the folder. `at` gives another one (the place of a single out is '' ). */
export function expectedOf(
  layout: Layout,
  outs: readonly OutRecord[],
  at: (out: OutRecord) => string = ({ path }) => path,
): Expected {
  const expected = new Map<string, 'folder' | { file: Sha256 } | { link: string }>();
  const inside = (path: string, name: string) => (path === '' ? name : `${path}/${name}`);
  for (const out of outs) {
    const path = at(out);
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1))
      expected.set(path.slice(0, cut), 'folder');
    if (path !== '') expected.set('', 'folder');
    if (out.type === 'file') {
      expected.set(path, { file: out.object });
      continue;
    }
    expected.set(path, 'folder');
    try {
      for (const entry of readListing(layout, out.object)) {
        const of = inside(path, entry.path);
        if (entry.type === 'folder') expected.set(of, 'folder');
        else expected.set(of, entry.type === 'link' ? { link: entry.target } : { file: entry.sha256 });
      }
    } catch (error) {
      // Nobody can say what belongs there: all of it is kept.
      if (!(error instanceof BadObject)) throw error;
    }
  }
  return expected;
}

/**
 * Moves what is not as expected from `root` to the quarantine. `what` names it there. Gives a warning that names both
 * paths; null: everything was as expected.
 */
export async function rescue(
  options: Rescue,
  root: string,
  expected: Expected,
  what: string,
): Promise<string | null> {
  const { layout, project } = options;
  const strangers: string[] = [];
  await compare(options, root, expected, { onStranger: (path) => strangers.push(path) });
  if (strangers.length === 0) return null;
  const aside = asidePath(layout, `before-${what}`);
  for (const path of strangers) move(join(root, path), join(aside, path));
  return keptAside(project, root, aside, strangers);
}

/** Says where what lay in `root` is kept now. */
export function keptAside(
  project: string,
  root: string,
  aside: string,
  strangers: readonly string[],
): string {
  const named = strangers.slice(0, 5).map((path) => relative(project, join(root, path)));
  const more = strangers.length > named.length ? ` and ${strangers.length - named.length} more` : '';
  const verb =
    strangers.length === 1
      ? 'was not made here, or was changed since; it is'
      : 'were not made here, or were changed since; they are';
  return `${named.join(', ')}${more} ${verb} kept in ${relative(project, strangers.length === 1 ? join(aside, strangers[0] ?? '') : aside)}`;
}

export interface WhileComparing {
  onStranger(path: string): void;
  /** `settled`: any later write would show in the stat. */
  onOurs?(path: string, stat: BigIntStats, settled: boolean): void;
  /** After all that is in a folder of ours. */
  onLeft?(path: string): void;
  /** Whether a file is the one that was compared before: it is not read again. */
  isKnown?(path: string, stat: BigIntStats): boolean;
  /** Where it stood before it was moved, without links on the way. */
  readonly stoodAt?: string;
}

/** Compares what lies in `root` with what should. Paths are relative to it. */
export async function compare(
  options: Rescue,
  root: string,
  expected: Expected,
  { onStranger, onOurs, onLeft, isKnown, stoodAt }: WhileComparing,
): Promise<void> {
  const look = async (path: string): Promise<void> => {
    const full = join(root, path);
    const stat = lstatSync(full, { bigint: true, throwIfNoEntry: false });
    if (!stat) return;
    const should = expected.get(path);
    if (should === 'folder' && stat.isDirectory()) {
      for (const name of readdirSync(full).sort()) await look(path === '' ? name : `${path}/${name}`);
      onLeft?.(path);
      return;
    }
    const seen =
      should === undefined
        ? null
        : isKnown?.(path, stat)
          ? { settled: true }
          : await asShould(
              options,
              { path: full, from: stoodAt && dirname(join(stoodAt, path)), stat },
              should,
            );
    if (seen === null) onStranger(path);
    else onOurs?.(path, stat, seen.settled);
  };
  await look('');
}

/** Null: it is not what should be there. */
async function asShould(
  options: Rescue,
  { path, from, stat }: { path: string; from: string | undefined; stat: BigIntStats },
  should: 'folder' | { readonly file: Sha256 } | { readonly link: string },
): Promise<{ readonly settled: boolean } | null> {
  // Nothing of a user's: a link that leads to what the store has.
  if (viewBehind(options.layout, path, from) !== null) return { settled: true };
  if (should === 'folder') return null;
  if ('link' in should)
    return stat.isSymbolicLink() && readlinkSync(path) === should.link ? { settled: true } : null;
  const seen = stat.isFile() ? await lookAt(path, options) : null;
  return seen !== null && isOurs(seen.content, should.file, options.layout) ? seen : null;
}

/** After a crash between the swap and its note, something of ours lies there that the note does not know: the store has it. */
function isOurs(content: Sha256, expected: Sha256, layout: Layout): boolean {
  return content === expected || existsSync(objectFile(layout, content));
}

async function lookAt(path: string, { digests }: Rescue): Promise<Look | null> {
  try {
    return await digests.lookAgain(path, 'self');
  } catch (error) {
    if (error instanceof PathError) return null;
    throw error;
  }
}

/** To a path whose folders are made, and which may be on another file system. */
export function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    renameSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    removeTree(from);
  }
}
