/**
 * The GitHub Action by its steps in a shell: with events as GitHub sends them, and a server that answers as its API documents.
 * What other actions do (cache, artefacts, Pages) is not run here; when they would run, and that each is pinned by digest, is.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { commentText } from '../../scripts/action/comment.mjs';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { contextValue } from './context.ts';
import { isTrue } from './expression.ts';
import { GitHub } from './github.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}
const action: {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
} = parse(readFileSync(join(root, 'action.yml'), 'utf8'));

const pipeline = (gain: number, count = 1) => `version: 1
params: {gain: ${gain}, count: ${count}}
stages:
  measure:
    run: measure.mjs
    params: {gain: "\${params.gain}", count: "\${params.count}"}
    outs: {m: {path: m.json, report: metrics}, f: {path: figures, report: figures}}
`;
const measure = `import { mkdirSync, writeFileSync } from 'node:fs';
export default ({ params, out }) => {
  if (params.gain === 13) throw new Error('the loss is not a number');
  const metrics = {};
  for (let i = 0; i < params.count; i++) metrics['accuracy_of_class_number_' + i] = params.gain + i;
  writeFileSync(out('m'), JSON.stringify(metrics));
  mkdirSync(out('f'), { recursive: true });
  writeFileSync(out('f') + '/bars.vl.json', JSON.stringify({
    data: { values: [{ gain: params.gain }] }, mark: 'bar', encoding: { x: { field: 'gain', type: 'quantitative' } },
    usermeta: { pipe: { title: 'The gain', caption: 'One bar.', section: '', order: 1 } },
  }));
};
`;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let github: GitHub;
let api: string;
let base: string;
beforeAll(async () => {
  pipe = await buildPipe();
  project = new CliProject(pipe.file);
  git('init', '-q', '-b', 'main');
  project.write('.gitignore', 'cache\nreports\n*.txt\n*.json\n');
  project.write('measure.mjs', measure);
  base = commit(1);
  expect(project.pipe('run', '-q').code).toBe(0);
});
afterAll(() => {
  project?.remove();
  pipe?.remove();
});
beforeEach(async () => {
  github = new GitHub();
  api = await github.listen();
  git('checkout', '-q', base);
});
afterEach(() => github.close());

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...who, ...args], { cwd: project.dir, encoding: 'utf8' }).trim();
}

function commit(gain: number, count = 1): string {
  project.write('pipeline.yaml', pipeline(gain, count));
  git('add', '-A');
  git('commit', '-qm', `gain ${gain}`);
  return git('rev-parse', 'HEAD');
}

/** The fields of the event that the action reads: docs.github.com/webhooks/webhook-events-and-payloads#pull_request */
function event(head: string, from = 'lab/study') {
  const repository = { full_name: 'lab/study', default_branch: 'main' };
  return {
    action: 'synchronize',
    number: 7,
    pull_request: { number: 7, base: { sha: base }, head: { sha: head, repo: { full_name: from } } },
    repository,
  };
}

interface Acted {
  /** Of the steps that ran, by place. */
  readonly codes: readonly number[];
  /** Other actions that would have been run. */
  readonly used: readonly string[];
  readonly output: string;
  readonly summary: string;
}

/** The event of a push: docs.github.com/webhooks/webhook-events-and-payloads#push */
const pushed = { ref: 'refs/heads/main', repository: { full_name: 'lab/study', default_branch: 'main' } };

