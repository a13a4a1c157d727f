/** The search space: three spellings of an architecture, its code, and masks. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asArchitecture,
  fromCode,
  operations,
  parseArchitecture,
  spaceSize,
  toBenchmarkString,
  toCode,
  toDigits,
} from '../../../src/nas/space/architecture.ts';
import { allows, available } from '../../../src/nas/space/mask.ts';
import { realTable } from '../../kit/real-data.ts';

const everyArchitecture = Array.from({ length: spaceSize }, (_, code) => fromCode(code));
const architecture = fc.integer({ min: 0, max: spaceSize - 1 }).map(fromCode);
const mask = fc.subarray([...operations], { maxLength: 4 });

describe('an architecture', () => {
  test('comes back from its string, its digits and its code', () => {
    fc.assert(
      fc.property(architecture, (one) => {
        expect(parseArchitecture(toBenchmarkString(one))).toEqual(one);
        expect(parseArchitecture(toDigits(one))).toEqual(one);
        expect(fromCode(toCode(one))).toEqual(one);
      }),
    );
  });

  test('is written as NAS-Bench-201 writes it', () => {
    const first =
      '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|';
    expect(toDigits(parseArchitecture(first))).toBe('421211');
    expect(toBenchmarkString(asArchitecture([4, 2, 1, 2, 1, 1]))).toBe(first);
  });

  test.skipIf(!existsSync(realTable))(
    'index 0 of the benchmark is that one, and all 15,625 are there once',
    () => {
      const digits = readFileSync(realTable, 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]!);
      expect(digits[0]).toBe('421211');
      expect(new Set(digits)).toEqual(new Set(everyArchitecture.map(toDigits)));
    },
  );

  test.each([
    ['|none~0|', /neither six digits/],
    ['01234', /neither six digits/],
    ['012345', /neither six digits/],
    [
      '|none~0|+|none~0|none~1|+|none~0|none~1|conv~2|',
      /'conv' in .* is no operation: use none, skip_connect/,
    ],
    ['|none~0|+|none~1|none~1|+|none~0|none~1|none~2|', /'none~1' in .* must come from node 0/],
  ])('%s is refused with a reason', (text, message) => {
    expect(() => parseArchitecture(text)).toThrow(message);
  });

  test('is six ids from 0 to 4 and nothing else', () => {
    for (const ids of [[], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 5], [0, 0, 0, 0, 0, 0.5]])
      expect(() => asArchitecture(ids)).toThrow(RangeError);
    for (const code of [-1, spaceSize, 0.5]) expect(() => fromCode(code)).toThrow(RangeError);
  });
});

describe('a mask', () => {
  test('leaves |O|^6 architectures, none of which uses a masked operation', () => {
    fc.assert(
      fc.property(mask, (masked) => {
        const left = everyArchitecture.filter((one) => allows(masked, one));
        const ids = available(masked);
        expect(left).toHaveLength(ids.length ** 6);
        expect(left.every((one) => one.every((id) => ids.includes(id)))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('of two operations leaves 729: the space that the paper evaluates whole', () => {
    expect(everyArchitecture.filter((one) => allows(['zero', 'pool'], one))).toHaveLength(729);
  });

  test('must leave something, and names what it does not know', () => {
    expect(() => available([...operations])).toThrow(/leaves no operation/);
    expect(() => available(['conv5x5'])).toThrow(/'conv5x5' is no operation to mask: use zero, skip/);
  });
});
