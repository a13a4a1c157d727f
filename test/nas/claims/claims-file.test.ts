/** What is wrong in claims.yaml is reported with its place and the next step. */
import { describe, expect, test } from 'vitest';
import { ClaimsFileError, readClaims } from '../../../src/nas/claims/read.ts';

describe('what is wrong in claims.yaml is reported with its place and the next step', () => {
  const right = `seeds: 3
level: 0.05
scale: {}
paper: {}
claims:
  - id: "1"
    statement: s
    source: section
    paper: p
    parts:
      - what: w
        effect: slope('S/all')
        supported: "<= 0"
        contradicted: "> 0"
`;
  const messageOf = (text: string): string => {
    try {
      readClaims(text, 'claims.yaml');
    } catch (error) {
      if (error instanceof ClaimsFileError) return error.message;
      throw error;
    }
    return 'nothing';
  };

  test('nothing is', () => {
    expect(messageOf(right)).toBe('nothing');
  });

  test.each([
    [
      'YAML syntax',
      'source: section',
      'source: [section',
      /^claims\.yaml:9:5: .+; (look at brackets|close what is open)/,
    ],
    ['a key twice', 'paper: p', 'source: p', /(^|\n)claims\.yaml:9:5: `source` is here twice; remove one/],
    [
      'an unknown key',
      'effect: slope',
      'efect: 1\n        effect: slope',
      'claims.yaml:12:9: `claims.0.parts.0` of the file has no key `efect`; did you mean `effect`?',
    ],
    [
      'a number for a text',
      'id: "1"',
      'id: 1',
      'claims.yaml:6:9: `claims.0.id` of the file: expected text, found a number; put it in quotes',
    ],
    [
      'a text for a number',
      'seeds: 3',
      'seeds: three',
      'claims.yaml:1:8: `seeds` of the file: expected a number, found text; such as seeds: 3',
    ],
    [
      'a map for a list',
      'claims:\n  - id',
      'claims:\n    id',
      /^claims\.yaml:6:5: `claims` of the file: expected a list, found a map/,
    ],
    [
      'no bound',
      '"<= 0"',
      'below 0',
      "claims.yaml:13:20: `claims.0.parts.0.supported` of the file: 'below 0' is no bound: <, <=, >, >=, within or beyond, and a number (above 0 for the last two); " +
        'such as supported: "< 0"',
    ],
    [
      'an expression that does not parse',
      "slope('S/all')",
      "slope('S/all'",
      /^claims\.yaml:12:17: `claims\.0\.parts\.0\.effect` of the file: .+ a '\)' is missing; such as effect: slope/,
    ],
    [
      'a function there is not, behind a result there is not',
      "slope('S/all')",
      "slope('S/all') - tua('S/all')",
      /^claims\.yaml:12:17: .+: no function tua; there are A, agreement, .+; such as/,
    ],
    [
      'an argument that cannot be',
      "slope('S/all')",
      '1 - slope(2)',
      /^claims\.yaml:12:17: .+: slope: argument 1 must be a 'text'; such as/,
    ],
    [
      'a missing key',
      '        supported: "<= 0"\n',
      '',
      'claims.yaml:11:9: `claims.0.parts.0` of the file lacks `supported`; such as supported: "< 0"',
    ],
    [
      'an empty value',
      'statement: s',
      'statement:',
      'claims.yaml:7:5: `claims.0.statement` of the file: expected text, found nothing',
    ],
    [
      'two claims of one id',
      'claims:\n',
      'claims:\n  - { id: "1", statement: s, source: s, paper: p, parts: [{ what: w, effect: "1", supported: < 0, contradicted: "> 0" }] }\n',
      'claims.yaml:7:9: line 6 has a claim `1` already; give this one an id of its own',
    ],
    ['an alias of nothing', 'source: section', 'source: *s', /^claims\.yaml:8:13: no anchor &s above/],
  ])('%s', (_, from, to, message) => {
    const told = messageOf(right.replace(from, to));
    if (typeof message === 'string') expect(told).toBe(message);
    else expect(told).toMatch(message);
  });

  test('an empty file', () => {
    expect(messageOf('')).toBe(
      'claims.yaml:1:1: the file holds nothing; start with `seeds`, `scale` and `claims`',
    );
  });

  test('every mistake at once, in the order of the file', () => {
    const told = messageOf(right.replace('id: "1"', 'id: 1').replace('seeds: 3', 'seed: 3'));
    expect(told.split('\n').map((line) => line.split(';')[0])).toEqual([
      'claims.yaml:1:1: the file has no key `seed`',
      'claims.yaml:6:9: `claims.0.id` of the file: expected text, found a number',
    ]);
  });
});
