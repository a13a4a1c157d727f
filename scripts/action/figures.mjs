// Puts pictures where a comment can show them: a comment takes no data, only addresses. They are files of a branch of their own
// per pull request, one commit without a past, replaced by each run; those of closed pull requests are taken away.
// Whoever may read the repository sees them, also in a private one, because the address is GitHub's own.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ask, Refused } from './github.mjs';

const branches = 'pipe-figures/';
/** One request holds them all. */
const mostBytes = 8_000_000;
/** Branches of other pull requests that one run looks at. */
const mostCleaned = 20;

/**
 * `text` with the pictures below `folder` at the addresses that they will have.
 * @param {string} text Markdown by `pipe compare --figures FOLDER`
 * @param {string} folder as the command was told it
 * @param {string} address of the repository
 * @param {number} pull
 */
export function atTheirAddress(text, folder, address, pull) {
  return text
    .split(`(<${folder}/`)
    .map((part, i) =>
      i === 0 ? part : part.replace(/^([\w.-]+)>/, `(${address}/blob/${branches}${pull}/$1?raw=true`),
    )
    .join('');
}

/**
 * `text` without the pictures below `folder`: what differs is named in its table.
 * @param {string} text
 * @param {string} folder
 */
export function withoutPictures(text, folder) {
  const blocks = /\*\*[^\n]*\*\*\n\n\| before \| after \|\n\|---\|---\|\n\|[^\n]*\|\n\n?/g;
  return text.replace(blocks, (block) => (block.includes(`(<${folder}/`) ? '' : block));
}

/** @typedef {{ sha: string }} Made an object of git */

/**
 * Publishes the SVG files of `folder` for a pull request. False: there is none, or GitHub does not let us; the log says so.
 * @param {string} folder
 * @param {string} repository OWNER/NAME
 * @param {number} pull
 */
export async function publishFigures(folder, repository, pull) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.svg'));
  if (files.length === 0) return false;
  const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  if (bytes > mostBytes) return none(`the figures that differ have ${bytes} bytes, ${mostBytes} at most`);
  const git = `/repos/${repository}/git`;
  try {
    const contents = files.map((path) => ({
      path,
      mode: '100644',
      type: 'blob',
      content: readFileSync(join(folder, path), 'utf8'),
    }));
    const tree = /** @type {Made} */ (await ask('POST', `${git}/trees`, { tree: contents }));
    const message = `Figures of pull request ${pull}`;
    const about = { message, tree: tree.sha, parents: [] };
    const commit = /** @type {Made} */ (await ask('POST', `${git}/commits`, about));
    await putBranch(git, `${branches}${pull}`, commit.sha);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return none(`${error.message}; pictures in a comment need \`contents: write\``);
  }
  await clean(repository, pull).catch((error) => console.log(`figures of closed pull requests: ${error}`));
  return true;
}

/** @param {string} why */
function none(why) {
  console.log(`::notice::the comment names figures and shows none: ${why}`);
  return false;
}

/**
 * @param {string} git
 * @param {string} branch
 * @param {string} sha
 */
async function putBranch(git, branch, sha) {
  try {
    await ask('PATCH', `${git}/refs/heads/${branch}`, { sha, force: true });
  } catch (error) {
    // GitHub says 422 where there is no such branch.
    if (!(error instanceof Refused) || (error.status !== 422 && error.status !== 404)) throw error;
    await ask('POST', `${git}/refs`, { ref: `refs/heads/${branch}`, sha });
  }
}

/**
 * @param {string} repository
 * @param {number} own
 */
async function clean(repository, own) {
  const refs = /** @type {readonly { ref: string }[]} */ (
    await ask('GET', `/repos/${repository}/git/matching-refs/heads/${branches}`)
  );
  const others = refs.flatMap(({ ref }) => {
    const number = ref.slice(`refs/heads/${branches}`.length);
    return /^\d+$/.test(number) && Number(number) !== own ? [number] : [];
  });
  for (const number of others.slice(0, mostCleaned)) {
    const { state } = /** @type {{ state: string }} */ (
      await ask('GET', `/repos/${repository}/pulls/${number}`)
    );
    if (state === 'closed') await ask('DELETE', `/repos/${repository}/git/refs/heads/${branches}${number}`);
  }
}
