// What the site's pages load beside themselves: the search and what it looks through.

import { join } from 'node:path';
import { build } from 'esbuild';

/** @param {string} root of the checkout */
export async function searchClient(root) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'scripts/site/search.mjs')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    legalComments: 'inline',
  });
  return outputFiles[0]?.text ?? '';
}

/**
 * A script, because a page that was opened from disk may load no other kind of file.
 * @param {readonly import('./pages.mjs').Page[]} pages
 */
export function searchData(pages) {
  const sections = pages.flatMap(({ out, title: page, sections: own }) =>
    own.map(({ id, title, text }, i) => ({
      id: i === 0 ? out : `${out}#${id}`,
      page,
      title,
      // Long reference sections are found by their beginnings and headings.
      text: text.slice(0, 4_000),
    })),
  );
  return `globalThis.pipeDocs=${JSON.stringify(sections).replace(/</g, '\\u003c')};\n`;
}
