/** A server that answers as GitHub's REST API documents, as far as the action asks it: comments of pull request 7, and git's objects. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Answer = readonly [status: number, body: unknown];
interface Commit {
  readonly files: ReadonlyMap<string, string>;
  readonly parents: readonly string[];
}

export class GitHub {
  readonly comments: { id: number; body: string }[] = [];
  readonly asked: string[] = [];
  readonly branches = new Map<string, Commit>();
  /** Numbers of pull requests that are closed. */
  readonly closed = new Set<string>();
  /** What it answers to whoever writes. */
  refuses: number | null = null;
  /** Whether the token may only read contents. */
  readsContents = false;
  readonly #trees = new Map<string, ReadonlyMap<string, string>>();
  readonly #commits = new Map<string, Commit>();
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      this.asked.push(`${request.method} ${request.url}`);
      const [status, answer] = this.#answer(request.method ?? '', request.url ?? '', text);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(status === 204 ? '' : JSON.stringify(answer));
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

  #answer(method: string, url: string, text: string): Answer {
    const { pathname, searchParams } = new URL(url, 'http://x');
    const path = pathname.replace('/repos/lab/study', '');
    if (method === 'GET' && path === '/issues/7/comments') {
      const page = Number(searchParams.get('page') ?? '1');
      return [200, this.comments.slice((page - 1) * 100, page * 100)];
    }
    if (method === 'GET' && path.startsWith('/pulls/'))
      return [200, { state: this.closed.has(path.slice('/pulls/'.length)) ? 'closed' : 'open' }];
    if (this.refuses !== null) return refused(this.refuses);
    if (path.startsWith('/git/')) return this.#git(method, path.slice('/git'.length), text);
    const { body }: { body: string } = JSON.parse(text);
    if (body.length > 65_536) return [422, { message: 'body is too long (maximum is 65536 characters)' }];
    if (method === 'POST' && path === '/issues/7/comments') {
      const made = { id: 1000 + this.comments.length, body };
      this.comments.push(made);
      return [201, made];
    }
    const found = this.comments.find(({ id }) => path === `/issues/comments/${id}`);
    if (method !== 'PATCH' || !found) return [404, { message: 'Not Found' }];
    found.body = body;
    return [200, found];
  }

  #git(method: string, path: string, text: string): Answer {
    const matching = '/matching-refs/heads/';
    if (method === 'GET' && path.startsWith(matching)) {
      const prefix = path.slice(matching.length);
      const names = [...this.branches.keys()].filter((name) => name.startsWith(prefix));
      return [200, names.map((name) => ({ ref: `refs/heads/${name}` }))];
    }
    if (this.readsContents) return refused(403);
    const branch = path.replace('/refs/heads/', '');
    if (method === 'DELETE') return this.branches.delete(branch) ? [204, null] : [422, noReference];
    const asked = JSON.parse(text);
    const sha = createHash('sha1').update(text).digest('hex');
    if (path === '/trees') {
      const tree: readonly { path: string; content: string }[] = asked.tree;
      this.#trees.set(sha, new Map(tree.map((one) => [one.path, one.content])));
      return [201, { sha }];
    }
    if (path === '/commits') {
      const files = this.#trees.get(asked.tree);
      if (!files) return [422, { message: 'Tree SHA does not exist' }];
      this.#commits.set(sha, { files, parents: asked.parents });
      return [201, { sha }];
    }
    const commit = this.#commits.get(asked.sha);
    if (!commit) return [422, { message: 'Object does not exist' }];
    if (method === 'POST' && path === '/refs') {
      const name = String(asked.ref).replace('refs/heads/', '');
      if (this.branches.has(name)) return [422, { message: 'Reference already exists' }];
      this.branches.set(name, commit);
      return [201, {}];
    }
    if (method !== 'PATCH' || !this.branches.has(branch)) return [422, noReference];
    if (asked.force !== true) return [422, { message: 'Update is not a fast forward' }];
    this.branches.set(branch, commit);
    return [200, {}];
  }
}

const noReference = { message: 'Reference does not exist' };

function refused(status: number): Answer {
  return [status, { message: 'Resource not accessible by integration' }];
}
