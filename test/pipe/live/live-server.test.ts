/** What the live page's server answers, and what it must refuse. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cellOf, key, OtherRun } from '../../kit/other-run.ts';

let other: OtherRun;
let address: string;
beforeEach(async () => {
  other = new OtherRun();
  address = await other.server.listen(0);
});
afterEach(() => other.close());

describe('the live page serves whoever has its address, on this machine, and changes nothing', () => {
  const ask = (path: string, options: { readonly method?: string; readonly host?: string } = {}) =>
    new Promise<{ status: number; text: string; headers: Readonly<Record<string, unknown>> }>(
      (resolve, reject) => {
        const { port, host } = new URL(address);
        const asked = request(
          {
            port,
            host: '127.0.0.1',
            path,
            method: options.method ?? 'GET',
            headers: { host: options.host ?? host },
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (part: string) => {
              text += part;
            });
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
            );
          },
        );
        asked.on('error', reject).end();
      },
    );
  const home = () => new URL(address).pathname;

  test('without the token, or with a wrong one, nothing is told', async () => {
    for (const path of ['/', '/x/', `${home().slice(0, -2)}/`, `/${'a'.repeat(32)}/events`])
      expect(await ask(path)).toMatchObject({ status: 403, text: expect.not.stringContaining('Many cells') });
    expect(await ask(home())).toMatchObject({ status: 200, text: expect.stringContaining('Many cells') });
  });

  test('under another name than its own it answers nobody: a name bound to this address reaches nothing', async () => {
    for (const host of ['evil.example', `evil.example:${new URL(address).port}`, '127.0.0.1:1'])
      expect((await ask(home(), { host })).status).toBe(403);
    expect((await ask(home(), { host: `localhost:${new URL(address).port}` })).status).toBe(200);
  });

  test('it is read only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect((await ask(home(), { method })).status).toBe(405);
  });

  test('a log outside the folder of runs is not shown, whatever a record says', async () => {
    writeFileSync(join(other.dir, 'secret.txt'), 'secret');
    other.begin(3);
    for (const [i, log] of ['secret.txt', 'cache/runs/../../secret.txt', '/etc/passwd'].entries()) {
      other.say({ type: 'cell-started', cell: cellOf(i), key, attempt: 1, gpus: [], pid: null, log });
      expect((await ask(`${home()}log?cell=${encodeURIComponent(cellOf(i))}`)).status).toBe(404);
    }
  });

  test('no other page may frame it, and nothing is kept', async () => {
    const { headers, text } = await ask(home());
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(text).toMatch(
      /default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self';/,
    );
  });
});
