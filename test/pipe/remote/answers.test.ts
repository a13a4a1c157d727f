/**
 * What is not believed of a remote, rule by rule: each answer is honest but for one thing, and that one makes it a miss.
 * Long because every rule is tried on the same server.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { canonicalJson, type Json } from '../../../src/lib/json.ts';
import { remoteSettings } from '../../../src/pipe/remote/settings.ts';
import { layoutOf, objectFile } from '../../../src/pipe/store/layout.ts';
import { Pipeline, type Ran, type RunSettings } from '../../kit/pipeline.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const [own, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const trusted = own.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

const pipeline = `version: 1
stages:
  make: {cmd: "echo made > \${outs.o}; mkdir \${outs.f}; echo inside > \${outs.f}/x", outs: {o: o.txt, f: folder}}
`;
const content = 'made\n';
const inside = 'inside\n';

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

/** What lies on the remote, by path; and what a request is answered with instead, if anything. */
const stored = new Map<string, Buffer>();
let instead: ((path: string, response: ServerResponse) => boolean) | null = null;
const seen: string[] = [];
const elsewhere: string[] = [];
let server: Server;
let otherServer: Server;
const urlOf = (one: Server) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    response.on('error', () => {});
    seen.push(`${method} ${url}`);
    if (method === 'PUT') {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of request) chunks.push(chunk as Buffer);
        stored.set(url, Buffer.concat(chunks));
        response.writeHead(201).end();
      } catch {
        // It was broken off: nothing is kept.
      }
      return;
    }
    if (instead?.(url, response)) return;
    const bytes = stored.get(url);
    if (bytes) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else response.writeHead(404).end();
  });
  otherServer = createServer((request, response) => {
    elsewhere.push(`${request.url} ${request.headers.authorization ?? ''}`);
    response.end(stored.get(request.url ?? ''));
  });
  for (const one of [server, otherServer]) {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
});
afterAll(() => {
  for (const one of [server, otherServer]) {
    one.closeAllConnections();
    one.close();
  }
});

const projects: Pipeline[] = [];
function checkout(text = pipeline): Pipeline {
  const project = new Pipeline();
  projects.push(project);
  project.write('pipeline.yaml', text);
  return project;
}

function run(
  project: Pipeline,
  { trust = [] as readonly string[], ...more }: RunSettings & { trust?: readonly string[] } = {},
) {
  const remote = remoteSettings({
    cache: { remote: null, name: null, mode: 'read-write', sign: trust.length > 0 ? 'KEY' : null, trust },
    flag: null,
    readOnly: false,
    env: {
      PIPE_REMOTE: urlOf(server).replace('//', '//me:password@'),
      KEY: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    project: project.dir,
  });
  return project.run({ remote, bearing: { backOffMs: () => null }, ...more });
}

/** What the run said of the remote. */
const said = ({ events }: Ran) => events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));

function honest(project: Pipeline): void {
  expect(project.read('cache/cells/make/o.txt')).toBe(content);
  expect(project.read('cache/cells/make/folder/x')).toBe(inside);
}

/** A fresh checkout, which must run the cell itself and have the true outs. */
async function misses(more: Parameters<typeof run>[1] = {}): Promise<readonly string[]> {
  const project = checkout();
  const ran = await run(project, more);
  expect(ran.outcome.exitCode).toBe(0);
  expect(ran.done).toEqual(['make']);
  honest(project);
  return said(ran);
}

type Entry = { [field: string]: Json } & {
  outs: Record<string, Record<string, Json>>;
  objectBytes: Record<string, number>;
};

const entryPath = () => [...stored.keys()].find((path) => path.startsWith('/ac/')) ?? '';

/** Rewrites the entry that lies there, as one who can write there would. */
function twist(change: (entry: Entry) => void, key: typeof own | null = null): void {
  const [body = ''] = (stored.get(entryPath()) ?? '').toString().split('\n');
  const entry: Entry = JSON.parse(body);
  change(entry);
  const text = canonicalJson(entry);
  const by = key?.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') ?? '';
  const ed25519 =
    key === null ? '' : sign(null, Buffer.from(`pipe-result 1\n${text}`), key.privateKey).toString('base64');
  stored.set(
    entryPath(),
    Buffer.from(key === null ? `${text}\n` : `${text}\n${canonicalJson({ by, ed25519 })}\n`),
  );
}

/** Puts a content there, and says so in an out of the entry. */
function replaceOut(entry: Entry, name: string, text: string, more: Record<string, Json> = {}): void {
  stored.set(`/cas/${sha256(text)}`, Buffer.from(text));
  entry.outs[name] = { ...entry.outs[name], object: sha256(text), sha256: sha256(text), ...more };
  entry.objectBytes[name] = text.length;
}

