/** Values of passed variables do not stay in logs. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { maskFile, maskText, secretsOf } from '../../../src/pipe/exec/mask.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pipe-mask-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('only values of passed variables that are long enough to be secrets', () => {
  const env = { set: { A: 'visible' }, keyed: ['B'], pass: ['C', 'D', 'E', 'F'] };
  const caller = { B: 'keyed', C: 'secret', D: '1', E: 'secret-long' };
  expect(secretsOf(env, caller)).toEqual(['secret-long', 'secret']);
  expect(maskText('a secret-long secret', ['secret-long', 'secret'])).toBe('a *** ***');
});

test('across pieces, quoted as JSON, and without harm to bytes that are no text', () => {
  const secret = 'pä"ss';
  const file = join(dir, 'log');
  const bytes = Buffer.concat([
    Buffer.alloc(1024 * 1024 - 3, 0xff),
    Buffer.from(secret),
    Buffer.from(JSON.stringify({ text: secret })),
    Buffer.from([0, 0x80]),
  ]);
  writeFileSync(file, bytes);
  maskFile(file, [secret]);
  expect(readFileSync(file)).toEqual(
    Buffer.concat([
      Buffer.alloc(1024 * 1024 - 3, 0xff),
      Buffer.from('***{"text":"***"}'),
      Buffer.from([0, 0x80]),
    ]),
  );
});

test('a file without secrets is not touched; one that is not there is no error', () => {
  const file = join(dir, 'log');
  writeFileSync(file, 'nothing');
  const before = statSync(file, { bigint: true }).mtimeNs;
  maskFile(file, ['secret']);
  maskFile(join(dir, 'none'), ['secret']);
  expect(statSync(file, { bigint: true }).mtimeNs).toBe(before);
});
