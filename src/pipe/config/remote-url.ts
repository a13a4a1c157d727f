/** Where a shared cache is: a folder, a server that speaks HTTP, or a bucket; from the text of a file, a flag or a variable. */

export type RemoteUrl =
  /** `path` is absolute, or relative to the project. */
  | { readonly kind: 'folder'; readonly path: string; readonly name: string }
  | {
      readonly kind: 'http';
      /** Without user, password, query and a slash at its end. */
      readonly url: string;
      /** `user:password`; null: none was given. Secret. */
      readonly login: string | null;
      readonly name: string;
    }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without slashes around it; may be empty. */
      readonly prefix: string;
      /** Null: what the environment says, else Amazon's. */
      readonly endpoint: string | null;
      readonly region: string | null;
      readonly name: string;
    };

export interface NoRemoteUrl {
  readonly problem: string;
  readonly hint?: string;
}

const s3Parameters = ['endpoint', 'region'];

/** `https://HOST/PATH`, `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`, `file:///PATH`, or a path. */
export function remoteUrl(text: string): RemoteUrl | NoRemoteUrl {
  if (text.trim() === '' || text.includes('\0')) return { problem: 'names no place' };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return folder(text);
  if (!['http', 'https', 's3', 'file'].includes(scheme))
    return {
      problem: `starts with \`${scheme}://\`, which pipe does not speak`,
      hint: 'use https://, http://, s3:// or a path',
    };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'is no valid address' };
  }
  if (scheme === 's3') return bucket(url);
  if (scheme === 'file')
    return url.host === ''
      ? folder(decodeURIComponent(url.pathname))
      : { problem: 'names a host', hint: 'write file:///PATH' };
  if (url.search !== '' || url.hash !== '')
    return { problem: 'has a query', hint: 'leave out what follows the path' };
  const login = decodedLogin(url);
  const name = url.host;
  return { kind: 'http', url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, login, name };
}

function folder(path: string): RemoteUrl {
  const name = path.split('/').findLast((part) => part !== '' && part !== '.' && part !== '..') ?? path;
  return { kind: 'folder', path, name };
}

function decodedLogin({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
}

function bucket(url: URL): RemoteUrl | NoRemoteUrl {
  if (url.username !== '' || url.password !== '' || url.port !== '')
    return {
      problem: 'holds more than a bucket and a prefix',
      hint: 'credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    };
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) return { problem: 'names no valid bucket' };
  const unknown = [...url.searchParams.keys()].find((name) => !s3Parameters.includes(name));
  if (unknown !== undefined)
    return { problem: `has a parameter \`${unknown}\``, hint: 'it may have `endpoint` and `region`' };
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\/[^/@?#]+\/?$/.test(endpoint))
    return {
      problem: 'has an `endpoint` that is no address of a server',
      hint: 'write endpoint=https://HOST',
    };
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  if (prefix.split('/').some((part) => part === '..' || part === '.'))
    return { problem: 'has a prefix with `.` or `..`' };
  return {
    kind: 's3',
    bucket: url.hostname,
    prefix,
    endpoint: endpoint?.replace(/\/$/, '') ?? null,
    region: url.searchParams.get('region'),
    name: url.hostname,
  };
}