beforeEach(async () => {
  stored.clear();
  instead = null;
  await run(checkout(), { trust: [trusted] });
  expect(stored.size).toBe(4);
  seen.length = 0;
  elsewhere.length = 0;
});
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

test('what is as it should be is taken', async () => {
  for (const trust of [[], [trusted]]) {
    const project = checkout();
    expect((await run(project, { trust })).done).toEqual([]);
    honest(project);
  }
});

test('a content that is not what its digest says is not taken', async () => {
  stored.set(`/cas/${sha256(content)}`, Buffer.from('fake\n'));
  expect((await misses()).join()).toContain('a content there is not what its name says');
});

test('a content that is damaged here is not sent', async () => {
  const project = checkout();
  await project.run();
  stored.clear();
  // Under its name, with its length and its times.
  const file = objectFile(layoutOf(project.dir), sha256(content) as never);
  project.write('other.txt', '');
  writeFileSync(file, 'fake\n');
  const remote = remoteSettings({
    cache: null,
    flag: null,
    readOnly: false,
    env: { PIPE_REMOTE: urlOf(server) },
    project: project.dir,
  });
  const { openRemote } = await import('../../../src/pipe/remote/open-remote.ts');
  const { Digests } = await import('../../../src/pipe/digest/digests.ts');
  const layout = layoutOf(project.dir);
  if (remote === null) throw new Error('no remote');
  const open = await openRemote(remote, {
    layout,
    digests: new Digests(layout.index),
    run: 'test',
    warn: () => {},
    onMoved: () => {},
  });
  const names = readdirSync(layout.manifests, { recursive: true, encoding: 'utf8' });
  const [key = ''] = names.flatMap((name) => /[0-9a-f]{64}/.exec(name) ?? []);
  expect(await open.results.bring(key as never, new AbortController().signal)).toBe('failed');
  open.close();
  expect(stored.has(`/cas/${sha256(content)}`)).toBe(false);
  expect(entryPath()).toBe('');
});

test('an entry whose fingerprint does not hash to the key is not taken', async () => {
  // Another cell's entry, whole and true, under this key; and one that claims this key.
  const path = entryPath();
  const mine = stored.get(path);
  await run(checkout(pipeline.replace('echo made', 'echo  other')), { trust: [trusted] });
  const theirs =
    [...stored].find(([name]) => name.startsWith('/ac/') && name !== path)?.[1] ?? Buffer.alloc(0);
  stored.set(path, theirs);
  expect((await misses({ trust: [trusted] })).join()).toContain('of another key');
  stored.set(
    path,
    Buffer.from(theirs.toString().replace(/"key":"[0-9a-f]{64}"/, `"key":"${path.slice(4)}"`)),
  );
  expect((await misses()).join()).toContain('of another key');
  stored.set(path, mine ?? Buffer.alloc(0));
});

test('outs other than the stage declares are not taken', async () => {
  twist((entry) => {
    entry.outs.more = { ...entry.outs.o };
    entry.objectBytes.more = content.length;
  });
  expect((await misses()).join()).toContain('other outs than its fingerprint declares');
  twist((entry) => {
    entry.outs.o = { ...entry.outs.o, path: 'elsewhere.txt' };
  });
  expect((await misses()).join()).toContain('other outs than its fingerprint declares');
});

test('no path leaves the folder of the cell', async () => {
  twist((entry) => {
    entry.outs.o = { ...entry.outs.o, path: '../../../../stolen' };
  });
  await misses();
  const file = (path: string) => `["f","${path}",${inside.length},"${sha256(inside)}"]`;
  for (const line of [
    file('../stolen'),
    file('/tmp/stolen'),
    // With a folder for it to be in, so that nothing else is wrong with the listing.
    `["d",".."]\n${file('../stolen')}`,
    '["l","x","../../../../pipeline.yaml"]',
  ]) {
    const isLink = line.startsWith('["l"');
    twist((entry) =>
      replaceOut(
        entry,
        'f',
        `pipe-listing 1\n${line}\n`,
        isLink ? { files: 0, size: 0 } : { files: 1, size: inside.length },
      ),
    );
    expect((await misses()).join()).toContain('a folder there is not used');
  }
  expect(existsSync('/tmp/stolen')).toBe(false);
});

test('a folder that does not add up to what its entry says is not taken', async () => {
  twist((entry) => {
    entry.outs.f = { ...entry.outs.f, files: 2 };
  });
  expect((await misses()).join()).toContain('does not add up');
});

