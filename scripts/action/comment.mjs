// Says on a pull request what it changes: one comment, which later runs replace. Called by action.yml; needs nothing but Node.
// A pull request from a fork has a token that reads only: then nothing is written, and the log says so.

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atTheirAddress, publishFigures, withoutPictures } from './figures.mjs';
import { ask } from './github.mjs';

/** GitHub refuses a longer one. */
const longest = 65_536;
const marker = '<!-- pipe: what a pull request changes -->';

/**
 * The longest of `bodies`, longest first, that fits with its head.
 * @param {string} head
 * @param {readonly string[]} bodies
 * @param {string} last said where none fits
 */
export function commentText(head, bodies, last) {
  for (const body of [...bodies, last]) {
    const text = `${marker}\n${head}\n\n${body}\n`;
    if (text.length <= longest) return text;
  }
  return `${marker}\n${head.slice(0, longest - marker.length - 2)}\n`;
}

/** @typedef {{ number: number, base: { sha: string }, head: { sha: string, repo: { full_name: string } | null } }} PullRequest */

/** @returns {{ pull: PullRequest, repository: string } | null} null: not of a pull request */
function readEvent() {
  const { pull_request: pull, repository } = JSON.parse(
    readFileSync(process.env.GITHUB_EVENT_PATH ?? '', 'utf8'),
  );
  return pull ? { pull, repository: repository.full_name } : null;
}

/**
 * What a command prints; null when it fails.
 * @param {string} command as a shell reads it
 */
function said(command) {
  try {
    return execFileSync('bash', ['-c', command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
      // The step summary has been written by the run.
      env: { ...process.env, GITHUB_STEP_SUMMARY: '' },
    });
  } catch {
    return null;
  }
}

/**
 * From what the comparison and the report say, longest first; shorter ones only where the longest is too long.
 * @param {string} base commit
 * @param {string | null} folder where changed figures are drawn; null: they are named alone
 */
function bodies(base, folder) {
  const pipe = process.env.PIPE_COMMAND ?? 'npx --no-install pipe';
  // A shallow checkout has not got it.
  said(`git cat-file -e '${base}^{commit}' 2>/dev/null || git fetch --quiet --depth=1 origin '${base}'`);
  const figures = folder === null ? '' : `--figures '${folder}'`;
  const compare = (/** @type {string} */ more) =>
    said(`${pipe} compare '${base}' HEAD --markdown ${figures} ${more}`);
  const whole = compare('');
  if (whole === null) return [];
  const report = reportText(pipe);
  const folded =
    report === null ? [] : [`${whole}\n<details><summary>The report</summary>\n\n${report}\n</details>`];
  const short = whole.length < longest / 2 ? [] : [compare('--rows 20') ?? '', compare('--rows 3') ?? ''];
  return [...folded, whole, ...short].filter((text) => text !== '');
}

/** @param {string} pipe */
function reportText(pipe) {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-comment-'));
  try {
    const file = join(folder, 'report.md');
    return said(`${pipe} report --markdown '${file}'`) === null ? null : readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The comment of an earlier run; null: there is none.
 * @param {string} comments path
 */
async function earlierComment(comments) {
  for (let page = 1; page <= 50; page++) {
    const list = /** @type {readonly { id: number, body?: string }[]} */ (
      await ask('GET', `${comments}?per_page=100&page=${page}`)
    );
    const own = list.find(({ body }) => body?.startsWith(marker));
    if (own) return own;
    if (list.length < 100) return null;
  }
  return null;
}

/**
 * Publishes the figures, and gives the texts with their addresses; where that cannot be, without pictures.
 * @param {readonly string[]} texts
 * @param {string} folder removed
 * @param {{ repository: string, server: string, pull: PullRequest }} place
 */
async function withFigures(texts, folder, { repository, server, pull }) {
  try {
    return (await publishFigures(folder, repository, pull.number))
      ? texts.map((text) => atTheirAddress(text, folder, `${server}/${repository}`, pull.number))
      : texts.map((text) => withoutPictures(text, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const event = readEvent();
  if (event === null) return;
  const { pull, repository } = event;
  const code = process.env.PIPE_EXIT_CODE;
  const { GITHUB_SERVER_URL: server = 'https://github.com', GITHUB_RUN_ID: run } = process.env;
  const link = `[log and report](${server}/${repository}/actions/runs/${run})`;
  const head = `### ${code === '0' ? '✓ The pipeline ran' : '✗ The pipeline failed'}: ${pull.head.sha.slice(0, 12)} on ${pull.base.sha.slice(0, 12)} · ${link}`;
  const isFork = pull.head.repo?.full_name !== repository;
  const folder =
    isFork || process.env.PIPE_FIGURES !== 'true' ? null : mkdtempSync(join(tmpdir(), 'pipe-figures-'));
  const texts = bodies(pull.base.sha, folder);
  const all = folder === null ? texts : await withFigures(texts, folder, { repository, server, pull });
  const text = commentText(head, all, 'What it changes is too much for a comment: the report has it.');
  if (isFork) {
    console.log(
      '::notice::a pull request from a fork gets no comment; the step summary has what it would say',
    );
    if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, text);
    return;
  }
  const comments = `/repos/${repository}/issues/${pull.number}/comments`;
  const earlier = await earlierComment(comments);
  if (earlier === null) await ask('POST', comments, { body: text });
  else await ask('PATCH', `/repos/${repository}/issues/comments/${earlier.id}`, { body: text });
}

// A comment that cannot be written must not fail what it tells of.
if (process.argv[1]?.endsWith('comment.mjs'))
  await main().catch((error) =>
    console.log(`::warning::no comment: ${error instanceof Error ? error.message : error}`),
  );
