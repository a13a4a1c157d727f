/** From settings to a remote at work. Loaded only where there is something to fetch or to send. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { RemoteUrl } from '../config/remote-url.ts';
import type { Digests } from '../digest/digests.ts';
import type { Layout } from '../store/layout.ts';
import { Courier } from './courier.ts';
import { folderRemote } from './folder-remote.ts';
import { Health } from './health.ts';
import { HttpExchange } from './http-exchange.ts';
import { httpRemote } from './http-remote.ts';
import { defaultPatience, type Patience } from './pace.ts';
import type { Remote } from './remote.ts';
import type { S3Place } from './s3-remote.ts';
import type { RemoteSettings } from './settings.ts';
import { SharedResults } from './shared-results.ts';
import { Signer, Trust } from './signature.ts';
import { type Direction, type Moved, Tally } from './tally.ts';

/** What tests shorten, and what commands that only transfer lengthen. */
export interface Bearing {
  readonly patience: Patience;
  readonly backOffMs: (attempt: number) => number | null;
  /** Failures in a row after which the remote is given up. */
  readonly giveUpAfter: number;
}

export interface Around {
  readonly layout: Layout;
  readonly digests: Digests;
  /** The run, as locks name it. */
  readonly run: string;
  readonly warn: (text: string) => void;
  readonly onMoved: (direction: Direction, moved: Moved) => void;
  readonly bearing?: Partial<Bearing> | undefined;
}

export interface OpenRemote {
  readonly name: string;
  readonly remote: Remote;
  readonly results: SharedResults;
  readonly health: Health;
  readonly tally: Tally;
  close(): void;
}

const transfers = 16;
const giveUpAfter = 3;
const backOffs = [200, 1_000];

/** @throws UserError (exit 2) for keys and credentials that cannot be used */
export async function openRemote(settings: RemoteSettings, around: Around): Promise<OpenRemote> {
  const { name } = settings;
  const { layout, digests, run, bearing } = around;
  const patience = bearing?.patience ?? defaultPatience;
  const trust = new Trust(settings.trust);
  const signer = signerOf(settings);
  const remote = await remoteOf(settings, patience);
  const health = new Health(name, bearing?.giveUpAfter ?? giveUpAfter, around.warn);
  const tally = new Tally(around.onMoved);
  const courier = new Courier({
    remote,
    health,
    layout,
    digests,
    run,
    patience,
    transfers,
    backOffMs: bearing?.backOffMs ?? ((attempt) => backOffs[attempt - 1] ?? null),
    onBytes: (direction, bytes) => tally.bytes(direction, bytes),
  });
  const results = new SharedResults({ name, layout, digests, courier, health, tally, trust, signer });
  return {
    name,
    remote,
    results,
    health,
    tally,
    close: () => {
      health.close();
      remote.close();
    },
  };
}

/** The remote alone, for what transfers no results. @throws UserError (exit 2) */
export async function remoteOf(
  settings: RemoteSettings,
  patience: Patience = defaultPatience,
): Promise<Remote> {
  const { url, token } = settings;
  if (url.kind === 'folder') return folderRemote(url.path);
  const exchange = new HttpExchange(patience.silenceMs, transfers);
  if (url.kind === 's3') {
    // With the client that signs its requests.
    const { s3Remote } = await import('./s3-remote.ts');
    return s3Remote(s3Place(url, settings), exchange);
  }
  const login = url.login === null ? null : `Basic ${Buffer.from(url.login).toString('base64')}`;
  return httpRemote({ url: url.url, authorization: token === null ? login : `Bearer ${token}` }, exchange);
}

/** @throws UserError (exit 2) without credentials */
function s3Place(url: Extract<RemoteUrl, { kind: 's3' }>, { s3 }: RemoteSettings): S3Place {
  const { accessKeyId, secretAccessKey, sessionToken } = s3;
  if (accessKeyId === null || secretAccessKey === null)
    throw new UserError(`the remote s3://${url.bucket} needs credentials`, {
      code: exitCode.usage,
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or go without it: --remote none',
    });
  const region = url.region ?? s3.region ?? 'us-east-1';
  const endpoint = url.endpoint ?? s3.endpoint ?? `https://s3.${region}.amazonaws.com`;
  const { bucket, prefix } = url;
  return {
    bucket,
    prefix,
    region,
    endpoint: endpoint.replace(/\/+$/, ''),
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  };
}

function signerOf({ signingKey }: RemoteSettings): Signer | null {
  if (signingKey === null) return null;
  try {
    return new Signer(signingKey);
  } catch (error) {
    throw new UserError(`the signing key cannot be used: ${error instanceof Error ? error.message : error}`, {
      code: exitCode.usage,
      hint: 'make one with `openssl genpkey -algorithm ed25519`',
    });
  }
}
