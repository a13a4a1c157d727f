// Builds the documentation as a site: `npm run docs:site [-- FOLDER] [--no-gallery]` (default folder: site). It opens from disk, is
// searched without a network, and asks for nothing but its own files. Fails where a link leads nowhere.
// Without `--no-gallery` the pipelines of the gallery are run, by dist/pipe.cjs, and their reports are part of it.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brokenLinks } from './site/broken-links.mjs';
import { searchClient, searchData } from './site/client-files.mjs';
import { galleryReports } from './site/gallery.mjs';
import { readPages } from './site/pages.mjs';
import { sitePage } from './site/site-page.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'no-gallery': { type: 'boolean' }, root: { type: 'string' } },
});
const source = resolve(values.root ?? root);
const folder = resolve(positionals[0] ?? 'site');

const { pages, groups } = readPages(source);
// Only a site gives way to a site.
if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, 'search-data.js'))) {
  console.error(
    `error: ${folder} holds something else than an earlier site\n  next: name a folder that is empty or not there`,
  );
  process.exit(1);
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
// First: by this a site is known, also one whose building was stopped.
writeFileSync(join(folder, 'search-data.js'), searchData(pages));
for (const page of pages) {
  const file = join(folder, page.out);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, sitePage(page, groups));
}
writeFileSync(join(folder, 'search.js'), await searchClient(root));
cpSync(join(source, 'docs/images'), join(folder, 'images'), { recursive: true });
// GitHub Pages would leave out files whose names begin with an underscore.
writeFileSync(join(folder, '.nojekyll'), '');
const hasGallery = !values['no-gallery'];
const leftOut = hasGallery ? await galleryReports(root, join(folder, 'gallery')) : [];
for (const name of leftOut) console.log(`left out: the report of ${name}, which this machine cannot run`);

const broken = brokenLinks(folder, hasGallery ? leftOut.map((name) => `gallery/${name}.html`) : ['gallery/']);
for (const line of broken) console.error(line);
console.log(`${pages.length} pages in ${folder}, ${broken.length} broken links`);
if (broken.length > 0) process.exitCode = 1;
