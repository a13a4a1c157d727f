/** Claims: the language, and that a verdict needs data, seeds, scale and an interval on its side. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBenchCsv } from '../../../src/nas/benchmark/csv.ts';
import { judgeClaims, type RunScale } from '../../../src/nas/claims/claims.ts';
import { evaluateExpression, parseExpression } from '../../../src/nas/claims/expression.ts';
import { claimsJunit } from '../../../src/nas/claims/junit.ts';
import { ClaimsFileError, readClaims } from '../../../src/nas/claims/read.ts';
import { fromCode, spaceSize, toDigits } from '../../../src/nas/space/architecture.ts';
import type { SummaryRow } from '../../../src/nas/study/aggregate.ts';
import { realTable } from '../../kit/real-data.ts';

const paperScale: RunScale = {
  channels: 32,
  cellsPerStage: 2,
  side: 32,
  epochs: 250,
  trainImages: 45_000,
  embedded: false,
  planned: 5,
};
/** Every architecture, so that the benchmark counts as whole. */
const bench = Array.from({ length: spaceSize }, (_, index) => ({
  index,
  ops: toDigits(fromCode(index)),
  accuracy: index / 200,
}));

/** Seeds of S/all whose A_10 … A_500 rise or fall. */
function network(seed: string, slope: number, space = 'all'): SummaryRow[] {
  return ['10', '25', '50', '150', '250', '500', 'random'].map((group, i) => ({
    size: 'S',
    space,
    method: 'baseline',
    seed,
    group,
    architectures: group === 'random' ? 1000 : Number(group),
    predicted: 50 + slope * i,
    benchmark: 90,
    tauA: 0.2,
    tauB: 0.2,
    spearman: 0.3,
    pearson: null,
  }));
}

function judge(
  part: { effect: string; supported: string; contradicted: string },
  summary: SummaryRow[],
  scale = paperScale,
) {
  const file = {
    seeds: 3,
    scale: { support: { epochs: 15 }, contradict: { epochs: 100 } },
    claims: [
      { id: '1', statement: 's', source: 'section', paper: 'p', parts: [{ what: 'the effect', ...part }] },
    ],
  };
  return judgeClaims(readClaims(JSON.stringify(file), 'claims.yaml'), { summary, bench }, scale)[0]!;
}

const falls = { effect: "tau_a('S/all')", supported: '<= -0.6', contradicted: '>= 0' };
const three = (slope: number) => ['0', '1', '2'].flatMap((seed) => network(seed, slope));

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