test('no more bytes are kept than the entry says, and none of what says that it is longer', async () => {
  let sent = 0;
  instead = (path, response) => {
    if (path !== `/cas/${sha256(content)}`) return false;
    response.writeHead(200);
    const more = () => {
      if (response.destroyed || sent > 400 * 2 ** 20) return;
      sent += 65536;
      response.write(Buffer.alloc(65536), () => setImmediate(more));
    };
    more();
    return true;
  };
  expect((await misses()).join()).toContain('more than its 5 bytes');
  // It hung up.
  expect(sent).toBeLessThan(100 * 2 ** 20);
  instead = (path, response) => {
    if (path !== `/cas/${sha256(content)}`) return false;
    response.writeHead(200, { 'content-length': 10e12 });
    response.write(content);
    return true;
  };
  expect((await misses()).join()).toContain('has 10000000000000 bytes there instead of 5');
});

test('an entry longer than any can be is not read to its end', async () => {
  instead = (path, response) => {
    if (!path.startsWith('/ac/')) return false;
    response.writeHead(200, { 'content-length': 17 * 2 ** 20 }).end(Buffer.alloc(17 * 2 ** 20, 32));
    return true;
  };
  expect((await misses()).join()).toContain('an entry there is longer than');
});

test('a packed answer is refused', async () => {
  instead = (path, response) => {
    if (path !== `/cas/${sha256(content)}`) return false;
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(content);
    return true;
  };
  expect((await misses()).join()).toContain('packs its answer');
});

test('with trust, what nobody signed, what another key signed and what was changed after it was signed is a miss', async () => {
  const signed = stored.get(entryPath()) ?? Buffer.alloc(0);
  const warning = 'no key under `trust` has signed';
  for (const spoil of [
    () => twist(() => {}),
    () => twist(() => {}, other),
    // Its true signature below another body.
    () => {
      const [, second = ''] = signed.toString().split('\n');
      twist((entry) => {
        replaceOut(entry, 'o', 'fake\n');
      });
      stored.set(
        entryPath(),
        Buffer.from(`${(stored.get(entryPath()) ?? '').toString().split('\n')[0]}\n${second}\n`),
      );
    },
    // A key that is trusted is named, and another one signed.
    () => {
      twist(() => {}, other);
      const text = (stored.get(entryPath()) ?? '').toString();
      stored.set(entryPath(), Buffer.from(text.replace(/"by":"[^"]+"/, `"by":"${trusted}"`)));
    },
  ]) {
    stored.set(entryPath(), signed);
    spoil();
    expect((await misses({ trust: [trusted] })).filter((text) => text.includes(warning))).toHaveLength(1);
  }
});

test('what it trusts is what the file says: another key’s results are a miss for this project alone', async () => {
  twist(() => {}, other);
  const theirs = other.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  expect((await run(checkout(), { trust: [theirs] })).done).toEqual([]);
  expect((await run(checkout(), { trust: [trusted] })).done).toEqual(['make']);
});

test('a remote that fails is given up after three failures in a row, with one warning', async () => {
  const many = `version: 1
axes: {n: [1, 2, 3, 4]}
stages:
  make: {cmd: "echo \${n} > \${outs.o}", matrix: [n], outs: {o: o.txt}}
  after: {cmd: "cat \${deps.o} > \${outs.o}", matrix: [n], deps: {o: make.o}, outs: {o: o.txt}}
`;
  instead = (_, response) => {
    response.writeHead(500).end();
    return true;
  };
  const ran = await run(checkout(many), { jobs: 1 });
  expect(ran.done).toHaveLength(8);
  expect(said(ran)).toEqual([expect.stringContaining('is given up after 3 failures in a row')]);
  // Some were under way when the third failed; nobody was asked for afterwards, and nothing sent.
  expect(seen.length).toBeLessThanOrEqual(4);
  expect(seen.filter((one) => one.startsWith('PUT'))).toEqual([]);
});

test('a redirect is not followed', async () => {
  instead = (path, response) => {
    response.writeHead(302, { location: `${urlOf(otherServer)}${path}` }).end();
    return true;
  };
  expect((await misses()).join()).toContain('sends elsewhere');
  expect(elsewhere).toEqual([]);
});

test('nothing half stays where the store looks', async () => {
  stored.set(`/cas/${sha256(inside)}`, Buffer.from('in'));
  const project = checkout();
  await run(project);
  honest(project);
  const staging = join(project.dir, 'cache/staging/~remote');
  expect(existsSync(staging) ? readdirSync(staging) : []).toEqual([]);
});