/** Runs every `run` step whose condition holds, in order, with its environment filled in. */
async function act(payload: object, inputs: Readonly<Record<string, string>> = {}): Promise<Acted> {
  project.write('event.json', JSON.stringify(payload));
  for (const name of ['output.txt', 'summary.txt']) project.write(name, '');
  const given: Record<string, string> = {
    pipe: `'${process.execPath}' '${pipe.file}'`,
    token: 'secret-token',
    ...inputs,
  };
  const exitCode = () => /exit-code=(\d+)/.exec(project.read('output.txt'))?.[1] ?? '';
  const filledIn = (path: string) =>
    contextValue(path, {
      payload,
      exitCode,
      input: (name) => given[name] ?? action.inputs[name]?.default ?? '',
    });
  const codes: number[] = [];
  const used: string[] = [];
  let output = '';
  for (const step of action.runs.steps) {
    if (step.if !== undefined && !isTrue(step.if, filledIn)) continue;
    if (step.run === undefined) {
      used.push(String(step.uses?.split('@')[0]));
      continue;
    }
    const env = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, text]) => [
        name,
        text.replace(/\$\{\{ (.*?) \}\}/g, (_, path: string) => filledIn(path)),
      ]),
    );
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      cwd: project.dir,
      env: {
        ...process.env,
        ...env,
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: root,
        GITHUB_API_URL: api,
        GITHUB_EVENT_PATH: join(project.dir, 'event.json'),
        GITHUB_OUTPUT: join(project.dir, 'output.txt'),
        GITHUB_RUN_ID: '42',
        GITHUB_STEP_SUMMARY: join(project.dir, 'summary.txt'),
        NO_COLOR: '1',
      },
    });
    child.stdout.on('data', (part) => {
      output += part;
    });
    child.stderr.on('data', (part) => {
      output += part;
    });
    const [code] = await once(child, 'close');
    codes.push(Number(code));
  }
  return { codes, used, output, summary: project.read('summary.txt') };
}

test('a pull request gets one comment with what it changes, and later runs replace it', async () => {
  github.comments.push(...Array.from({ length: 130 }, (_, i) => ({ id: i, body: 'somebody else' })));
  const first = await act(event(commit(2)));
  expect(first.codes).toEqual([0, 0, 0]);
  expect(first.used.filter((name) => name.includes('cache'))).toEqual([
    'actions/cache/restore',
    'actions/cache/save',
  ]);
  expect(github.comments).toHaveLength(131);
  const body = () => github.comments.at(-1)?.body ?? '';
  expect(body()).toMatch(/✓ The pipeline ran: [0-9a-f]{12} on [0-9a-f]{12}/);
  expect(body()).toContain('| accuracy\\_of\\_class\\_number\\_0 | measure | 1 | 2 | +1 |');
  expect(body()).toContain('| gain | 1 | 2 |');
  await act(event(commit(3)));
  expect(github.comments).toHaveLength(131);
  expect(body()).toContain('| gain | 1 | 3 |');
  expect(`${first.output}${first.summary}${body()}`).not.toContain('secret-token');
});

test('figures that differ are shown, from a branch of their own that later runs replace and closed ones lose', async () => {
  github.branches.set('pipe-figures/3', { files: new Map(), parents: [] });
  github.branches.set('pipe-figures/5', { files: new Map(), parents: [] });
  github.branches.set('main', { files: new Map(), parents: [] });
  github.closed.add('3').add('main');
  await act(event(commit(7)));
  const [, before = '', after = ''] =
    /\*\*The gain\*\*\n\n\| before \| after \|\n\|---\|---\|\n\| !\[before\]\((\S+)\) \| !\[after\]\((\S+)\) \|/.exec(
      github.comments[0]?.body ?? '',
    ) ?? [];
  const address = 'https://github.com/lab/study/blob/pipe-figures/7/';
  const fileAt = (text: string) => {
    expect(text.startsWith(address) && text.endsWith('.svg?raw=true'), text).toBe(true);
    return text.slice(address.length, -'?raw=true'.length);
  };
  const first = github.branches.get('pipe-figures/7');
  expect([...(first?.files.keys() ?? [])].sort()).toEqual([fileAt(after), fileAt(before)].sort());
  expect(first?.files.get(fileAt(after))).toMatch(
    /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*fill="#fff".*<\/svg>$/s,
  );
  expect([...github.branches.keys()].sort()).toEqual(['main', 'pipe-figures/5', 'pipe-figures/7']);
  await act(event(commit(8)));
  const second = github.branches.get('pipe-figures/7');
  expect(second?.parents).toEqual([]);
  expect(second?.files.has(fileAt(after))).toBe(false);
  expect(second?.files.has(fileAt(before))).toBe(true);
});

