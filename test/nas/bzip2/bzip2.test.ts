/** The decoder against the bzip2 program, on texts of every kind and size, several streams and broken ones. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BenchFormatError } from '../../../src/lib/format-error.ts';
import { decompress } from '../../../src/nas/bzip2/bzip2.ts';

const hasBzip2 = (() => {
  try {
    execFileSync('bzip2', ['--help'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const pack = (text: Uint8Array, level = 9): Uint8Array =>
  new Uint8Array(execFileSync('bzip2', [`-${level}`, '-c'], { input: text, maxBuffer: 2 ** 28 }));

/** Bytes without a pattern, the same each time. */
function randomBytes(length: number, seed: number, below = 256): Uint8Array {
  const bytes = createHash('shake256', { outputLength: length }).update(`${seed}`).digest();
  return Uint8Array.from(bytes, (byte) => byte % below);
}

const texts: Record<string, Uint8Array> = {
  empty: new Uint8Array(0),
  'one byte': Uint8Array.of(7),
  'random, over two blocks': randomBytes(1_200_000, 1),
  'two symbols': randomBytes(50_000, 2, 2),
  // Their chains are several circles, of which the origin is on one.
  'two bytes in turn': Uint8Array.from({ length: 40_000 }, (_, i) => i % 2),
  'a period of 300': Uint8Array.from({ length: 90_000 }, (_, i) => ((i % 300) * 7919) & 255),
  'a period of 1 after the run lengths': new Uint8Array(259 * 400),
  'all bytes in order': Uint8Array.from({ length: 5120 }, (_, i) => i & 255),
  'one run over three blocks of a level': new Uint8Array(60_000_000).fill(65),
};
// Around the places where the chain is entered.
for (const length of [2, 511, 512, 513, 1024, 1025, 4095, 4096, 4097, 4609, 900_000]) {
  texts[`random, ${length}`] = randomBytes(length, length);
}
// Runs of every length around those that the first run-length code treats apart, at every place in a word.
for (let pad = 0; pad < 8; pad++) {
  texts[`runs, shifted by ${pad}`] = Uint8Array.from(
    [...randomBytes(pad, 3)].concat(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255, 256, 258, 259, 260, 511, 519].flatMap((n, i) =>
        Array(n).fill(i + 1),
      ),
    ),
  );
}

describe.skipIf(!hasBzip2)('bzip2 (skipped without the bzip2 program)', () => {
  for (const [name, text] of Object.entries(texts)) {
    test(`unpacks what bzip2 packs: ${name}`, () => {
      for (const level of text.length > 1_000_000 ? [9] : [1, 9]) {
        expect(Buffer.compare(decompress(pack(text, level)), text)).toBe(0);
      }
    });
  }

  test('several streams one after the other are one text', () => {
    const parts = [randomBytes(3000, 4), new Uint8Array(0), randomBytes(250_000, 5, 30)];
    const packed = Buffer.concat(parts.map((part) => pack(part, 1)));
    expect(Buffer.compare(decompress(packed), Buffer.concat(parts))).toBe(0);
  });

  test('files one after the other do not disturb each other, nor does a broken one', () => {
    const all = Array.from({ length: 21 }, (_, i) => randomBytes(1 + i * i * 911, i + 1, 5 + i));
    for (const [i, text] of all.entries()) {
      const packed = pack(text, 1);
      expect(Buffer.compare(decompress(packed), text)).toBe(0);
      if (i !== 7) continue;
      packed[40]! ^= 255;
      expect(() => decompress(packed)).toThrow(BenchFormatError);
    }
  });

  test('every cut and what follows the end are refused', () => {
    const packed = pack(randomBytes(200, 6, 9));
    for (let length = 0; length < packed.length; length++) {
      expect(() => decompress(packed.subarray(0, length))).toThrow(BenchFormatError);
    }
    expect(() => decompress(Buffer.concat([packed, Buffer.from('more')]))).toThrow(
      `rubbish after the end of a bzip2 stream (at byte ${packed.length})`,
    );
  });

  test('a randomised block is refused by name', () => {
    const packed = pack(randomBytes(200, 7));
    // The bit behind the block's magic number and checksum.
    packed[14]! |= 0x80;
    expect(() => decompress(packed)).toThrow('a randomised block');
  });

  test('a small file that unpacks to more than the limit is refused', () => {
    const bomb = pack(new Uint8Array(40_000_000));
    expect(bomb.length).toBeLessThan(1000);
    expect(() => decompress(bomb, 1_000_000)).toThrow('unpacks to more than the limit');
  });
});
