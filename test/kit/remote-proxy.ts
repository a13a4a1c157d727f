/** Between a test and a real server: passes requests on unchanged, notes them, and breaks the transfers that it is told to. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passed {
  readonly method: string;
  readonly url: string;
  /** The `range` header; null: none. */
  readonly range: string | null;
  /** Bytes of the request's body that came through. */
  up: number;
  /** Bytes of the answer's body that went back. */
  down: number;
}

/** After how many bytes of a transfer's body the connection breaks; null: it does not. */
export type BreakAfter = (passed: Passed) => number | null;

export class RemoteProxy {
  readonly passed: Passed[] = [];
  /** Asked once per request, for what is sent. */
  breakUp: BreakAfter = () => null;
  /** Asked once per request, for what comes back. */
  breakDown: BreakAfter = () => null;
  readonly #server: Server;
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((request, response) => {
      for (const stream of [request, response]) stream.on('error', () => {});
      this.#pass(request, response);
    });
  }

  /** `url`: of the server behind, or a bucket's with its `endpoint`. The answer has the same form. */
  static async before(url: string): Promise<{ readonly proxy: RemoteProxy; readonly url: string }> {
    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(url) ?? [];
    const proxy = new RemoteProxy(Number(port));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    const own = (proxy.#server.address() as AddressInfo).port;
    return { proxy, url: url.replace(`127.0.0.1:${port}`, `127.0.0.1:${own}`) };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const passed: Passed = { method, url, range: headers.range ?? null, up: 0, down: 0 };
    this.passed.push(passed);
    const [breakUp, breakDown] = [this.breakUp(passed), this.breakDown(passed)];
    // The headers as they are, the host too: they are signed.
    const behind = requestHttp(
      { host: '127.0.0.1', port: this.#port, method, path: url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.on('error', () => response.destroy());
        answer.on('data', (chunk: Buffer) => {
          passed.down += chunk.length;
          if (breakDown !== null && passed.down > breakDown) {
            response.socket?.destroySoon();
            answer.destroy();
          } else if (!response.write(chunk)) {
            answer.pause();
            response.once('drain', () => answer.resume());
          }
        });
        answer.on('end', () => response.end());
      },
    );
    behind.on('error', () => response.destroy());
    request.on('close', () => {
      if (!request.complete) behind.destroy();
    });
    request.on('data', (chunk: Buffer) => {
      passed.up += chunk.length;
      if (breakUp !== null && passed.up > breakUp) {
        request.socket.destroy();
        behind.destroy();
      } else if (!behind.write(chunk)) {
        request.pause();
        behind.once('drain', () => request.resume());
      }
    });
    request.on('end', () => behind.end());
  }
}
