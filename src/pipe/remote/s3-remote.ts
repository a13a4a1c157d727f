/**
 * A bucket as a remote, of any server that speaks S3: `PREFIX/cas/SHA256` and `PREFIX/ac/KEY`. What is sent carries its
 * digest, so that the server checks it too. A large content goes in parts, each of which is tried again alone.
 */
import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { isSha256, sha256Of } from '../../lib/sha256.ts';
import { drop, type HttpAsked, type HttpExchange, statusFault, textOf } from './http-exchange.ts';
import { receiveInto, sizeIn } from './http-remote.ts';
import {
  type Listed,
  type Remote,
  RemoteFault,
  type RemoteItem,
  type Shelf,
  type Writing,
} from './remote.ts';

export interface S3Place {
  readonly bucket: string;
  /** Without slashes around it; may be empty. */
  readonly prefix: string;
  /** `https://HOST`; the bucket is named in the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | null;
  };
}

/** What is larger goes in parts. */
const wholeBytes = 64 * 1024 * 1024;
/** One is in memory for each transfer. S3 asks for 5 MiB at least. */
const leastPartBytes = 16 * 1024 * 1024;
/** The most that S3 takes. */
const mostParts = 10_000;
const partTries = 3;
const textLimit = 4 * 1024 * 1024;

export function s3Remote(place: S3Place, exchange: HttpExchange): Remote {
  const bucket = new Bucket(place, exchange);
  return {
    async get(item, reading) {
      const range: Record<string, string> = reading.from > 0 ? { range: `bytes=${reading.from}-` } : {};
      const { signal } = reading;
      return receiveInto(await bucket.ask('GET', bucket.keyOf(item), { signal, headers: range }), reading);
    },
    size: async (item, signal) => sizeIn(await bucket.ask('HEAD', bucket.keyOf(item), { signal })),
    put: (item, writing) =>
      writing.size > wholeBytes ? bucket.putParts(item, writing) : bucket.putWhole(item, writing),
    sweeping: {
      list: (shelf) => bucket.list(shelf),
      async remove(item) {
        await bucket.text('DELETE', bucket.keyOf(item), { signal: new AbortController().signal });
      },
    },
    close: () => exchange.close(),
  };
}

interface PartUpload {
  readonly key: string;
  readonly uploadId: string;
  /** From 1. */
  readonly number: number;
  readonly part: Part;
  readonly signal: AbortSignal;
}

interface S3Request {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: HttpAsked['body'];
  /** Of the body; left out: there is none. */
  readonly sha256?: string;
}

const nothing = sha256Of('');

class Bucket {
  readonly #place: S3Place;
  readonly #exchange: HttpExchange;
  /** Derived keys, which are the same for a day. */
  readonly #signing = new Map<string, ArrayBuffer>();

  constructor(place: S3Place, exchange: HttpExchange) {
    this.#place = place;
    this.#exchange = exchange;
  }

  keyOf({ shelf, name }: RemoteItem): string {
    return this.#below(`${shelf}/${name}`);
  }

