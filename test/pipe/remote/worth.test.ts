/** A cell is never kept waiting for a transfer that takes longer than to run it; one that would take long waits for it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { remoteSettings } from '../../../src/pipe/remote/settings.ts';
import { Pipeline } from '../../kit/pipeline.ts';

// Nothing here is decided by how busy the machine is, but all of it takes longer there.
vi.setConfig({ testTimeout: 180_000 });

/** What the server has, and how it answers: at once, never, or a part of a content and then nothing. */
const stored = new Map<string, Buffer>();
let answers: 'at once' | 'never' | 'half of a content' = 'at once';
const asked: string[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { method = '', url: path = '' } = request;
    if (method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      stored.set(path, Buffer.concat(chunks));
      return void response.writeHead(201).end();
    }
    asked.push(path);
    const bytes = stored.get(path);
    if (answers === 'never') return;
    if (!bytes) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': bytes.length });
    if (answers === 'half of a content' && path.startsWith('/cas/'))
      response.write(bytes.subarray(0, bytes.length / 2));
    else response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  answers = 'at once';
  asked.length = 0;
});

/** `estimate`: what the cells are said to take, where no run tells. */
const pipeline = (version: string, estimate = '') => `version: 1
axes: {n: [1, 2, 3, 4, 5, 6]}
stages:
  make: {cmd: "echo \${n} ${version} > \${outs.o}; head -c 100000 /dev/zero >> \${outs.o}", matrix: [n], outs: {o: o.txt}, ${estimate}}
`;

const settings = ({ dir }: Pipeline, readOnly = false) =>
  remoteSettings({ cache: null, flag: null, readOnly, env: { PIPE_REMOTE: url }, project: dir });

/** Nothing but the cell's own history ends a transfer. */
const bearing = { patience: { silenceMs: 3_600_000, slowMs: 3_600_000, leastBytes: 0 }, giveUpAfter: 1_000 };

/** A checkout whose cells ran once, in a moment, and whose next version lies on the remote. */
async function withHistory(version: string): Promise<Pipeline> {
  const [other, project] = [new Pipeline(), new Pipeline()];
  other.write('pipeline.yaml', pipeline(version));
  await other.run({ remote: settings(other) });
  other.remove();
  project.write('pipeline.yaml', pipeline('before'));
  await project.run();
  project.write('pipeline.yaml', pipeline(version));
  return project;
}

test('what runs in a moment is not kept waiting by a remote that does not answer, and after that not asked for', async () => {
  const project = new Pipeline();
  project.write(
    'pipeline.yaml',
    `${pipeline('one', 'estimate: 10ms')}  after: {cmd: "cat \${deps.o} > \${outs.o}", matrix: [n], deps: {o: make.o}, outs: {o: o.txt}, estimate: 10ms}\n`,
  );
  answers = 'never';
  const { done, outcome } = await project.run({ remote: settings(project, true), bearing });
  expect(outcome.exitCode).toBe(0);
  expect(done).toHaveLength(12);
  // Those that were asked for first showed how long an answer takes; nobody waited for it again.
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(6);
  project.remove();
});

test('what runs in a moment is not kept waiting by a content that stands still', async () => {
  const project = await withHistory('two');
  answers = 'half of a content';
  const { done, events } = await project.run({ remote: settings(project, true), bearing });
  expect(done).toHaveLength(6);
  expect(asked.some((path) => path.startsWith('/cas/'))).toBe(true);
  // Nobody did anything wrong: no warning.
  expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
  project.remove();
});

test('what takes hours is waited for', async () => {
  const first = new Pipeline();
  first.write('pipeline.yaml', pipeline('four'));
  await first.run({ remote: settings(first) });
  first.remove();
  const project = new Pipeline();
  project.write('pipeline.yaml', pipeline('four', 'estimate: 3h'));
  answers = 'half of a content';
  // It goes on once the transfers have stood still for longer than what decides of a short cell.
  const run = project.run({ remote: settings(project, true), bearing: { ...bearing, backOffMs: () => 1 } });
  setTimeout(() => {
    answers = 'at once';
    server.closeAllConnections();
  }, 2_500);
  expect((await run).done).toEqual([]);
  project.remove();
});
