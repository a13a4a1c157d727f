// Links of the built site that lead nowhere: files that are not there, and places in a page that are not there.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * A line per link.
 * @param {string} folder of the site
 * @param {readonly string[]} leftOut files, or beginnings of their paths, that were left out on purpose
 */
export function brokenLinks(folder, leftOut) {
  const reports = join(folder, 'gallery');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => join(folder, file))
    .filter((file) => !file.startsWith(`${reports}/`));
  /** @type {Map<string, ReadonlySet<string>>} */
  const ids = new Map();
  const idsOf = (/** @type {string} */ file) => {
    const known = ids.get(file);
    if (known) return known;
    const found = new Set(
      [...readFileSync(file, 'utf8').matchAll(/ id="([^"]*)"/g)].map(([, id]) => id ?? ''),
    );
    ids.set(file, found);
    return found;
  };
  return files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/ (?:href|src)="([^"]*)"/g)].flatMap(([, href = '']) => {
      if (/^[a-z]+:/.test(href)) return [];
      const [path = '', hash] = href.replace(/&amp;/g, '&').split('#');
      const target = path === '' ? file : resolve(dirname(file), path);
      if (leftOut.some((path) => target.startsWith(join(folder, path)))) return [];
      const isThere =
        existsSync(target) &&
        (hash === undefined || hash === '' || idsOf(target).has(decodeURIComponent(hash)));
      return isThere ? [] : [`${relative(folder, file)}: ${href} leads nowhere`];
    }),
  );
}
