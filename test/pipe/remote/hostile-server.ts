/** A remote that lies, drips, breaks and bombs: an HTTP server in Bazel's layout that injects a fault into what share of its answers it is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** Each is one way in which an answer can be wrong. */
export const faults = [
  'status 500',
  'status 503',
  'status 429',
  'evicted',
  'reset before the answer',
  'reset in the middle',
  'ends early',
  'wrong bytes',
  'too long',
  'says another length',
  'drips',
  'drips its head',
  'says nothing',
  'another content',
  'an old entry',
  'an entry with other outs',
  'an entry of a forged key',
  'an endless answer',
  'a packed bomb',
  'says ten terabytes',
  'sends elsewhere',
  'no HTTP',
  'a part that nobody asked for',
] as const;
export type Fault = (typeof faults)[number];

export interface HostileOptions {
  /** Numbers from 0 to 1, the same each time. */
  readonly random: () => number;
  /** Signs an entry's body with a key that nobody trusts. */
  readonly forge: (entry: string) => string;
}

/** 256 MiB, which nobody asked for. */
function* endless(): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < 4096; sent++) yield piece;
}

const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

export class HostileServer {
  readonly stored = new Map<string, Buffer>();
  readonly injected = new Map<Fault | 'a refused upload', number>();
  /** Share of answers that are wrong. */
  share = 0;
  /** Requests that followed a redirect, and the credentials that they carried. */
  readonly elsewhere: string[] = [];
  readonly #options: HostileOptions;
  readonly #server: Server;
  readonly #other: Server;
  readonly #sockets = new Set<Socket>();
  readonly #turns: Fault[] = [...faults];

