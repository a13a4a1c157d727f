/** Links of a Markdown page, and which of them lead nowhere. */
import { posix } from 'node:path';

/** Where the repository is browsed: its files are linked so from pages that the package holds without them. */
const repository = /^https:\/\/github\.com\/pipe-experiments\/pipe\/(?:blob|tree)\/main\//;

export interface Link {
  readonly text: string;
  /** Relative to the repository, or to the package; without `#…`. */
  readonly path: string;
  /** Whether it is written as an address of the repository. */
  readonly isAddress: boolean;
}

/** Links to files, of the page at `path`; others of the web are left out. */
export function linksOf(path: string, text: string): Link[] {
  return [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].flatMap(([, target = '']): Link[] => {
    if (repository.test(target))
      return [{ text: target, path: target.replace(repository, ''), isAddress: true }];
    if (/^[a-z]+:/.test(target)) return [];
    return [{ text: target, path: posix.join(posix.dirname(path), target), isAddress: false }];
  });
}
