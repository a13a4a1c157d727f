/**
 * The GitHub Action by its steps in a shell: with events as GitHub sends them, and a server that answers as its API documents.
 * What other actions do (cache, artefacts) is not run here; that each is pinned by digest is.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { commentText } from '../../scripts/action/comment.mjs';
import { buildPipe, CliProject } from '../kit/cli.ts';

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

/** GitHub's comments on one pull request, as its REST API has them, 100 a page. */
class Comments {
  readonly list: { id: number; body: string }[] = [];
  readonly asked: string[] = [];
  /** What it answers to whoever writes. */
  refuses: number | null = null;
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      this.asked.push(`${request.method} ${request.url}`);
      const [status, answer] = this.#answer(request.method ?? '', request.url ?? '', text);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(method: string, url: string, text: string): readonly [number, unknown] {
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (method === 'GET' && pathname === '/repos/lab/study/issues/7/comments') {
      const page = Number(searchParams.get('page') ?? '1');
      return [200, this.list.slice((page - 1) * 100, page * 100)];
    }
    if (this.refuses !== null) return [this.refuses, { message: 'Resource not accessible by integration' }];
    const { body }: { body: string } = JSON.parse(text);
    if (body.length > 65_536) return [422, { message: 'body is too long (maximum is 65536 characters)' }];
    if (method === 'POST' && pathname === '/repos/lab/study/issues/7/comments') {
      const made = { id: 1000 + this.list.length, body };
      this.list.push(made);
      return [201, made];
    }
    const found = this.list.find(({ id }) => pathname === `/repos/lab/study/issues/comments/${id}`);
    if (method !== 'PATCH' || !found) return [404, { message: 'Not Found' }];
    found.body = body;
    return [200, found];
  }
}

const pipeline = (gain: number, count = 1) => `version: 1
params: {gain: ${gain}, count: ${count}}
stages:
  measure:
    run: measure.mjs
    params: {gain: "\${params.gain}", count: "\${params.count}"}
    outs: {m: {path: m.json, report: metrics}}
`;
const measure = `import { writeFileSync } from 'node:fs';
export default ({ params, out }) => {
  if (params.gain === 13) throw new Error('the loss is not a number');
  const metrics = {};
  for (let i = 0; i < params.count; i++) metrics['accuracy_of_class_number_' + i] = params.gain + i;
  writeFileSync(out('m'), JSON.stringify(metrics));
};
`;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let comments: Comments;
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
  comments = new Comments();
  api = await comments.listen();
  git('checkout', '-q', base);
});
afterEach(() => comments.close());

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
  return {
    action: 'synchronize',
    number: 7,
    pull_request: { number: 7, base: { sha: base }, head: { sha: head, repo: { full_name: from } } },
    repository: { full_name: 'lab/study' },
  };
}

interface Acted {
  /** Of the steps that ran, by place. */
  readonly codes: readonly number[];
  readonly output: string;
  readonly summary: string;
}

/** Runs every `run` step in order, with its environment filled in. */
async function act(payload: object, inputs: Readonly<Record<string, string>> = {}): Promise<Acted> {
  project.write('event.json', JSON.stringify(payload));
  for (const name of ['output.txt', 'summary.txt']) project.write(name, '');
  const given: Record<string, string> = {
    pipe: `'${process.execPath}' '${pipe.file}'`,
    token: 'secret-token',
    ...inputs,
  };
  const codes: number[] = [];
  let output = '';
  for (const step of action.runs.steps) {
    if (step.run === undefined) continue;
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
  return { codes, output, summary: project.read('summary.txt') };

  function filledIn(path: string): string {
    if (path === 'steps.run.outputs.exit-code')
      return /exit-code=(\d+)/.exec(project.read('output.txt'))?.[1] ?? '';
    const name = /^inputs\.([\w-]+)$/.exec(path)?.[1];
    if (name === undefined) throw new Error(`the test knows no value for ${path}`);
    return given[name] ?? action.inputs[name]?.default ?? '';
  }
}

test('a pull request gets one comment with what it changes, and later runs replace it', async () => {
  comments.list.push(...Array.from({ length: 130 }, (_, i) => ({ id: i, body: 'somebody else' })));
  const first = await act(event(commit(2)));
  expect(first.codes).toEqual([0, 0, 0]);
  expect(comments.list).toHaveLength(131);
  const body = () => comments.list.at(-1)?.body ?? '';
  expect(body()).toMatch(/✓ The pipeline ran: [0-9a-f]{12} on [0-9a-f]{12}/);
  expect(body()).toContain('| accuracy\\_of\\_class\\_number\\_0 | measure | 1 | 2 | +1 |');
  expect(body()).toContain('| gain | 1 | 2 |');
  await act(event(commit(3)));
  expect(comments.list).toHaveLength(131);
  expect(body()).toContain('| gain | 1 | 3 |');
  expect(`${first.output}${first.summary}${body()}`).not.toContain('secret-token');
});

test('a run that fails fails the job, with an annotation, and the comment says so', async () => {
  const { codes, output } = await act(event(commit(13)));
  expect(codes).toEqual([0, 0, 1]);
  expect(output).toContain('::error title=measure failed::');
  expect(comments.list[0]?.body).toContain('✗ The pipeline failed');
});

test('a pull request from a fork writes nothing, and the summary has what the comment would say', async () => {
  const { codes, output, summary } = await act(event(commit(4), 'stranger/study'));
  expect(codes).toEqual([0, 0, 0]);
  expect(comments.asked).toEqual([]);
  expect(output).toContain('::notice::a pull request from a fork gets no comment');
  expect(summary).toContain('| gain | 1 | 4 |');
});

test('a comment that GitHub refuses is a warning, not a failure', async () => {
  comments.refuses = 403;
  const { codes, output } = await act(event(commit(5)));
  expect(codes).toEqual([0, 0, 0]);
  expect(output).toContain('::warning::no comment: GitHub answered 403');
});

test('what is too much for a comment gives way to less, and GitHub never refuses its length', async () => {
  const { codes } = await act(event(commit(6, 3_000)));
  expect(codes).toEqual([0, 0, 0]);
  const body = comments.list[0]?.body ?? '';
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

test('other actions are pinned by digest, no expression is pasted into a script, and a fork keeps no cache', () => {
  for (const { uses, run } of action.runs.steps) {
    if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/);
    // What an expression holds may be anybody's words: a script gets it as a variable.
    if (run !== undefined) expect(run).not.toContain('${{');
  }
  const save = action.runs.steps.find(({ uses }) => uses?.startsWith('actions/cache/save'));
  expect(save?.if).toContain('github.event.pull_request.head.repo.full_name == github.repository');
});
