/** Looks at an out where people see it: a file, a folder, or a link to its view (`link: symlink`). */
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import type { Digests } from '../digest/digests.ts';
import type { Look } from '../digest/look.ts';
import type { Layout } from './layout.ts';

/** Null: nothing is there. @throws PathError */
export function lookInPlace(layout: Layout, digests: Digests, path: string): Promise<Look | null> {
  const view = viewBehind(layout, path);
  // Not remembered by its path: a view is made again when it is gone.
  return view === null ? digests.look(path, 'self') : digests.lookAgain(view, 'self');
}

/** The same, without what this run remembers. */
export function lookInPlaceAgain(layout: Layout, digests: Digests, path: string): Promise<Look | null> {
  return digests.lookAgain(viewBehind(layout, path) ?? path, 'self');
}

/**
 * Where a link leads that this program made, whether or not a view is there now; null: it is no such link. `from`: the
 * folder that it was made for, without links on the way; left out: the one where it stands.
 */
export function viewBehind(layout: Layout, path: string, from?: string): string | null {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return null;
  const target = resolve(from ?? realpathSync(dirname(path)), readlinkSync(path));
  const views = realViews(layout);
  return target.startsWith(`${views}${sep}`) ? target : null;
}

/** Without links on the way to it. */
export function realViews(layout: Layout): string {
  for (const [existing, rest] of [
    [layout.views, ''],
    [layout.root, 'views'],
  ] as const) {
    try {
      return join(realpathSync(existing), rest);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  return layout.views;
}
