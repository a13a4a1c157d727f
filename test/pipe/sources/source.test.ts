/** Long because it has a test per rule on sources. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpackTarGz } from '../../../src/lib/archive/tar.ts';
import { Workspace } from '../../../src/pipe/cell/workspace.ts';
import { openPlan } from '../../../src/pipe/project/open-plan.ts';
import { makeReport } from '../../../src/pipe/report/report.ts';
import { fetchSource } from '../../../src/pipe/sources/download.ts';
import { findSource } from '../../../src/pipe/sources/source.ts';
import { Pipeline } from '../../kit/pipeline.ts';

let dir: string;
let server: Server;
let requests: { range: string | undefined }[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let url: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pipe-source-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push({ range: request.headers.range });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.bin`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const data = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const quick = { onProgress: () => {}, firstWaitMs: 1 };

/** A server that knows ranges and breaks off every answer after `limit` bytes. */
function breaking(bytes: Buffer, limit: number, tag = '"v1"') {
  return (request: IncomingMessage, response: ServerResponse) => {
    const wanted = request.headers['if-range'];
    const from =
      wanted !== undefined && wanted !== tag
        ? 0
        : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, etag: tag });
    response.write(rest.subarray(0, limit), () => {
      if (rest.length > limit) response.destroy();
      else response.end();
    });
  };
}

test('a download that breaks off goes on where it stopped', async () => {
  answer = breaking(data, 100_000);
  const told: number[] = [];
  await fetchSource({ url, sha256: sha256(data), unpack: 'none' }, dir, {
    ...quick,
    onProgress: (done) => told.push(done),
  });
  expect(readFileSync(join(dir, 'data.bin')).equals(data)).toBe(true);
  expect(requests.length).toBeGreaterThanOrEqual(3);
  expect(requests[0]?.range).toBeUndefined();
  expect(requests.at(-1)?.range).toMatch(/^bytes=\d+-$/);
  expect(told.at(-1)).toBe(data.length);
  expect(existsSync(join(dir, 'data.bin.part'))).toBe(false);
});

test('what one run got, the next one goes on from', async () => {
  writeFileSync(join(dir, 'data.bin.part'), data.subarray(0, 200_000));
  writeFileSync(join(dir, 'data.bin.part.tag'), '"v1"');
  answer = breaking(data, 1e9);
  await fetchSource({ url, sha256: sha256(data), unpack: 'none' }, dir, quick);
  expect(requests.map((request) => request.range)).toEqual(['bytes=200000-']);
  expect(readFileSync(join(dir, 'data.bin')).equals(data)).toBe(true);
});

test('halves of two versions are never joined', async () => {
  writeFileSync(join(dir, 'data.bin.part'), Buffer.alloc(200_000));
  writeFileSync(join(dir, 'data.bin.part.tag'), '"v0"');
  answer = breaking(data, 1e9);
  await fetchSource({ url, sha256: sha256(data), unpack: 'none' }, dir, quick);
  expect(readFileSync(join(dir, 'data.bin')).equals(data)).toBe(true);
});

test('a wrong checksum is an error with both digests, and the file is not kept', async () => {
  answer = breaking(data, 1e9);
  const wrong = 'a'.repeat(64);
  await expect(fetchSource({ url, sha256: wrong, unpack: 'none' }, dir, quick)).rejects.toThrow(
    `what was downloaded has sha256 ${sha256(data)}, the pipeline file says ${wrong}`,
  );
  expect(existsSync(join(dir, 'data.bin'))).toBe(false);
  expect(existsSync(join(dir, 'data.bin.part'))).toBe(false);
});

test('404 is final, 503 is tried again', async () => {
  answer = (_request, response) => response.writeHead(404).end();
  await expect(fetchSource({ url, sha256: null, unpack: 'none' }, dir, quick)).rejects.toThrow(
    'the server answers 404 Not Found',
  );
  expect(requests.length).toBe(1);
  answer = (request, response) => {
    if (requests.length < 4) response.writeHead(503).end();
    else breaking(data, 1e9)(request, response);
  };
  await fetchSource({ url, sha256: null, unpack: 'none' }, dir, quick);
  expect(requests.length).toBe(4);
});

interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly data?: string;
}

function tarGz(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, type = '0', data: text = '' }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

