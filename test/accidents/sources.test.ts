/** Downloads and checksums of sources, through the command line, with a server that misbehaves as real ones do. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let server: Server;
let requests: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let url: string;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(async () => {
  project = new CliProject(pipe.file);
  requests = 0;
  server = createServer((request, response) => {
    requests++;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.bin`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  project.remove();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const data = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 251));
const all = (bytes: Uint8Array) => (_request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
};

function pipeline(source: string, read = '${deps.d}'): void {
  project.write(
    'pipeline.yaml',
    `version: 1\nsources:\n  d: ${source}\nstages:\n  copy: { cmd: "cat ${read} > \${outs.o}", deps: { d: source.d }, outs: { o: o.bin } }\n`,
  );
}

/** In the background, so that the server of this process can answer. */
async function run() {
  const { code, stdout, stderr } = await project.start('run').ended;
  return { code, text: stdout + stderr };
}

/** The folder of the one download. */
function stored(): string {
  const folder = join(project.dir, 'cache/sources');
  return join(folder, readdirSync(folder).find((name) => !name.startsWith('.')) ?? '');
}

describe('where a sha256 is written for a source it is enforced', () => {
  test('on its first path, not only on what the url serves', async () => {
    answer = all(data);
    pipeline(`{ paths: [here.bin], url: "${url}", sha256: ${sha256(data)} }`);
    project.write('here.bin', 'another');
    const wrong = await run();
    expect(wrong.code).not.toBe(0);
    expect(wrong.text).toMatch(
      /pipeline\.yaml:3:\d+: source d: here\.bin has sha256 [0-9a-f]{64}, the pipeline file says/,
    );
    project.write('here.bin', data);
    expect((await run()).code).toBe(0);
    expect(requests).toBe(0);
  });

  test('on every use whose stat changed', async () => {
    for (const source of [
      `{ paths: [{ path: here.bin, sha256: ${sha256(data)} }] }`,
      `{ paths: [here.bin], url: "${url}", sha256: ${sha256(data)} }`,
    ]) {
      pipeline(source);
      project.write('here.bin', data);
      expect((await run()).code).toBe(0);
      project.write('here.bin', 'changed later');
      const { code, text } = await run();
      expect(code).not.toBe(0);
      expect(text).toContain('source d: here.bin has sha256');
    }
  });

  test('on a download: one that is damaged is never used, but moved to quarantine, said, and fetched again', async () => {
    answer = all(data);
    pipeline(`{ url: "${url}", sha256: ${sha256(data)} }`);
    expect((await run()).code).toBe(0);
    writeFileSync(join(stored(), 'data.bin'), Buffer.alloc(data.length));
    const { code, text } = await run();
    expect(code).toBe(0);
    expect(text).toContain('is not what was checked');
    expect(text).toContain('cache/quarantine/source-d-');
    expect(requests).toBe(2);
    expect(readFileSync(join(project.dir, 'cache/cells/copy/o.bin')).equals(data)).toBe(true);
    const kept = readdirSync(join(project.dir, 'cache/quarantine')).find((name) =>
      name.startsWith('source-d-'),
    );
    expect(
      readFileSync(join(project.dir, 'cache/quarantine', kept ?? '')).equals(Buffer.alloc(data.length)),
    ).toBe(true);
  });

  test('on what an archive was unpacked to', async () => {
    const archive = await tarGz({ 'in/a.txt': Buffer.from('a') });
    answer = all(archive);
    pipeline(`{ url: "${url}", sha256: ${sha256(archive)}, unpack: tar.gz, strip: in }`, '${deps.d}/a.txt');
    expect((await run()).code).toBe(0);
    writeFileSync(join(stored(), 'unpacked/in/a.txt'), 'b');
    const { code, text } = await run();
    expect(code).toBe(0);
    expect(text).toContain('is not what was checked');
    expect(readFileSync(join(project.dir, 'cache/cells/copy/o.bin'), 'utf8')).toBe('a');
  });
});