  /** `key`: '' is the bucket itself. */
  async ask(method: HttpAsked['method'], key: string, request: S3Request) {
    const { bucket, endpoint, region, credentials } = this.#place;
    const url = new URL(
      `${endpoint}/${bucket}${key === '' ? '' : `/${key.split('/').map(encodeURIComponent).join('/')}`}`,
    );
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...request.headers, 'x-amz-content-sha256': request.sha256 ?? nothing },
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken === null ? {} : { sessionToken: credentials.sessionToken }),
      service: 's3',
      region,
      cache: this.#signing,
    });
    const signed = await signer.sign();
    return this.#exchange.ask({
      method,
      url: signed.url,
      headers: { ...Object.fromEntries(signed.headers), ...request.headers },
      signal: request.signal,
      ...(request.body ? { body: request.body } : {}),
    });
  }

  /** The answer's text, of a request that must go well. @throws RemoteFault with what the server says */
  async text(method: HttpAsked['method'], key: string, request: S3Request): Promise<string> {
    const response = await this.ask(method, key, request);
    const { statusCode = 0 } = response;
    const text = await textOf(response, request.signal, textLimit);
    if (statusCode >= 200 && statusCode < 300) return text;
    throw saying(statusFault(response), text);
  }

  async putWhole(item: RemoteItem, { size, sha256, content, signal }: Writing): Promise<void> {
    await this.text('PUT', this.keyOf(item), { signal, sha256, body: { size, content } });
  }

  async putParts(item: RemoteItem, { size, content, signal }: Writing): Promise<void> {
    const key = this.keyOf(item);
    const begun = await this.text('POST', key, { signal, query: { uploads: '' } });
    const uploadId = valuesOf(begun, 'UploadId')[0];
    if (uploadId === undefined) throw new RemoteFault('the server begins no upload in parts');
    try {
      const tags: string[] = [];
      const partBytes = Math.max(leastPartBytes, Math.ceil(size / mostParts));
      for await (const part of partsOf(content(), partBytes))
        tags.push(await this.#putPart({ key, uploadId, number: tags.length + 1, part, signal }));
      const list = tags.map(
        (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
      );
      const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
      const said = await this.text('POST', key, {
        signal,
        query: { uploadId },
        sha256: sha256Of(body),
        body: { size: body.length, content: () => one(body) },
      });
      // It may answer 200 and then say that it failed.
      if (said.includes('<Error>'))
        throw saying(new RemoteFault('the server puts no parts together', true), said);
    } catch (error) {
      const aside = new AbortController();
      await this.text('DELETE', key, { signal: aside.signal, query: { uploadId } }).catch(() => {});
      throw error;
    }
  }

  async *list(shelf: Shelf): AsyncGenerator<Listed> {
    const { signal } = new AbortController();
    const prefix = this.#below(`${shelf}/`);
    let after: string | undefined;
    do {
      const query: Record<string, string> = {
        'list-type': '2',
        prefix,
        ...(after ? { 'continuation-token': after } : {}),
      };
      const text = await this.text('GET', '', { signal, query });
      for (const entry of valuesOf(text, 'Contents')) {
        const name = valuesOf(entry, 'Key')[0]?.slice(prefix.length) ?? '';
        const written = Date.parse(valuesOf(entry, 'LastModified')[0] ?? '');
        if (isSha256(name) && Number.isFinite(written))
          yield { name, size: Number(valuesOf(entry, 'Size')[0] ?? 0), written };
      }
      after =
        valuesOf(text, 'IsTruncated')[0] === 'true' ? valuesOf(text, 'NextContinuationToken')[0] : undefined;
    } while (after !== undefined);
  }

  async #putPart({ key, uploadId, number, part, signal }: PartUpload): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.ask('PUT', key, {
          signal,
          query: { partNumber: String(number), uploadId },
          sha256: part.sha256,
          body: { size: part.bytes.length, content: () => one(part.bytes) },
        });
        const { statusCode = 0, headers } = response;
        if (statusCode === 200 && headers.etag !== undefined) {
          drop(response);
          return headers.etag;
        }
        throw saying(statusFault(response), await textOf(response, signal));
      } catch (error) {
        if (attempt >= partTries || !(error instanceof RemoteFault) || !error.passing) throw error;
      }
    }
  }

  #below(name: string): string {
    const { prefix } = this.#place;
    return prefix === '' ? name : `${prefix}/${name}`;
  }
}

interface Part {
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** Pieces put together to parts; one is in memory at a time. */
async function* partsOf(pieces: AsyncIterable<Buffer>, partBytes: number): AsyncGenerator<Part> {
  const bytes = Buffer.allocUnsafeSlow(partBytes);
  let filled = 0;
  const part = () => {
    const whole = bytes.subarray(0, filled);
    return { bytes: whole, sha256: createHash('sha256').update(whole).digest('hex') };
  };
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.copy(bytes, filled, at);
      at += taken;
      filled += taken;
      if (filled < partBytes) continue;
      yield part();
      filled = 0;
    }
  }
  if (filled > 0) yield part();
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Contents of every element of that name, in order. Enough of XML for what S3 answers: its names and values hold no markup. */
function valuesOf(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, value = '']) => value);
}

/** S3 says in a word what it dislikes: `SignatureDoesNotMatch`, `NoSuchBucket`. */
function saying(fault: RemoteFault, text: string): RemoteFault {
  const code = /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1];
  return code === undefined ? fault : new RemoteFault(`${fault.message} (${code})`, fault.passing);
}
