import { expect, test } from 'vitest';
import { bytesText, durationText, numberText, signedText, timeText } from '../../src/lib/format.ts';

test.each([
  [0, undefined, '0'],
  [-0.0001, 2, '0.00'],
  [-0.6, undefined, '−0.6'],
  [0.14849, undefined, '0.1485'],
  [15_625, undefined, '15 625'],
  [2020, undefined, '2020'],
  [1_234_567.891, 1, '1 234 567.9'],
  [12_345.678, undefined, '12 346'],
  [3e-7, undefined, '3.000e-7'],
  [null, undefined, '–'],
  [Number.NaN, 2, '–'],
])('%s with %s digits is %s', (value, digits, text) => {
  expect(numberText(value, digits)).toBe(text);
});

test('a sign is always there where a difference is meant', () => {
  expect([0.5, -0.5, 0, null].map((value) => signedText(value, 1))).toEqual(['+0.5', '−0.5', '+0.0', '–']);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [9_940, '9.9 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [3_599_800, '1 h 00 min'],
  [172_800_000, '2 d 0 h'],
  [null, '–'],
])('%s ms read as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test('sizes and times', () => {
  expect([0, 1023, 1024, 5 * 1024 ** 3].map(bytesText)).toEqual(['0 B', '1023 B', '1 KiB', '5 GiB']);
  expect(timeText('2026-11-24T12:10:05.114Z')).toBe('2026-11-24 12:10:05 UTC');
});