describe('a download', () => {
  test('ends at once on Ctrl-C, and goes on from there in the next run', async () => {
    let arrived = () => {};
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': data.length, etag: '"1"' });
      // The rest never comes.
      response.write(data.subarray(0, 60_000), () => arrived());
    };
    pipeline(`{ url: "${url}", sha256: ${sha256(data)} }`);
    const { child, ended } = project.start('run');
    await first;
    while (!existsSync(join(stored(), 'data.bin.part'))) await sleep(10);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(130);
    expect(stdout + stderr).not.toContain('failed:');
    const from: (string | undefined)[] = [];
    answer = (request, response) => {
      from.push(request.headers.range);
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      response
        .writeHead(start > 0 ? 206 : 200, { 'content-length': data.length - start })
        .end(data.subarray(start));
    };
    expect((await run()).code).toBe(0);
    expect(from).toEqual(['bytes=60000-']);
  }, 30_000);

  test('resumes from the last byte that arrived before the connection broke', async () => {
    const starts: number[] = [];
    answer = (request, response) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      starts.push(start);
      response.writeHead(start > 0 ? 206 : 200, { 'content-length': data.length - start, etag: '"1"' });
      response.write(data.subarray(start, start + 40_000), () => {
        if (start + 40_000 >= data.length) response.end();
        // The bytes are on their way: the break comes behind them.
        else response.socket?.end();
      });
    };
    pipeline(`{ url: "${url}", sha256: ${sha256(data)} }`);
    const { code, text } = await run();
    expect(code, text).toBe(0);
    expect(starts).toEqual([0, 40_000, 80_000]);
  }, 30_000);

  test('has a bound of size, which the hint names', async () => {
    answer = (_request, response) => {
      // No length is said, and no end comes.
      response.writeHead(200);
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(64 * 1024), more);
      };
      more();
    };
    pipeline(`{ url: "${url}", sha256: ${sha256(data)}, limits: { size: 1MB } }`);
    const { code, text } = await run();
    expect(code).not.toBe(0);
    expect(text).toContain('it is larger than 977 KiB, which is its bound (`limits.size`)');
    expect(text).toContain('set `limits.size` of the source higher');
    expect(text).not.toContain('check the network');
    expect(requests).toBe(1);
  }, 30_000);

  test('has a bound of time, which the hint names', async () => {
    answer = (_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
      response.writeHead(200);
    };
    pipeline(`{ url: "${url}", sha256: ${sha256(data)}, limits: { time: 500ms } }`);
    const { code, text } = await run();
    expect(code).not.toBe(0);
    expect(text).toContain('which is its bound (`limits.time`)');
    expect(text).toContain('set `limits.time` of the source higher');
    expect(text).not.toContain('check the network');
  }, 30_000);

  test('of an archive that unpacks to far more than its size is refused, and the hint names the bound', async () => {
    const archive = await tarGz({ zeros: Buffer.alloc(300 * 1024 * 1024) });
    answer = all(archive);
    pipeline(`{ url: "${url}", sha256: ${sha256(archive)}, unpack: tar.gz }`, '${deps.d}/zeros');
    const { code, text } = await run();
    expect(code).not.toBe(0);
    expect(text).toContain('it unpacks to more than 256 MiB, which is its bound (`limits.unpacked`)');
    expect(text).toContain('set `limits.unpacked` of the source higher');
    expect(text).not.toContain('check the network');
    expect(existsSync(join(stored(), 'unpacked'))).toBe(false);
  }, 60_000);

  test('is shared by two runs that need the same cold url', async () => {
    let first: (() => void) | undefined;
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': data.length });
      response.write(data.subarray(0, 50_000));
      first = () => response.end(data.subarray(50_000));
    };
    pipeline(`{ url: "${url}", sha256: ${sha256(data)} }`);
    const one = run();
    while (first === undefined) await sleep(10);
    const two = run();
    // Until the second has come to the same source. Whatever it does there, the result must be the same.
    const runs = join(project.dir, 'cache/runs');
    while (readdirSync(runs).filter((name) => existsSync(join(runs, name, 'events.jsonl'))).length < 2)
      await sleep(20);
    await sleep(1_500);
    first();
    expect(await Promise.all([one, two])).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(requests).toBe(1);
  }, 30_000);
});

function tarGz(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name }, bytes);
  archive.finalize();
  return collect(archive).then((bytes) => gzipSync(bytes));
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
