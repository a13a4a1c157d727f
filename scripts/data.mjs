// Fills data/ with links to real data that lies elsewhere on this machine, and says what is there:
//   npm run data -- FOLDER…
// Each FOLDER is searched, two levels deep, for the names below. A file or folder of the user's own in data/ is never touched.

import { existsSync, lstatSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What the study reads: the name in data/, and how it is recognised elsewhere.
 * @type {Readonly<Record<string, (path: string) => boolean>>}
 */
const known = {
  'cifar-10-batches-bin': (path) => holds(path, /^data_batch_\d\.bin$/),
  'nb201_compact.csv': (path) => basename(path) === 'nb201_compact.csv',
  'NATS-tss-v1_0-3ffb9-simple': (path) => holds(path, /^\d{6}\.pickle\.pbz2$/),
};

/**
 * Whether `path` is a folder with a file of such a name.
 * @param {string} path
 * @param {RegExp} name
 */
function holds(path, name) {
  return isFolder(path) && readdirSync(path).some((file) => name.test(file));
}

/** @param {string} path */
function isFolder(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * `folder`, what is in it, and what is in that.
 * @param {string} folder
 */
function within(folder) {
  const below = readdirSync(folder).map((name) => join(folder, name));
  return [
    folder,
    ...below,
    ...below.filter(isFolder).flatMap((one) => readdirSync(one).map((name) => join(one, name))),
  ];
}

const data = join(dirname(fileURLToPath(import.meta.url)), '../data');
const folders = process.argv.slice(2).map((folder) => resolve(folder));
const missing = folders.filter((folder) => !isFolder(folder));
if (missing.length > 0) {
  console.error(
    `no such folder: ${missing.join(', ')}\nGive folders that hold the data: npm run data -- FOLDER…`,
  );
  process.exit(2);
}
const candidates = folders.flatMap(within);
for (const [name, fits] of Object.entries(known)) {
  const place = join(data, name);
  const stat = lstatSync(place, { throwIfNoEntry: false });
  const found = candidates.find(fits);
  if (found !== undefined && found !== place && (stat === undefined || stat.isSymbolicLink())) {
    rmSync(place, { force: true });
    symlinkSync(relative(data, found), place);
  }
  console.log(
    `data/${name}: ${existsSync(place) ? 'there' : 'not there (data/README.md says where it comes from)'}`,
  );
}
