/** What a user added to a folder of outs, or changed in it, is moved aside before the folder is replaced. */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import { type Digests, PathError } from '../digest/digests.ts';
import { type Layout, objectFile } from '../store/layout.ts';
import { viewBehind } from '../store/look-in-place.ts';
import { BadObject, readListing } from '../store/objects.ts';
import type { OutRecord } from '../store/out-record.ts';
import { asidePath } from '../store/quarantine.ts';

interface Options {
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
  options: Options,
  root: string,
  expected: Expected,
  what: string,
): Promise<string | null> {
  const { layout, project } = options;
  const found = await usersFilesIn(root, expected, options);
  if (found.length === 0) return null;
  const aside = asidePath(layout, `before-${what}`);
  for (const path of found) move(join(root, path), join(aside, path));
  const named = found.slice(0, 5).map((path) => relative(project, join(root, path)));
  const more = found.length > named.length ? ` and ${found.length - named.length} more` : '';
  const verb =
    found.length === 1
      ? 'was not made here, or was changed since; it is'
      : 'were not made here, or were changed since; they are';
  return `${named.join(', ')}${more} ${verb} kept in ${relative(project, found.length === 1 ? join(aside, found[0] ?? '') : aside)}`;
}

/** After a crash between the swap and its note, something of ours lies there that the note does not know: the store has it. */
function isOurs(content: Sha256 | null, expected: Sha256, layout: Layout): boolean {
  return content === expected || (content !== null && existsSync(objectFile(layout, content)));
}

async function usersFilesIn(root: string, expected: Expected, options: Options): Promise<readonly string[]> {
  const found: string[] = [];
  const look = async (path: string): Promise<void> => {
    const full = join(root, path);
    const stat = lstatSync(full, { throwIfNoEntry: false });
    if (!stat) return;
    const should = expected.get(path);
    if (should === 'folder' && stat.isDirectory()) {
      for (const name of readdirSync(full).sort()) await look(path === '' ? name : `${path}/${name}`);
      return;
    }
    // Nothing of a user's: a link that leads to what the store has.
    if (should !== undefined && viewBehind(options.layout, full) !== null) return;
    const same =
      typeof should === 'object' &&
      ('link' in should
        ? stat.isSymbolicLink() && readlinkSync(full) === should.link
        : stat.isFile() && isOurs(await contentOf(full, options), should.file, options.layout));
    if (!same) found.push(path);
  };
  await look('');
  return found;
}

async function contentOf(path: string, { digests }: Options): Promise<Sha256 | null> {
  try {
    return (await digests.lookAgain(path, 'self'))?.content ?? null;
  } catch (error) {
    if (error instanceof PathError) return null;
    throw error;
  }
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    renameSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    removeTree(from);
  }
}
