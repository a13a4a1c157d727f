/**
 * One request for a file, whose bytes are handed on as they arrive. Not `fetch`: from Node 22 on it drops what it still
 * holds when a connection breaks, and a download could never go on from there.
 */

import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { durationText } from '../../lib/format.ts';

export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly silenceMs: number;
}

const mostRedirects = 10;

/** The answer's head, after redirects; its body flows once `receive` or `resume` is called. */
export async function request(url: string, options: RequestOptions): Promise<IncomingMessage> {
  let place = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await ask(place, options);
    const { statusCode = 0, headers } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return response;
    response.resume();
    const next = new URL(headers.location, place);
    if (next.protocol !== 'https:' && (next.protocol !== 'http:' || place.protocol === 'https:'))
      throw new Error(`the server redirects to ${next.href}, which is not as safe as ${place.href}`);
    place = next;
  }
  throw new Error(`the server redirects more than ${mostRedirects} times`);
}

function ask(url: URL, { headers, signal, silenceMs }: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const asked = get(
      url,
      // What is asked for is the file itself: its digest is that of the bytes as they are stored.
      {
        headers: { 'accept-encoding': 'identity', 'user-agent': 'pipe-experiments', ...headers },
        signal,
        agent: false,
      },
      resolve,
    );
    asked.setTimeout(silenceMs, () =>
      asked.destroy(new Error(`nothing arrived for ${durationText(silenceMs)}`)),
    );
    asked.on('error', reject);
  });
}

/** Gives every chunk to `take` the moment it is there. To be called in the turn in which the head came. @throws when the connection breaks, or what `take` throws */
export function receive(response: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) reject(new Error('the connection ended early'));
    response.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error);
        response.destroy();
      }
    });
    response.on('end', () => {
      if (response.complete) resolve();
      else reject(new Error('the connection ended early'));
    });
    response.on('error', (error) =>
      reject(
        'code' in error && error.code === 'ECONNRESET' ? new Error('the connection ended early') : error,
      ),
    );
    response.on('close', () => reject(new Error('the connection ended early')));
  });
}