describe('what is wrong in claims.yaml is reported with its place and the next step', () => {
  const right = `seeds: 3
scale: { support: {}, contradict: {} }
claims:
  - id: "1"
    statement: s
    source: section
    paper: p
    parts:
      - what: w
        effect: tau_a('S/all')
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
      /^claims\.yaml:7:5: .+; (look at brackets|close what is open)/,
    ],
    ['a key twice', 'paper: p', 'source: p', /(^|\n)claims\.yaml:7:5: `source` is here twice; remove one/],
    [
      'an unknown key',
      'effect: tau',
      'efect: 1\n        effect: tau',
      'claims.yaml:10:9: `claims.0.parts.0` of the file has no key `efect`; did you mean `effect`?',
    ],
    [
      'a number for a text',
      'id: "1"',
      'id: 1',
      'claims.yaml:4:9: `claims.0.id` of the file: expected text, found a number; put it in quotes',
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
      /^claims\.yaml:4:5: `claims` of the file: expected a list, found a map/,
    ],
    [
      'no bound',
      '"<= 0"',
      'below 0',
      "claims.yaml:11:20: `claims.0.parts.0.supported` of the file: 'below 0' is no bound: <, <=, > or >= and a number; " +
        'such as supported: "<= -0.6"',
    ],
    [
      'an expression that does not parse',
      "tau_a('S/all')",
      "tau_a('S/all'",
      /^claims\.yaml:10:17: `claims\.0\.parts\.0\.effect` of the file: .+ a '\)' is missing; such as effect: tau_a/,
    ],
    [
      'a function there is not, behind a result there is not',
      "tau_a('S/all')",
      "tau_a('S/all') - tua('S/all')",
      /^claims\.yaml:10:17: .+: no function tua; there are A, abs, .+; such as/,
    ],
    [
      'an argument that cannot be',
      "tau_a('S/all')",
      '1 - tau_a(2)',
      /^claims\.yaml:10:17: .+: tau_a: argument 1 must be a 'text'; such as/,
    ],
    [
      'a missing key',
      '        supported: "<= 0"\n',
      '',
      'claims.yaml:9:9: `claims.0.parts.0` of the file lacks `supported`; such as supported: "<= -0.6"',
    ],
    [
      'an empty value',
      'statement: s',
      'statement:',
      'claims.yaml:5:5: `claims.0.statement` of the file: expected text, found nothing',
    ],
    [
      'two claims of one id',
      'claims:\n',
      'claims:\n  - { id: "1", statement: s, source: s, paper: p, parts: [{ what: w, effect: "1", supported: < 0, contradicted: "> 0" }] }\n',
      'claims.yaml:5:9: line 4 has a claim `1` already; give this one an id of its own',
    ],
    ['an alias of nothing', 'source: section', 'source: *s', /^claims\.yaml:6:13: no anchor &s above/],
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
      'claims.yaml:4:9: `claims.0.id` of the file: expected text, found a number',
    ]);
  });
});

describe('verdicts', () => {
  test('an effect inside the bound with its whole interval is a verdict', () => {
    expect(judge(falls, three(-1))).toMatchObject({
      verdict: 'supported',
      effect: -1,
      interval: [-1, -1],
      n: 3,
    });
    expect(judge(falls, three(1))).toMatchObject({ verdict: 'contradicted', effect: 1 });
  });

  test('too few seeds are undecided, never contradicted', () => {
    const two = [...network('0', 1), ...network('1', 1)];
    expect(judge(falls, two)).toMatchObject({ verdict: 'undecided', n: 2, planned: 5 });
    expect(judge(falls, two).detail).toContain('2 of the 3 seeds');
  });

  test('too small a scale is undecided, never contradicted', () => {
    const small = { ...paperScale, epochs: 50 };
    expect(judge(falls, three(1), small)).toMatchObject({ verdict: 'undecided', effect: 1 });
    expect(judge(falls, three(1), small).detail).toContain(
      'against the claim, but too small to contradict: epochs 50 of 100',
    );
    expect(judge(falls, three(-1), small).verdict).toBe('supported');
    expect(judge(falls, three(-1), { ...paperScale, epochs: 10 }).verdict).toBe('undecided');
  });

  test('generated images decide nothing', () => {
    expect(judge(falls, three(-1), { ...paperScale, embedded: true }).verdict).toBe('undecided');
  });

  test('a variant that was not run leaves the claim undecided and is named', () => {
    const one = judge({ ...falls, effect: "tau_a('S/no-zero')" }, three(-1));
    expect(one).toMatchObject({ verdict: 'undecided', effect: null, interval: null, n: 0 });
    expect(one.detail).toContain('S/no-zero/baseline was not run');
  });

  test('an interval that reaches the other side leaves the claim undecided', () => {
    // Two seeds fall steeply, one rises: the mean falls, but resamples of the seeds rise.
    const mixed = [...network('0', -1), ...network('1', -1), ...network('2', 1.5)];
    const one = judge(falls, mixed);
    expect(one.effect).toBe(-1);
    expect(one.interval?.[1]).toBe(1);
    expect(one.verdict).toBe('undecided');
  });

  test('an undefined correlation is missing, not zero', () => {
    const one = judge(
      { effect: "pearson('S/all', 'random')", supported: '<= 0', contradicted: '> 0.5' },
      three(-1),
    );
    expect(one).toMatchObject({ verdict: 'undecided', effect: null });
  });

  test('τ_a is of A_N averaged over seeds, not the mean of each seed’s τ_a', () => {
    const mixed = [...network('0', -1), ...network('1', -1), ...network('2', 1.5)];
    // A_N falls on average, so τ_a is −1; the mean of −1, −1 and +1 would be −1/3.
    expect(judge(falls, mixed).effect).toBe(-1);
  });

  test('the same results give the same intervals', () => {
    const mixed = [...network('0', -1), ...network('1', 0.5), ...network('2', 1.5)];
    expect(judge(falls, mixed)).toEqual(judge(falls, mixed));
  });
});

describe('the twelve claims of the paper', () => {
  const file = readClaims(readFileSync('claims.yaml', 'utf8'), 'claims.yaml');

  test('are there, and undecided without a network', () => {
    expect(file.claims.map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, i) => String(i + 1)));
    const verdicts = judgeClaims(file, { summary: [], bench: [] }, paperScale);
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['undecided']));
    expect(verdicts.every(({ detail }) => detail.length > 0)).toBe(true);
  });

  test.skipIf(!existsSync(realTable))('the one about the benchmark is decided by the benchmark alone', () => {
    const { rows } = parseBenchCsv(readFileSync(realTable, 'utf8'), realTable);
    const real = rows
      .filter(({ dataset, split, hp }) => dataset === 'cifar10-valid' && split === 'x-valid' && hp === 200)
      .map(({ index, ops, accuracy }) => ({ index, ops, accuracy }));
    const five = judgeClaims(file, { summary: [], bench: real }, paperScale)[4]!;
    expect(five).toMatchObject({ id: '5', n: 1, planned: 1, interval: null });
    expect(five.verdict).toBe('supported');
    // Of the 3,000 positions of the top-500, 1,125 hold a conv3x3.
    expect(five.detail).toContain('over 5·N as the paper counts: 0.45 is >= 0.4');
  });

  test('JUnit: contradicted is a failure, undecided is skipped, and text is escaped', () => {
    const claims = [
      { ...judge(falls, three(1)), statement: 'a < b & "c"' },
      judge(falls, []),
      judge(falls, three(-1)),
    ];
    const xml = claimsJunit(claims);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot;');
  });
});
