/**
 * Requests to one server over kept connections. Not `fetch`: it gives no hold on a connection that drips, and drops what
 * it holds when one breaks. A redirect is not followed: what is asked for, and the credentials, go to the named server
 * and nowhere else.
 */

import { once } from 'node:events';
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { hasCode } from '../../lib/errno.ts';
import { durationText } from '../../lib/format.ts';
import { RemoteFault } from './remote.ts';

export interface HttpAsked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What is sent, of `size` bytes. */
  readonly body?: { readonly size: number; content(): AsyncIterable<Buffer> };
}

/** An answer's text is read only so far: error pages say little. */
const textBytes = 64 * 1024;

export class HttpExchange {
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly #silenceMs: number;

  /** `silenceMs`: after so long without a byte a connection counts as broken. */
  constructor(silenceMs: number, connections: number) {
    const options = { keepAlive: true, maxSockets: connections, scheduling: 'lifo' as const };
    this.#agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
    this.#silenceMs = silenceMs;
  }

  /** The head of the answer. Its body must be taken with `takeBody`, `textOf` or `drop`. @throws RemoteFault */
  async ask(asked: HttpAsked): Promise<IncomingMessage> {
    const { url, method, headers, signal, body } = asked;
    signal.throwIfAborted();
    const options = {
      method,
      headers: {
        'accept-encoding': 'identity',
        'user-agent': 'pipe-experiments',
        ...headers,
        ...(body ? { 'content-length': String(body.size) } : {}),
      },
      signal,
    };
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, agent: this.#agents.https })
        : requestHttp(url, { ...options, agent: this.#agents.http });
    request.setTimeout(this.#silenceMs, () => request.destroy(new RemoteFault(silence(this.#silenceMs))));
    try {
      const answered = answerOf(request);
      if (body) await send(request, body, answered);
      else request.end();
      return await answered;
    } catch (error) {
      request.destroy();
      throw asFault(error, signal);
    }
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.once('close', () => reject(new RemoteFault('the connection ended early', true)));
  });
  // Awaited later, while the body is sent.
  answered.catch(() => {});
  return answered;
}

/** Ends early when the server answers before it has all: it does not want the rest. */
async function send(
  request: ClientRequest,
  body: NonNullable<HttpAsked['body']>,
  answered: Promise<unknown>,
): Promise<void> {
  let over = false;
  const ended = answered.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  for await (const piece of body.content()) {
    if (over) return;
    if (!request.write(piece)) await Promise.race([once(request, 'drain').catch(() => {}), ended]);
  }
  request.end();
}

/** Hands on every chunk; waits where `take` asks for it. @throws RemoteFault when it breaks, or what `take` throws */
export async function takeBody(
  response: IncomingMessage,
  take: (chunk: Buffer) => Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) await take(chunk);
  } catch (error) {
    response.destroy();
    throw asFault(error, signal);
  }
  if (!response.complete) throw new RemoteFault('the connection ended early', true);
}

/** The beginning of the answer's text. */
export async function textOf(
  response: IncomingMessage,
  signal: AbortSignal,
  limit = textBytes,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  await takeBody(
    response,
    (chunk) => {
      size += chunk.length;
      if (size > limit) throw new RemoteFault(`the answer is longer than ${limit} bytes`);
      chunks.push(chunk);
      return undefined;
    },
    signal,
  );
  return Buffer.concat(chunks).toString('utf8');
}

/** Gives up what the server still sends: a short rest is read, so that the connection can be used again. */
export function drop(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (length > textBytes) {
    response.destroy();
    return;
  }
  response.on('error', () => {});
  response.resume();
}

/** Why an answer with this status is no answer to what was asked. */
export function statusFault(response: IncomingMessage): RemoteFault {
  const { statusCode = 0 } = response;
  if (statusCode >= 300 && statusCode < 400)
    return new RemoteFault(
      `the server answers ${statusCode} and sends elsewhere, where pipe does not follow`,
    );
  const passing = statusCode >= 500 || statusCode === 429 || statusCode === 408;
  return new RemoteFault(`the server answers ${statusCode}`, passing);
}

function silence(ms: number): string {
  return `nothing arrived for ${durationText(ms)}`;
}

const breaks = [
  'ECONNRESET',
  'EPIPE',
  'HPE_INVALID_CONSTANT',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
];

function asFault(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof RemoteFault || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (hasCode(error, ...breaks) || error.message === 'aborted')
    return new RemoteFault('the connection broke', true);
  if (code.startsWith('HPE_')) return new RemoteFault('the answer is not HTTP');
  if ('syscall' in error || code.startsWith('ERR_TLS') || code.includes('CERT') || code.startsWith('ERR_SSL'))
    return new RemoteFault(`the server cannot be reached (${code})`);
  return error;
}
