/** A server with Bazel's HTTP layout as a remote: GET, HEAD and PUT of `/cas/SHA256` and `/ac/KEY`. */
import { drop, type HttpExchange, statusFault, takeBody } from './http-exchange.ts';
import { type Reading, type Remote, RemoteFault, type RemoteItem } from './remote.ts';

export interface HttpPlace {
  /** Without a slash at its end. */
  readonly url: string;
  /** Value of the `authorization` header; null: none is sent. Secret. */
  readonly authorization: string | null;
}

export function httpRemote({ url, authorization }: HttpPlace, exchange: HttpExchange): Remote {
  const urlOf = ({ shelf, name }: RemoteItem) => new URL(`${url}/${shelf}/${name}`);
  const own: Record<string, string> = authorization === null ? {} : { authorization };
  return {
    async get(item, reading) {
      const range: Record<string, string> = reading.from > 0 ? { range: `bytes=${reading.from}-` } : {};
      const response = await exchange.ask({
        method: 'GET',
        url: urlOf(item),
        headers: { ...own, ...range },
        signal: reading.signal,
      });
      return receiveInto(response, reading);
    },
    async size(item, signal) {
      const response = await exchange.ask({ method: 'HEAD', url: urlOf(item), headers: own, signal });
      return sizeIn(response);
    },
    async put(item, { size, content, signal }) {
      const response = await exchange.ask({
        method: 'PUT',
        url: urlOf(item),
        headers: own,
        signal,
        body: { size, content },
      });
      const { statusCode = 0 } = response;
      drop(response);
      if (statusCode < 200 || statusCode >= 300) throw statusFault(response);
    },
    sweeping: null,
    close: () => exchange.close(),
  };
}

type Answer = Awaited<ReturnType<HttpExchange['ask']>>;

/** What a GET brought, with a range or without. */
export async function receiveInto(response: Answer, reading: Reading): Promise<'missing' | 'whole'> {
  const { statusCode = 0, headers } = response;
  if (statusCode === 404 || statusCode === 410) {
    drop(response);
    return 'missing';
  }
  try {
    if (statusCode !== 200 && statusCode !== 206) throw statusFault(response);
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new RemoteFault(`the server packs its answer (${encoding}), unasked`);
    const length = headers['content-length'] === undefined ? null : Number(headers['content-length']);
    const start = statusCode === 206 ? reading.from : 0;
    if (statusCode === 206 && !(headers['content-range'] ?? '').startsWith(`bytes ${start}-`))
      throw new RemoteFault('the server sends another part than was asked for');
    reading.begin(start, length === null ? null : start + length);
  } catch (error) {
    response.destroy();
    throw error;
  }
  await takeBody(response, reading.take, reading.signal);
  return 'whole';
}

/** What a HEAD says; null: nothing is there. */
export function sizeIn(response: Answer): number | null {
  const { statusCode = 0, headers } = response;
  drop(response);
  if (statusCode === 404 || statusCode === 410) return null;
  if (statusCode !== 200) throw statusFault(response);
  const size = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(size) ? size : -1;
}
