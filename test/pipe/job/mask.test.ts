/** Values of passed variables stay in nothing that outlives an attempt. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Masker, secretsOf } from '../../../src/pipe/job/mask.ts';

test('only values of passed variables that are long enough to be secrets', () => {
  const env = { set: { A: 'visible' }, keyed: ['B'], pass: ['C', 'D', 'E', 'F'] };
  const caller = { B: 'keyed', C: 'secret', D: '1', E: 'secret-long' };
  expect(secretsOf(env, caller)).toEqual(['secret', 'secret-long']);
  expect(new Masker(['secret', 'secret-long']).text('a secret-long secret')).toBe('a *** ***');
});

test('a secret of several lines is hidden line by line too', () => {
  const masker = new Masker(['-----BEGIN-----\nabcdef123\n\nxyz789ghi\n-----END-----']);
  expect(masker.text('1: abcdef123\n2: xyz789ghi')).toBe('1: ***\n2: ***');
});

test('a secret is hidden in base64 at any place, in an address and in JSON', () => {
  const secret = 'pa"ss w/ö?rd';
  const masker = new Masker([secret]);
  for (const before of ['', 'a', 'ab', 'user:'])
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${before}${secret}${'z'.repeat(before.length)}`).toString(encoding);
      expect(masker.text(text)).toContain('***');
    }
  expect(masker.text(`https://x/?t=${encodeURIComponent(secret)}`)).toBe('https://x/?t=***');
  expect(masker.text(JSON.stringify({ a: secret }))).toBe('{"a":"***"}');
  expect(masker.json({ a: [secret], [secret]: 1, kept: secret }, new Set(['kept']))).toEqual({
    a: ['***'],
    '***': 1,
    kept: secret,
  });
});

test('a stream is masked however it is cut, and other bytes come through as they are', () => {
  const secret = 'sec\nret-ü';
  const masker = new Masker([secret]);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(Buffer.from(secret)), fc.uint8Array({ maxLength: 5 }).map(Buffer.from))),
      fc.array(fc.nat(30)),
      (parts, cuts) => {
        const all = Buffer.concat(parts);
        const stream = masker.stream();
        const out: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          out.push(stream.push(all.subarray(from, from + cut)));
          from += cut;
        }
        out.push(stream.push(all.subarray(Math.min(from, all.length))), stream.end());
        const expected = all.toString('latin1').replaceAll(Buffer.from(secret).toString('latin1'), '***');
        const text = Buffer.concat(out).toString('latin1');
        // Lines of a secret are forms of their own; without them nothing but the secret is touched.
        if (!expected.includes('ret-')) expect(text).toBe(expected);
        expect(text).not.toContain(Buffer.from(secret).toString('latin1'));
      },
    ),
  );
});