test('without leave to write contents figures are named and the log says why; switched off nothing is asked', async () => {
  github.readsContents = true;
  const { codes, output } = await act(event(commit(9)));
  expect(codes).toEqual([0, 0, 0]);
  expect(output).toContain('::notice::the comment names figures and shows none: GitHub answered 403');
  expect(github.comments[0]?.body).toContain('| The gain (bars) | changed |');
  expect(github.comments[0]?.body).not.toContain('![');
  github.asked.length = 0;
  await act(event(commit(10)), { figures: 'false' });
  expect(github.asked.filter((text) => text.includes('/git/'))).toEqual([]);
});

test('a push to the default branch publishes its pages where it is asked to, a pull request and a failed run do not', async () => {
  const pages = (acted: Acted) => acted.used.filter((name) => name.includes('pages'));
  const asked = { pages: 'reports' };
  git('checkout', '-q', commit(11));
  const done = await act(pushed, asked);
  expect(done.codes).toEqual([0, 0]);
  expect(pages(done)).toEqual(['actions/upload-pages-artifact', 'actions/deploy-pages']);
  expect(github.asked).toEqual([]);
  expect(pages(await act(pushed))).toEqual([]);
  expect(pages(await act({ ...pushed, ref: 'refs/heads/try' }, asked))).toEqual([]);
  expect(pages(await act(event(commit(12)), asked))).toEqual([]);
  git('checkout', '-q', commit(13));
  expect(pages(await act(pushed, asked))).toEqual([]);
});

test('a run that fails fails the job, with an annotation, and the comment says so', async () => {
  const { codes, output } = await act(event(commit(13)));
  expect(codes).toEqual([0, 0, 1]);
  expect(output).toContain('::error title=measure failed::');
  expect(github.comments[0]?.body).toContain('✗ The pipeline failed');
});

test('a pull request from a fork writes nothing, keeps no cache, and the summary has what the comment would say', async () => {
  const { codes, used, output, summary } = await act(event(commit(4), 'stranger/study'));
  expect(used.filter((name) => name.includes('cache'))).toEqual(['actions/cache/restore']);
  expect(codes).toEqual([0, 0, 0]);
  expect(github.asked).toEqual([]);
  expect(output).toContain('::notice::a pull request from a fork gets no comment');
  expect(summary).toContain('| gain | 1 | 4 |');
});

test('a comment that GitHub refuses is a warning, not a failure', async () => {
  github.refuses = 403;
  const { codes, output } = await act(event(commit(5)));
  expect(codes).toEqual([0, 0, 0]);
  expect(output).toContain('::warning::no comment: GitHub answered 403');
});

test('what is too much for a comment gives way to less, and GitHub never refuses its length', async () => {
  const { codes } = await act(event(commit(6, 3_000)));
  expect(codes).toEqual([0, 0, 0]);
  const body = github.comments[0]?.body ?? '';
  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(body).toContain('The first 20 of 3000');
});

test('the longest text that fits is taken, to the character', () => {
  const room = 65_536 - commentText('head', [], '').length;
  const fits = 'x'.repeat(room);
  expect(commentText('head', [fits], 'last')).toHaveLength(65_536);
  expect(commentText('head', [`${fits}x`, 'shorter'], 'last')).toContain('shorter');
  expect(commentText('head', [`${fits}x`], 'last')).toContain('last');
  expect(commentText('h'.repeat(70_000), [], 'last').length).toBeLessThanOrEqual(65_536);
});

test('other actions are pinned by digest, and no expression is pasted into a script', () => {
  for (const { uses, run } of action.runs.steps) {
    if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/);
    // What an expression holds may be anybody's words: a script gets it as a variable.
    if (run !== undefined) expect(run).not.toContain('${{');
  }
});
