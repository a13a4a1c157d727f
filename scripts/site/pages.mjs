// The pages of docs/ as HTML, in the groups and the order of docs/README.md.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Marked } from 'marked';

const repository = 'https://github.com/pipe-experiments/pipe';
const published = 'https://pipe-experiments.github.io/pipe/';

/**
 * @typedef {{ id: string, title: string, text: string }} Section
 * @typedef {{ path: string, out: string, title: string, html: string, sections: readonly Section[] }} Page
 * @typedef {{ name: string, links: readonly { text: string, out: string }[] }} Group
 */

/**
 * @param {string} root of the checkout
 * @returns {{ pages: readonly Page[], groups: readonly Group[] }}
 */
export function readPages(root) {
  const paths = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('results/'))
    .sort();
  const pages = paths.map((path) => rendered(path, readFileSync(join(root, 'docs', path), 'utf8')));
  const groups = groupsOf(readFileSync(join(root, 'docs/README.md'), 'utf8'));
  const named = new Set(groups.flatMap(({ links }) => links.map(({ out }) => out)));
  const lost = pages.filter(({ out }) => out !== 'index.html' && !named.has(out));
  if (lost.length > 0)
    throw new Error(`docs/README.md does not name ${lost.map(({ path }) => path).join(', ')}`);
  return { pages, groups };
}

/** @param {string} path below docs/ */
function outOf(path) {
  return path === 'README.md' ? 'index.html' : path.replace(/\.md$/, '.html');
}

/**
 * Rows of its table: a group's name in bold, then its pages.
 * @param {string} text
 * @returns {readonly Group[]}
 */
function groupsOf(text) {
  return [...text.matchAll(/^\| \*\*(.+?)\*\* \| (.*) \|$/gm)].map(([, name = '', cell = '']) => ({
    name,
    links: [...cell.matchAll(/\[([^\]]+)\]\(([^)]+\.md)\)/g)]
      .filter(([, , target = '']) => !target.startsWith('https:'))
      .map(([, label = '', target = '']) => ({ text: label, out: outOf(target) })),
  }));
}

/**
 * @param {string} path below docs/
 * @param {string} text
 * @returns {Page}
 */
function rendered(path, text) {
  /** @type {Section[]} */
  const sections = [];
  const slugs = new Map();
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: plain }) {
        const inner = this.parser.parseInline(tokens);
        const id = slugOf(plain, slugs);
        sections.push({ id, title: plainText(inner), text: '' });
        return `<h${depth} id="${id}">${inner}${depth === 1 ? '' : ` <a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escaped(targetOf(path, href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text: label }) {
        return `<img src="${escaped(posix.normalize(href))}" alt="${escaped(label)}" loading="lazy">`;
      },
      table(token) {
        // Wide ones scroll by themselves, also by keys.
        const cells = (/** @type {typeof token.header} */ row, /** @type {string} */ tag) =>
          row.map((one) => `<${tag}>${this.parser.parseInline(one.tokens)}</${tag}>`).join('');
        const rows = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n');
        return `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table><thead><tr>${cells(token.header, 'th')}</tr></thead><tbody>${rows}</tbody></table></div>\n`;
      },
      code({ text: code, lang }) {
        return `<pre tabindex="0"><code${lang ? ` class="${escaped(lang)}"` : ''}>${escaped(code)}</code></pre>\n`;
      },
    },
  });
  const html = /** @type {string} */ (marked.parse(text));
  for (const [i, part] of html
    .split(/<h[1-6] id="[^"]*">/)
    .slice(1)
    .entries()) {
    const section = sections[i];
    if (section) section.text = plainText(part.slice(part.indexOf('</h')));
  }
  return { path, out: outOf(path), title: sections[0]?.title ?? path, html, sections };
}

/**
 * As GitHub makes them, so that links with `#…` hold in both places.
 * @param {string} heading
 * @param {Map<string, number>} taken
 */
function slugOf(heading, taken) {
  const base = heading
    .replace(/`|\*\*|\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
  const count = taken.get(base) ?? 0;
  taken.set(base, count + 1);
  return count === 0 ? base : `${base}-${count}`;
}

/**
 * A link of a page, for the site: pages of docs/ are beside it, other files of the repository are shown by GitHub.
 * @param {string} path of the page, below docs/
 * @param {string} href
 */
function targetOf(path, href) {
  if (href.startsWith('#')) return href;
  const here = posix.dirname(outOf(path));
  if (href.startsWith(published)) return posix.relative(here, href.slice(published.length));
  if (/^[a-z]+:/.test(href)) return href;
  const [file = '', hash] = href.split('#');
  const target = posix.join('docs', posix.dirname(path), file);
  const end = hash === undefined ? '' : `#${hash}`;
  if (!target.startsWith('docs/') || target.startsWith('docs/results/'))
    return `${repository}/blob/main/${target}${end}`;
  return `${posix.relative(here, outOf(target.slice('docs/'.length)))}${end}`;
}

/** @param {string} html */
function plainText(html) {
  return html
    .replace(/<a class="anchor".*?<\/a>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
}

/** @param {string} text */
export function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
