/** Contents of many megabytes to and from real servers: in parts, gone on with where a transfer broke, and never half. */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isSha256, type Sha256 } from '../../../src/lib/sha256.ts';
import { Digests } from '../../../src/pipe/digest/digests.ts';
import { Courier } from '../../../src/pipe/remote/courier.ts';
import { Health } from '../../../src/pipe/remote/health.ts';
import { remoteOf } from '../../../src/pipe/remote/open-remote.ts';
import { defaultPatience } from '../../../src/pipe/remote/pace.ts';
import type { Remote } from '../../../src/pipe/remote/remote.ts';
import { remoteSettings } from '../../../src/pipe/remote/settings.ts';
import { layoutOf, objectFile } from '../../../src/pipe/store/layout.ts';
import { Folder } from '../../kit/folder.ts';
import { RemoteProxy } from '../../kit/remote-proxy.ts';
import { nginxHere, startFolder, startNginx, startS3, type TestRemote } from '../../kit/remotes.ts';

const mebibyte = 2 ** 20;
/** Five parts of a bucket's upload: four of 16 MiB, and a rest. */
const bytes = 70 * mebibyte;
const nginx = nginxHere();

/** A checkout's store and what carries contents between it and a remote. */
class Store extends Folder {
  readonly layout = layoutOf(this.dir);
  readonly digests = new Digests(this.layout.index);
  readonly warnings: string[] = [];
  moved = { up: 0, down: 0 };
  #remote: Remote | null = null;

  /** As a new process would: it remembers nothing but what lies on the disk. */
  async courier({ url, env }: Pick<TestRemote, 'url' | 'env'>, onMoved = () => {}): Promise<Courier> {
    const settings = remoteSettings({ cache: null, flag: url, readOnly: false, env, project: this.dir });
    if (settings === null) throw new Error('no remote');
    this.#remote?.close();
    this.#remote = await remoteOf(settings);
    this.moved = { up: 0, down: 0 };
    return new Courier({
      remote: this.#remote,
      health: new Health('test', 3, (text) => this.warnings.push(text)),
      layout: this.layout,
      digests: this.digests,
      run: 'test',
      patience: defaultPatience,
      transfers: 4,
      backOffMs: (attempt) => (attempt < 3 ? 1 : null),
      onBytes: (direction, count) => {
        this.moved[direction] += count;
        onMoved();
      },
    });
  }

  /** A new content of `size` bytes in the store. */
  make(size: number): Sha256 {
    const hash = createHash('sha256');
    const aside = this.write('aside', '');
    const file = openSync(aside, 'w');
    for (let done = 0; done < size; done += mebibyte) {
      const piece = randomBytes(Math.min(mebibyte, size - done));
      writeSync(file, piece);
      hash.update(piece);
    }
    closeSync(file);
    const sha256 = hash.digest('hex');
    if (!isSha256(sha256)) throw new Error('no digest');
    const object = objectFile(this.layout, sha256);
    mkdirSync(dirname(object), { recursive: true });
    this.digests.stamp(aside, sha256, 0o444);
    renameSync(aside, object);
    return sha256;
  }

  /** Bytes of what lies beside the store until it is whole. */
  get parts(): readonly string[] {
    const folder = join(this.layout.staging, '~remote');
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  }

  digestOf(sha256: Sha256): string | null {
    const file = objectFile(this.layout, sha256);
    return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null;
  }

  override remove(): void {
    this.#remote?.close();
    super.remove();
  }
}

const errand = (signal = new AbortController().signal) => ({ signal, localMs: null });
const never = new AbortController().signal;