test('an archive is checked, unpacked, and appears whole', async () => {
  const long = `cifar/${'d'.repeat(80)}/${'f'.repeat(80)}.bin`;
  const archive = tarGz([
    { name: 'cifar/', type: '5' },
    { name: 'cifar/batch_1.bin', data: 'x'.repeat(1000) },
    { name: '././@LongLink', type: 'L', data: `${long}\0` },
    { name: 'cut', data: 'long' },
    { name: 'PaxHeader', type: 'x', data: '26 path=cifar/größe.bin\n' },
    { name: 'cut', data: 'pax' },
  ]);
  answer = breaking(archive, 1e9);
  await fetchSource(
    { url: url.replace('data.bin', 'a.tar.gz'), sha256: sha256(archive), unpack: 'tar.gz' },
    dir,
    quick,
  );
  expect(readFileSync(join(dir, 'unpacked/cifar/batch_1.bin'), 'utf8')).toBe('x'.repeat(1000));
  expect(readFileSync(join(dir, 'unpacked', long), 'utf8')).toBe('long');
  expect(readFileSync(join(dir, 'unpacked/cifar/größe.bin'), 'utf8')).toBe('pax');
});

test.each([
  ['leaves its folder', [{ name: '../evil', data: 'x' }], '"../evil" would leave the folder'],
  ['is absolute', [{ name: '/etc/evil', data: 'x' }], '"/etc/evil" would leave the folder'],
  ['is a link', [{ name: 'link', type: '2' }], 'link is a link or device, which this reader refuses'],
  ['is a device', [{ name: 'null', type: '3' }], 'null is a link or device, which this reader refuses'],
])('an archive whose entry %s is refused', async (_what, entries: Entry[], message) => {
  const file = join(dir, 'bad.tar.gz');
  writeFileSync(file, tarGz(entries));
  await expect(unpackTarGz(file, join(dir, 'out'))).rejects.toThrow(message);
  expect(existsSync(join(dir, 'evil'))).toBe(false);
});

test('an archive that is cut off names the byte', async () => {
  const file = join(dir, 'cut.tar.gz');
  writeFileSync(file, tarGz([{ name: 'a', data: 'x'.repeat(100_000) }]).subarray(0, 100));
  await expect(unpackTarGz(file, join(dir, 'out'))).rejects.toThrow(
    /cut\.tar\.gz: byte \d+ of the unpacked archive/,
  );
});

const pipeline = (sources: string) =>
  `version: 1
sources:
  images: ${sources}
stages:
  copy: { cmd: "cp \${deps.images} \${outs.out}", deps: { images: source.images }, outs: { out: out.bin } }
`;

test('the first path that exists is the source; without one it is downloaded once', async () => {
  answer = breaking(data, 1e9);
  const project = new Pipeline();
  try {
    project.write(
      'pipeline.yaml',
      pipeline(`{ paths: [data/here.bin], url: "${url}", sha256: ${sha256(data)} }`),
    );
    expect((await project.run()).done).toEqual(['copy']);
    expect((await project.run()).outcome.outcome).toBe('up-to-date');
    expect(requests.length).toBe(1);
    project.edit('pipeline.yaml', (text) =>
      text.replace('[data/here.bin]', `[{ path: data/here.bin, sha256: ${sha256(Buffer.from('local'))} }]`),
    );
    project.write('data/here.bin', 'local');
    expect((await project.run()).done).toEqual(['copy']);
    expect(project.read('cache/cells/copy/out.bin')).toBe('local');
  } finally {
    project.remove();
  }
});

test('offline, the message names the paths that were looked at and what to do', async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  const project = new Pipeline();
  try {
    project.write(
      'pipeline.yaml',
      pipeline(`{ paths: [data/a.bin, ../b.bin], url: "${url}", sha256: ${sha256(data)} }`),
    );
    const failure = await project.run().then(
      ({ failed }) => failed[0]?.error,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      message: expect.stringContaining(`source images is not here: looked at data/a.bin, ../b.bin; ${url}: `),
      hint: expect.stringContaining('put the data at data/a.bin'),
    });
  } finally {
    project.remove();
  }
}, 30_000);

