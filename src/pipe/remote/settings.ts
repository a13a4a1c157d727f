/** Which remote a command works with, and how: a flag before a variable before the pipeline file. */
import { resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { CacheDoc } from '../config/document.ts';
import { type RemoteUrl, remoteUrl } from '../config/remote-url.ts';

export interface RemoteSettings {
  /** A folder's path is absolute here. */
  readonly url: RemoteUrl;
  /** What it is called on screens and in records. */
  readonly name: string;
  /** Nothing is sent. */
  readonly readOnly: boolean;
  /** Why nothing is sent; null: because it was asked for, or it is. */
  readonly whyReadOnly: string | null;
  /** Public keys; empty: signatures are not looked at. */
  readonly trust: readonly string[];
  /** The private key, as its variable holds it; null: nothing is signed. Secret. */
  readonly signingKey: string | null;
  /** What no file, event or message may hold. */
  readonly secrets: readonly string[];
  /** Credentials of S3, and what else its client takes from the environment. */
  readonly s3: S3Environment;
  /** For a server that takes a bearer token; null: none. Secret. */
  readonly token: string | null;
}

export interface S3Environment {
  readonly accessKeyId: string | null;
  readonly secretAccessKey: string | null;
  readonly sessionToken: string | null;
  readonly endpoint: string | null;
  readonly region: string | null;
}

export interface RemoteChoice {
  readonly cache: CacheDoc | null;
  /** --remote; null: not given. */
  readonly flag: string | null;
  /** --remote-read-only. */
  readonly readOnly: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly project: string;
}

/** Null: there is none. Reads no file and asks nobody. @throws UserError (exit 2) */
export function remoteSettings({ cache, flag, readOnly, env, project }: RemoteChoice): RemoteSettings | null {
  const named = flag ?? (env.PIPE_REMOTE || null);
  const text = named ?? cache?.remote ?? null;
  if (text === null || text === 'none') return null;
  const where = flag !== null ? '--remote' : named !== null ? 'PIPE_REMOTE' : 'cache.remote';
  const parsed = remoteUrl(text);
  if ('problem' in parsed)
    throw new UserError(`${where} ${parsed.problem}`, {
      code: exitCode.usage,
      ...(parsed.hint === undefined ? {} : { hint: parsed.hint }),
    });
  if (flag !== null && parsed.kind === 'http' && parsed.login !== null)
    throw new UserError('--remote holds a password, and every user of this machine sees arguments', {
      code: exitCode.usage,
      hint: 'give the address in the variable PIPE_REMOTE, or a token in PIPE_REMOTE_TOKEN',
    });
  const url = parsed.kind === 'folder' ? { ...parsed, path: resolve(project, parsed.path) } : parsed;
  const signingKey = cache?.sign ? env[cache.sign] || null : null;
  const unsigned = cache?.sign && signingKey === null;
  const s3: S3Environment = {
    accessKeyId: env.AWS_ACCESS_KEY_ID || null,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY || null,
    sessionToken: env.AWS_SESSION_TOKEN || null,
    endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || null,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || null,
  };
  const token = env.PIPE_REMOTE_TOKEN || null;
  const login = url.kind === 'http' ? url.login : null;
  const secrets = [
    signingKey,
    s3.secretAccessKey,
    s3.sessionToken,
    token,
    login,
    login?.split(':').slice(1).join(':'),
  ];
  return {
    url,
    name: (named === null ? cache?.name : null) ?? url.name,
    readOnly: readOnly || cache?.mode === 'read' || Boolean(unsigned),
    whyReadOnly: unsigned ? `${cache.sign}, which \`cache.sign\` names, is not set` : null,
    trust: cache?.trust ?? [],
    signingKey,
    secrets: secrets.filter((one) => typeof one === 'string' && one.length > 0) as readonly string[],
    s3,
    token,
  };
}
