/** The language of claims: what an expression means, and what is refused. */
import { describe, expect, test } from 'vitest';
import { evaluateExpression, parseExpression } from '../../../src/nas/claims/expression.ts';

describe('the language', () => {
  test.each([
    ['1 + 2 * 3 - 4 / 2', 5],
    ['-(1 - 3) * 2', 4],
    ['2 - 3 - 4', -5],
    ['max(1, twice(3), min(9, 8))', 8],
  ])('%s is %d', (text, value) => {
    const functions = {
      twice: ([x]: readonly (number | string)[]) => 2 * Number(x),
      max: (args: readonly (number | string)[]) => Math.max(...args.map(Number)),
      min: (args: readonly (number | string)[]) => Math.min(...args.map(Number)),
    };
    expect(evaluateExpression(parseExpression(text), functions)).toBe(value);
  });

  test.each([
    ['1 +', /ends too early/],
    ['f(1', /'\)' is missing/],
    ['1 2', /'2' is out of place/],
    ['1 ~ 2', /cannot read on at '~ 2'/],
  ])('%s is refused with the place', (text, message) => {
    expect(() => parseExpression(text)).toThrow(message);
  });

  test('an unknown function is named with those there are', () => {
    expect(() => evaluateExpression(parseExpression('tua(1)'), { tau: () => 1 })).toThrow(
      /no function tua; there are tau/,
    );
  });
});