  private constructor(options: HostileOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#other = createServer((request, response) => {
      this.elsewhere.push(`${request.url} ${request.headers.authorization ?? ''}`);
      response.end('elsewhere');
    });
    for (const server of [this.#server, this.#other])
      server.on('connection', (socket) => {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      });
  }

  static async start(options: HostileOptions): Promise<HostileServer> {
    const server = new HostileServer(options);
    for (const one of [server.#server, server.#other]) {
      one.listen(0, '127.0.0.1');
      await once(one, 'listening');
    }
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many faults were injected so far, refused uploads among them. */
  get count(): number {
    return [...this.injected.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Kinds that no answer has had yet. */
  get untried(): readonly Fault[] {
    return faults.filter((fault) => !this.injected.has(fault));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of [this.#server, this.#other]) {
      server.close();
      await once(server, 'close');
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    // Uploads are many, and their faults of four kinds: an eighth of the share.
    const share = method === 'PUT' && this.share < 1 ? this.share / 8 : this.share;
    const wrong = this.#options.random() < share;
    if (method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const kind = wrong ? Math.floor(this.#options.random() * 4) : -1;
      if (wrong) this.#count('a refused upload');
      if (kind === 0) return void response.destroy();
      if (kind === 1) return void response.writeHead(507).end();
      if (kind === 2) return void response.writeHead(307, { location: this.#otherUrl(url) }).end();
      // Kind 3 says that it kept what it did not.
      if (kind !== 3) this.stored.set(url, Buffer.concat(chunks));
      return void response.writeHead(201).end();
    }
    const bytes = this.stored.get(url);
    if (!bytes) return void response.writeHead(404).end();
    // In turn, so that each has its turn; one that makes no sense here waits for an answer where it does.
    for (const fault of wrong ? [...this.#turns] : []) {
      if (!(await this.#inject(fault, request, response, bytes))) continue;
      this.#turns.splice(this.#turns.indexOf(fault), 1);
      this.#turns.push(fault);
      return this.#count(fault);
    }
    response.writeHead(200, { 'content-length': bytes.length }).end(method === 'HEAD' ? undefined : bytes);
  }

  #count(fault: Fault | 'a refused upload'): void {
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
  }

  #otherUrl(url: string): string {
    return `http://127.0.0.1:${(this.#other.address() as AddressInfo).port}${url}`;
  }

  /** False: the fault makes no sense for what was asked. */
  async #inject(
    fault: Fault,
    { url = '', headers }: IncomingMessage,
    response: ServerResponse,
    bytes: Buffer,
  ): Promise<boolean> {
    const isEntry = url.startsWith('/ac/');
    const send = (body: Buffer | string, length: number | null = Buffer.byteLength(body)) => {
      response.writeHead(200, length === null ? {} : { 'content-length': length });
      response.end(body);
      return true;
    };
    const status = (code: number, more: Record<string, string> = {}) => {
      response.writeHead(code, more).end();
      return true;
    };
    switch (fault) {
      case 'status 500':
        return status(500);
      case 'status 503':
        return status(503);
      case 'status 429':
        return status(429);
      case 'evicted':
        return status(404);
      case 'ends early':
        return send(bytes.subarray(0, Math.max(0, bytes.length - 1)), null);
      case 'wrong bytes': {
        const other = Buffer.from(bytes);
        const at = Math.floor(this.#options.random() * Math.max(1, other.length));
        other[at] = (other[at] ?? 0) ^ 1;
        return send(other);
      }
      case 'too long':
        return send(Buffer.concat([bytes, bytes, Buffer.from('more')]), null);
      case 'another content':
        return this.#another(url, isEntry ? '/ac/' : '/cas/', send);
      case 'an old entry':
        return isEntry && this.#another(url, '/ac/', send);
      case 'an entry with other outs':
      case 'an entry of a forged key':
        return isEntry && send(this.#twisted(bytes, fault === 'an entry of a forged key'));
      case 'a packed bomb':
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length }).end(bomb);
        return true;
      case 'sends elsewhere':
        return status(302, { location: this.#otherUrl(url) });
      case 'a part that nobody asked for':
        if (headers.range !== undefined) return false;
        response.writeHead(206, { 'content-range': `bytes 3-${bytes.length - 1}/${bytes.length}` });
        response.end(bytes.subarray(3));
        return true;
      default:
        return this.#breakOff(fault, response, bytes);
    }
  }

  /** An answer that never comes to its end, or to an end that is not its own. */
  async #breakOff(fault: Fault, response: ServerResponse, bytes: Buffer): Promise<boolean> {
    switch (fault) {
      case 'reset before the answer':
        response.destroy();
        return true;
      case 'reset in the middle':
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(bytes.subarray(0, bytes.length / 2));
        await sleep(2);
        response.destroy();
        return true;
      case 'says another length':
        response.socket?.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length + 7}\r\n\r\n`);
        response.socket?.end(bytes);
        return true;
      case 'drips':
        response.writeHead(200, { 'content-length': bytes.length });
        for (let at = 0; at < bytes.length && !response.destroyed; at++) {
          response.write(bytes.subarray(at, at + 1));
          await sleep(40);
        }
        response.end();
        return true;
      case 'drips its head':
        response.socket?.write('HTTP/1.1 200 OK\r\nx-a: ');
        for (let at = 0; at < 200 && response.socket?.destroyed === false; at++) {
          response.socket.write('x');
          await sleep(40);
        }
        response.destroy();
        return true;
      case 'says nothing':
        await Promise.race([once(response, 'close'), sleep(5_000)]);
        response.destroy();
        return true;
      case 'an endless answer':
        response.writeHead(200);
        // It ends by itself when the other side hangs up.
        await pipeline(endless, response).catch(() => {});
        return true;
      case 'says ten terabytes':
        response.writeHead(200, { 'content-length': 10e12 });
        response.write(bytes);
        await Promise.race([once(response, 'close'), sleep(5_000)]);
        response.destroy();
        return true;
      case 'no HTTP':
        response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n');
        return true;
      default:
        return false;
    }
  }

  #another(url: string, shelf: string, send: (body: Buffer) => boolean): boolean {
    const others = [...this.stored].filter(([name]) => name !== url && name.startsWith(shelf));
    const [, bytes] = others[Math.floor(this.#options.random() * others.length)] ?? [];
    return bytes !== undefined && send(bytes);
  }

  /** The entry with its first out's content replaced by another that is there, as its signer left it or forged. */
  #twisted(bytes: Buffer, forged: boolean): Buffer {
    const contents = [...this.stored.keys()].filter((name) => name.startsWith('/cas/'));
    const other = contents[Math.floor(this.#options.random() * contents.length)]?.slice('/cas/'.length) ?? '';
    const size = this.stored.get(`/cas/${other}`)?.length ?? 0;
    const [body = '', signature = ''] = bytes.toString('utf8').split('\n');
    const entry: { outs: Record<string, object>; objectBytes: Record<string, number> } = JSON.parse(body);
    const [name = ''] = Object.keys(entry.outs);
    entry.outs[name] = {
      ...entry.outs[name],
      type: 'file',
      object: other,
      sha256: other,
      size,
      files: 1,
      executable: false,
    };
    entry.objectBytes[name] = size;
    const twisted = JSON.stringify(entry);
    return Buffer.from(forged ? this.#options.forge(twisted) : `${twisted}\n${signature}\n`);
  }
}