test('a path with another checksum is refused with its place in the pipeline file', async () => {
  const project = new Pipeline();
  try {
    project.write('pipeline.yaml', pipeline(`{ paths: [{ path: a.bin, sha256: ${'b'.repeat(64)} }] }`));
    project.write('a.bin', 'other');
    const failure = await project.run().then(
      ({ failed }) => failed[0]?.error,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /^pipeline\.yaml:3:\d+: source images: a\.bin has sha256 [0-9a-f]{64}, the pipeline file says bbbb/,
      ),
    });
  } finally {
    project.remove();
  }
});

test('looking never downloads: a run of other cells asks no server, and its report is written', async () => {
  answer = breaking(data, 1e9);
  const project = new Pipeline();
  try {
    project.write(
      'pipeline.yaml',
      `${pipeline(`{ url: "${url}", sha256: ${sha256(data)} }`)}  other: { cmd: "echo > \${outs.out}", outs: { out: o.txt } }\n`,
    );
    const { graph, file, title, description, params } = await openPlan(project.dir);
    const document = { file, title, description, params, profile: null };
    const ran = await project.run({
      targets: ['other'],
      fetch: () => Promise.reject(new Error('a download was asked for')),
      report: {
        write: (ended, workspace) => makeReport({ project: project.dir, graph, document, workspace, ended }),
        isDue: async () => false,
      },
    });
    expect(ran.done).toEqual(['other']);
    expect(ran.events.filter((event) => event.type === 'warning')).toEqual([]);
    expect(ran.outcome.report).toBe('reports/index.html');
    expect(requests).toEqual([]);
  } finally {
    project.remove();
  }
}, 30_000);

test('a damaged source keeps no report from being written', async () => {
  const project = new Pipeline();
  try {
    project.write('pipeline.yaml', pipeline(`{ paths: [{ path: a.bin, sha256: ${'b'.repeat(64)} }] }`));
    project.write('a.bin', 'other');
    const { graph, file, title, description, params } = await openPlan(project.dir);
    const source = (name: string) => findSource(project.dir, graph, name);
    const workspace = new Workspace({ project: project.dir, graph, env: process.env, source });
    const document = { file, title, description, params, profile: null };
    expect((await makeReport({ project: project.dir, graph, document, workspace })).page).toBe(
      'reports/index.html',
    );
  } finally {
    project.remove();
  }
}, 30_000);

test('a missing source without url names the paths that were looked at and where to put the file', async () => {
  const project = new Pipeline();
  try {
    project.write('pipeline.yaml', pipeline('{ paths: [data/a.bin, ../none/b.bin] }'));
    expect((await project.run()).failed[0]?.error).toMatchObject({
      message: 'dep images: source images is not on this machine: looked at data/a.bin, ../none/b.bin',
      hint: 'put the data at data/a.bin',
    });
  } finally {
    project.remove();
  }
});

test('a folder without any file is passed over, so that it hides no later path', async () => {
  const project = new Pipeline();
  try {
    project.write('pipeline.yaml', pipeline('{ paths: [data/images, data/none, data/b.bin] }'));
    mkdirSync(join(project.dir, 'data/images/deeper/still'), { recursive: true });
    project.write('data/b.bin', 'later');
    expect((await project.run()).done).toEqual(['copy']);
    expect(project.read('cache/cells/copy/out.bin')).toBe('later');
  } finally {
    project.remove();
  }
});

test('a folder with a file somewhere below it is data', async () => {
  const project = new Pipeline();
  try {
    project.write(
      'pipeline.yaml',
      pipeline('{ paths: [data/images, data/b.bin] }').replace('{deps.images}', '{deps.images}/a/x'),
    );
    mkdirSync(join(project.dir, 'data/images/b'), { recursive: true });
    project.write('data/images/a/x', 'first');
    project.write('data/b.bin', 'later');
    expect((await project.run()).done).toEqual(['copy']);
    expect(project.read('cache/cells/copy/out.bin')).toBe('first');
  } finally {
    project.remove();
  }
});

test('where only a folder without files is left, it is named as that, with the next step', async () => {
  const project = new Pipeline();
  try {
    project.write('pipeline.yaml', pipeline('{ paths: [data/a.bin, data/images] }'));
    mkdirSync(join(project.dir, 'data/images/deeper'), { recursive: true });
    expect((await project.run()).failed[0]?.error).toMatchObject({
      message:
        'dep images: source images is not on this machine: looked at data/a.bin, data/images (a folder without files)',
      hint: 'put the data into data/images',
    });
  } finally {
    project.remove();
  }
});