describe.each([
  { name: 'a folder', start: startFolder, skip: null, isBucket: false, isFolder: true },
  {
    name: 'nginx',
    start: startNginx,
    skip: 'why' in nginx ? nginx.why : null,
    isBucket: false,
    isFolder: false,
  },
  { name: 'S3', start: startS3, skip: null, isBucket: true, isFolder: false },
])('a large content through $name', { timeout: 300_000 }, ({ start, skip, isBucket, isFolder }) => {
  let remote: TestRemote;
  let object: Sha256;
  const from = new Store();
  let to: Store;
  beforeAll(async () => {
    if (skip !== null) return;
    remote = await start();
    object = from.make(bytes);
  }, 300_000);
  afterAll(async () => {
    await remote?.stop();
    from.remove();
  });
  beforeEach(() => {
    to = new Store();
  });
  afterEach(() => to.remove());

  test('goes up and comes back whole', async (context) => {
    context.skip(skip !== null, skip ?? '');
    expect(await (await from.courier(remote)).sendObject(object, never)).toBe(true);
    expect(from.moved.up).toBe(bytes);
    expect(await (await to.courier(remote)).fetchObject(object, bytes, errand())).toBe(true);
    expect(to.digestOf(object)).toBe(object);
    expect([...from.warnings, ...to.warnings]).toEqual([]);
  });

  test('what a stopped run had of it, the next run does not fetch again', async (context) => {
    context.skip(skip !== null, skip ?? '');
    const stop = new AbortController();
    const first = await to.courier(remote, () => {
      if (to.moved.down > 30 * mebibyte) stop.abort();
    });
    expect(await first.fetchObject(object, bytes, errand(stop.signal))).toBe(false);
    expect(to.digestOf(object)).toBe(null);
    const [part = ''] = to.parts;
    const had = statSync(part).size;
    expect(had).toBeGreaterThan(30 * mebibyte);
    expect(await (await to.courier(remote)).fetchObject(object, bytes, errand())).toBe(true);
    expect(to.moved.down).toBe(bytes - had);
    expect(to.digestOf(object)).toBe(object);
    expect(to.parts).toEqual([]);
  });

  test('what was damaged of it meanwhile is fetched again', async (context) => {
    context.skip(skip !== null, skip ?? '');
    const stop = new AbortController();
    const first = await to.courier(remote, () => {
      if (to.moved.down > 20 * mebibyte) stop.abort();
    });
    await first.fetchObject(object, bytes, errand(stop.signal));
    const [part = ''] = to.parts;
    const file = openSync(part, 'r+');
    writeSync(file, 'damage', 5_000_000);
    closeSync(file);
    expect(await (await to.courier(remote)).fetchObject(object, bytes, errand())).toBe(true);
    expect(to.digestOf(object)).toBe(object);
  });

  test('a transfer that breaks goes on where it broke', async (context) => {
    context.skip(skip !== null || isFolder, skip ?? 'a folder has no connection');
    const { proxy, url } = await RemoteProxy.before(remote.url);
    let breaks = 2;
    proxy.breakDown = () => (breaks-- > 0 ? 20 * mebibyte : null);
    try {
      const courier = await to.courier({ url, env: remote.env });
      expect(await courier.fetchObject(object, bytes, errand())).toBe(true);
      expect(to.moved.down).toBe(bytes);
      const starts = proxy.passed.map(({ range }) => Number(/bytes=(\d+)-/.exec(range ?? 'bytes=0-')?.[1]));
      expect(starts).toHaveLength(3);
      expect(starts[0]).toBe(0);
      expect(starts[1]).toBeGreaterThan(15 * mebibyte);
      expect(starts[2]).toBeGreaterThan((starts[1] ?? 0) + 15 * mebibyte);
      expect(to.digestOf(object)).toBe(object);
    } finally {
      await proxy.stop();
    }
  });

  test('an upload that breaks leaves nothing half, and is tried again', async (context) => {
    context.skip(skip !== null || isFolder, skip ?? 'a folder has no connection');
    const { proxy, url } = await RemoteProxy.before(remote.url);
    const other = from.make(bytes);
    let breaks = 1;
    proxy.breakUp = ({ method, url: path }) =>
      method === 'PUT' && (!isBucket || path.includes('partNumber=2')) && breaks-- > 0 ? 10 * mebibyte : null;
    try {
      const courier = await from.courier({ url, env: remote.env });
      expect(await courier.sendObject(other, never)).toBe(true);
      const puts = proxy.passed.filter(({ method }) => method === 'PUT');
      // A bucket takes the one part again; HTTP knows nothing smaller than the whole.
      if (isBucket)
        expect(puts.map((put) => Number(/partNumber=(\d+)/.exec(put.url)?.[1]))).toEqual([1, 2, 2, 3, 4, 5]);
      else expect(puts.map(({ up }) => up > 60 * mebibyte)).toEqual([false, true]);
      expect(await (await to.courier(remote)).fetchObject(other, bytes, errand())).toBe(true);
      expect(to.digestOf(other)).toBe(other);
    } finally {
      await proxy.stop();
    }
  });

  test('an upload that cannot be finished is no content there', async (context) => {
    context.skip(skip !== null || isFolder, skip ?? 'a folder has no connection');
    const { proxy, url } = await RemoteProxy.before(remote.url);
    const other = from.make(bytes);
    proxy.breakUp = ({ method, url: path }) =>
      method === 'PUT' && (!isBucket || path.includes('partNumber=3')) ? 10 * mebibyte : null;
    try {
      const courier = await from.courier({ url, env: remote.env });
      expect(await courier.sendObject(other, never)).toBe(false);
      if (isBucket)
        expect(proxy.passed.some((one) => one.method === 'DELETE' && one.url.includes('uploadId='))).toBe(
          true,
        );
      const there = await from.courier(remote);
      expect(await there.hasObject(other, never)).toBe(false);
      expect(await (await to.courier(remote)).fetchObject(other, bytes, errand())).toBe(false);
      expect(to.parts).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  test('a content that is damaged here does not get a name there', async (context) => {
    context.skip(skip !== null, skip ?? '');
    const other = from.make(bytes);
    const file = openSync(objectFile(from.layout, other), 'r+');
    writeSync(file, 'damage', bytes - 6);
    closeSync(file);
    const courier = await from.courier(remote);
    expect(await courier.sendObject(other, never)).toBe(false);
    expect(await (await from.courier(remote)).hasObject(other, never)).toBe(false);
    expect(await (await to.courier(remote)).fetchObject(other, bytes, errand())).toBe(false);
  });
});
