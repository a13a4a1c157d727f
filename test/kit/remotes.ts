/** Real remotes for tests: nginx with WebDAV, an S3 server, a folder. Each lies in a throw-away folder and ends with its test. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TestRemote {
  /** What PIPE_REMOTE takes. */
  readonly url: string;
  /** What else the command needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the server keeps what it has; absolute. */
  readonly data: string;
  stop(): Promise<void>;
}

const paths = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'];

/** The program, if it is here and can take PUT; null: it is not, and `why` says what is missing. */
export function nginxHere(): { readonly program: string } | { readonly why: string } {
  for (const program of ['nginx', ...paths]) {
    const { stderr, status } = spawnSync(program, ['-V'], { encoding: 'utf8' });
    if (status !== 0) continue;
    return stderr.includes('http_dav_module') ? { program } : { why: 'the nginx here has no WebDAV module' };
  }
  return { why: 'there is no nginx here (apt-get install nginx-light)' };
}

/** @throws Error where `nginxHere` finds none */
export async function startNginx(): Promise<TestRemote> {
  const here = nginxHere();
  if ('why' in here) throw new Error(here.why);
  const folder = mkdtempSync(join(tmpdir(), 'pipe-nginx-'));
  const data = join(folder, 'data');
  for (const name of ['data', 'body']) mkdirSync(join(folder, name));
  // Root starts it, and its workers are another user.
  for (const path of [folder, data, join(folder, 'body')]) chmodSync(path, 0o777);
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), nginxConf(folder, port));
  const child = spawn(here.program, ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'ignore',
  });
  await answers(`http://127.0.0.1:${port}/`);
  return {
    url: `http://127.0.0.1:${port}`,
    env: {},
    data,
    stop: async () => {
      const closed = once(child, 'close');
      child.kill('SIGQUIT');
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the how-to page has it, in the foreground and in one folder. */
function nginxConf(folder: string, port: number): string {
  const temp = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 512; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  ${temp.join(' ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/data;
    location / {
      dav_methods PUT;
      create_full_put_path on;
    }
  }
}
`;
}

const bucket = 'pipe-test';

/** In a process of its own: a test that waits for a command would keep it from answering. */
const s3Server = `
import S3rver from 's3rver';
const [, directory, bucket] = process.argv;
const options = { port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket, configs: [] }] };
const { port } = await new S3rver(options).run();
console.log(port);
`;

/** s3rver, which checks signatures as Amazon does. Its credentials are public. */
export async function startS3(): Promise<TestRemote> {
  const data = mkdtempSync(join(tmpdir(), 'pipe-s3-'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', s3Server, data, bucket], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return {
    url: `s3://${bucket}/shared/cache?endpoint=http://127.0.0.1:${String(line).trim()}`,
    env: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    data,
    stop: async () => {
      const closed = once(child, 'close');
      child.kill();
      await closed;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export async function startFolder(): Promise<TestRemote> {
  const data = mkdtempSync(join(tmpdir(), 'pipe-shared-'));
  return { url: data, env: {}, data, stop: async () => rmSync(data, { recursive: true, force: true }) };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      await fetch(url);
      return;
    } catch {
      await sleep(25);
    }
  }
  throw new Error(`${url} does not answer`);
}
