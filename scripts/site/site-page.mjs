// The frame of a page of the site.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { escaped } from './pages.mjs';

const style = readFileSync(new URL('./site.css', import.meta.url), 'utf8');
const styleDigest = `sha256-${createHash('sha256').update(style).digest('base64')}`;

/**
 * @param {import('./pages.mjs').Page} page
 * @param {readonly import('./pages.mjs').Group[]} groups
 */
export function sitePage({ out, title, html }, groups) {
  const up = posix.relative(posix.dirname(out), '.') || '.';
  const to = (/** @type {string} */ target) => posix.join(up, target);
  const list = groups
    .map(
      ({ name, links }) =>
        `<h2>${escaped(name)}</h2><ul>${links
          .map(
            ({ text, out: target }) =>
              `<li><a href="${escaped(to(target))}"${target === out ? ' aria-current="page"' : ''}>${escaped(text)}</a></li>`,
          )
          .join('')}</ul>`,
    )
    .join('\n');
  // Its own two scripts, wherever the site lies: also below a folder on disk, where 'self' is nobody.
  return `<!doctype html>
<html lang="en" data-up="${up}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src '${styleDigest}'; script-src 'self' file:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · pipe</title>
<style>${style}</style></head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><a class="home" href="${escaped(to('index.html'))}">pipe</a>
<div class="search" role="search"><label for="search">Search</label><input id="search" type="search" autocomplete="off" aria-controls="results" placeholder="Search (press /)"><ul id="results" aria-label="Results" hidden></ul></div></header>
<div class="wrap"><details class="menu"><summary>All pages</summary><nav aria-label="Pages">${list}</nav></details>
<main id="content">
${html}</main></div>
<noscript><p class="note">The search needs scripts; everything else does not.</p></noscript>
<script src="${escaped(to('search-data.js'))}"></script><script src="${escaped(to('search.js'))}"></script>
</body></html>
`;
}
