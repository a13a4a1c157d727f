/**
 * The live page's server: on loopback, for whoever has the token, and read-only. A page of another origin reaches none of it:
 * the Host must be this server's own (so that no other name can be bound to this address), and the token is in every address.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { hasCode } from '../../lib/errno.ts';
import type { PartName } from './live-parts.ts';

export interface LiveSource {
  /** The whole page as it is now. */
  page(): Promise<string>;
  /** The parts as they are now. */
  parts(): Readonly<Record<PartName, { readonly text: string }>>;
  /** What a cell printed from byte `from` on; null: it has no log. */
  log(cell: string, from: number): { readonly text: string; readonly next: number } | null;
  /** The report's page; null: there is none. */
  report(): Promise<Buffer | null>;
}

/** Parts are looked at and sent so often: a person sees no more, and a thousand events between are one change. */
const tickMs = 250;
/** A reader that is slower gets the newest state later, never a backlog. */
const backlogBytes = 512 * 1024;
const readersMost = 32;
const silenceMs = 15_000;

interface Reader {
  readonly response: ServerResponse;
  readonly sent: Map<string, string>;
  saidAt: number;
}

export class LiveServer {
  readonly #source: LiveSource;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #readers = new Set<Reader>();
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;
  #port = 0;

  constructor(source: LiveSource) {
    this.#source = source;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        if (!response.headersSent) refuse(response, 500, 'this could not be read');
        else response.destroy();
      });
    });
    // A client that sends its request byte by byte holds a connection, not the server.
    this.#server.requestTimeout = 10_000;
    this.#server.maxConnections = 4 * readersMost;
  }

  /** `port` 0: any that is free. The address to open. @throws UserError when the port is taken */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          hasCode(error, 'EADDRINUSE', 'EACCES')
            ? new UserError(`port ${port} cannot be used: it is taken, or not yours`, {
                hint: 'name another with --port, or leave it out',
              })
            : error,
        ),
      );
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#timer = setInterval(() => this.tick(), tickMs);
    this.#timer.unref();
    return `http://127.0.0.1:${this.#port}/${this.#token}/`;
  }

  /** Sends what changed since each reader last got any. */
  tick(): void {
    if (this.#readers.size === 0) return;
    const parts = Object.entries(this.#source.parts());
    for (const reader of this.#readers) {
      if (reader.response.writableLength > backlogBytes) continue;
      for (const [name, { text }] of parts) {
        if (reader.sent.get(name) === text) continue;
        reader.sent.set(name, text);
        this.#say(reader, `event: part\ndata: ${JSON.stringify({ name, text })}\n\n`);
      }
      if (Date.now() - reader.saidAt > silenceMs) this.#say(reader, ': still here\n\n');
    }
  }

  /** The last state is sent, then every connection is closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.tick();
    for (const { response } of this.#readers) response.end('event: end\ndata: {}\n\n');
    this.#readers.clear();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 300).unref();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host } = request.headers;
    if (host !== `127.0.0.1:${this.#port}` && host !== `localhost:${this.#port}`)
      return refuse(response, 403, 'this server answers on loopback only');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405, 'this page shows and changes nothing');
    }
    const url = new URL(request.url ?? '/', `http://${host}`);
    const [, token = '', path = '', ...more] = url.pathname.split('/');
    if (!this.#isToken(token))
      return refuse(response, 403, 'the address needs the token that the command printed');
    if (more.length === 0 && path === 'events') return this.#follow(request, response);
    if (more.length === 0 && path === 'log') return this.#log(url, response);
    if (more.length === 0 && path === 'report') return this.#report(response);
    if (more.length > 0 || path !== '') return refuse(response, 404, 'there is nothing of that name');
    send(response, 'text/html; charset=utf-8', await this.#source.page());
  }

  #isToken(text: string): boolean {
    const digest = (value: string) => createHash('sha256').update(value).digest();
    return timingSafeEqual(digest(text), digest(this.#token));
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    if (this.#readers.size >= readersMost) {
      refuse(response, 503, 'too many pages are open');
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' });
    const reader: Reader = { response, sent: new Map(), saidAt: 0 };
    this.#say(reader, 'retry: 1000\n\n');
    this.#readers.add(reader);
    request.once('close', () => this.#readers.delete(reader));
    response.once('close', () => this.#readers.delete(reader));
    this.tick();
  }

  #say(reader: Reader, text: string): void {
    reader.saidAt = Date.now();
    reader.response.write(text);
  }

  #log(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('from') ?? '0');
    const cell = url.searchParams.get('cell') ?? '';
    const log = this.#source.log(cell, Number.isSafeInteger(from) && from >= 0 ? from : 0);
    if (log === null) refuse(response, 404, 'this cell has no log yet');
    else send(response, 'application/json; charset=utf-8', JSON.stringify(log));
  }

  async #report(response: ServerResponse): Promise<void> {
    const page = await this.#source.report();
    if (page === null) return refuse(response, 404, 'no report is written yet');
    // Its own policy stands in it.
    send(response, 'text/html; charset=utf-8', page);
  }
}

const headers = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { ...headers, 'Content-Type': type });
  response.end(body);
}

function refuse(response: ServerResponse, code: number, why: string): void {
  response.writeHead(code, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}
