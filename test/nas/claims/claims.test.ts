/**
 * Claims: the language, and that a verdict needs data, seeds, scale and an interval on its side.
 * Long because it has a test per rule on claims.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBenchCsv } from '../../../src/nas/benchmark/csv.ts';
import { judgeClaims } from '../../../src/nas/claims/claims.ts';
import { evaluateExpression, parseExpression } from '../../../src/nas/claims/expression.ts';
import type { RunScale } from '../../../src/nas/claims/form.ts';
import { BenchmarkFacts } from '../../../src/nas/claims/functions.ts';
import { claimsJunit } from '../../../src/nas/claims/junit.ts';
import { powerOf } from '../../../src/nas/claims/power.ts';
import { ClaimsFileError, readClaims } from '../../../src/nas/claims/read.ts';
import { Random } from '../../../src/nas/data/random.ts';
import { fromCode, spaceSize, toDigits } from '../../../src/nas/space/architecture.ts';
import type { NetworkPredictions } from '../../../src/nas/study/aggregate.ts';
import type { PredictionRow } from '../../../src/nas/tables.ts';
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

const everything = new BenchmarkFacts(bench, new Map());

/** A network of `S/SPACE` whose prediction of the r-th best is 50 + slope · log10 r, and some noise of its own. */
function network(seed: string, slope: number, space = 'all', noise = 0.5): NetworkPredictions {
  const random = Random.stream(Number(seed), `network ${space} ${slope}`);
  const rows = Array.from({ length: 500 + 200 }, (_, i): PredictionRow => {
    const isTop = i < 500;
    return {
      index: i * 20,
      ops: '000000',
      group: isTop ? 'top' : 'random',
      sampled: !isTop,
      rank: isTop ? i + 1 : null,
      predicted: 50 + (isTop ? slope * Math.log10(i + 1) : 0) + noise * random.normal(),
      benchmark: 95 - i / 100,
    };
  });
  return { axes: { size: 'S', space, method: 'baseline', seed }, rows };
}

type PartForm = Record<string, string>;
function fileOf(parts: readonly PartForm[], claims = 1) {
  const form = {
    seeds: 3,
    level: 0.05,
    scale: { channels: 8, epochs: 15 },
    paper: { channels: 32, cellsPerStage: 2, side: 32, epochs: 250, trainImages: 45_000 },
    claims: Array.from({ length: claims }, (_, i) => ({
      id: String(i + 1),
      statement: 's',
      source: 'section',
      paper: 'p',
      parts: parts.map((part) => ({ what: 'the effect', ...part })),
    })),
  };
  return readClaims(JSON.stringify(form), 'claims.yaml');
}

function judge(part: PartForm, networks: readonly NetworkPredictions[], scale = paperScale) {
  return judgeClaims(fileOf([part]), { networks, benchmark: everything, scale })[0]!;
}

const falls = { effect: "slope('S/all')", supported: '< 0', contradicted: '> 0' };
const five = (slope: number, space = 'all') =>
  ['0', '1', '2', '3', '4'].map((seed) => network(seed, slope, space));

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

describe('verdicts', () => {
  test('an effect whose whole interval lies in its region is a verdict', () => {
    expect(judge(falls, five(-2))).toMatchObject({ verdict: 'supported', n: 5 });
    expect(judge(falls, five(2))).toMatchObject({ verdict: 'contradicted', n: 5 });
    expect(judge(falls, five(-2)).effect).toBeCloseTo(-2, 0);
  });

  test('an interval that reaches out of the region leaves the claim undecided', () => {
    const mixed = [network('0', -2), network('1', -1.5), network('2', 1.5)];
    const one = judge(falls, mixed);
    expect(one.effect).toBeLessThan(0);
    expect(one.interval![1]).toBeGreaterThan(0);
    expect(one.verdict).toBe('undecided');
  });

  test('no effect that matters takes an interval inside the margin, not one that merely reaches zero', () => {
    const within = { effect: "slope('S/all')", supported: 'within 1', contradicted: 'beyond 1' };
    expect(judge(within, five(0.1)).verdict).toBe('supported');
    expect(judge(within, five(3)).verdict).toBe('contradicted');
    const wide = [network('0', -3), network('1', 0), network('2', 3)];
    expect(judge(within, wide).effect).toBeCloseTo(0, 0);
    expect(judge(within, wide).verdict).toBe('undecided');
  });

  test('a difference is of the same seeds: what they share falls out', () => {
    const difference = {
      effect: "slope('S/no-zero') - slope('S/all')",
      supported: '< 0',
      contradicted: '> 0',
    };
    // Seeds differ by far more than the spaces do.
    const slopes = [-6, -3, 0, 3, 6];
    const pairs = slopes.flatMap((slope, seed) => [
      network(String(seed), slope),
      network(String(seed), slope - 1, 'no-zero'),
    ]);
    expect(judge(difference, pairs)).toMatchObject({ verdict: 'supported', n: 5 });
    const apart = pairs.map((one, i) => ({ ...one, axes: { ...one.axes, seed: String(i) } }));
    expect(judge(difference, apart).verdict).toBe('undecided');
    expect(judge(difference, apart).detail).toContain('have no seed in common');
  });

  test('architectures are uncertain as well: with few of them the interval is wider than the seeds make it', () => {
    const random = { effect: "A('S/all', 10)", supported: '< 50', contradicted: '> 60' };
    const noisy = ['0', '1', '2'].map((seed) => {
      const one = network(seed, 0, 'all', 0);
      // The same peculiarity of each architecture in every seed: seeds agree, architectures do not.
      return {
        ...one,
        rows: one.rows.map((row) => ({ ...row, predicted: row.predicted + (row.index % 7) })),
      };
    });
    const [low, high] = judge(random, noisy).interval!;
    expect(high - low).toBeGreaterThan(1);
  });

  test('a claim of several parts is contradicted by one only after correction for their number', () => {
    const seeds = [0.5, 1, 1.2, 1.8].map((slope, seed) => network(String(seed), slope));
    const single = judgeClaims(fileOf([falls]), {
      networks: seeds,
      benchmark: everything,
      scale: paperScale,
    });
    expect(single[0]!.verdict).toBe('contradicted');
    const many = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? falls : { ...falls, effect: `slope('S/all') * ${i % 2 === 0 ? 1 : -1}` },
    );
    const corrected = judgeClaims(fileOf(many), {
      networks: seeds,
      benchmark: everything,
      scale: paperScale,
    });
    expect(corrected[0]!.verdict).toBe('undecided');
  });

  test('`every` needs all variants, `some` one, and `$` stands for each', () => {
    const networks = [...five(-2, 'no-zero'), ...five(2, 'no-pool')];
    const part = { effect: "slope('$')", supported: '< 0', contradicted: '> 0' };
    expect(judge({ ...part, every: 'S/*' }, networks).verdict).toBe('contradicted');
    expect(judge({ ...part, some: 'S/*' }, networks).verdict).toBe('supported');
    expect(judge({ ...part, some: 'S/*' }, networks).detail).toContain('(S/no-zero)');
    expect(judge({ ...part, some: 'M/*' }, networks).detail).toContain('no variant like M/* was run');
  });

  test('too few seeds, too small a scale either way, or generated images: no verdict', () => {
    const two = five(2).slice(0, 2);
    expect(judge(falls, two)).toMatchObject({ verdict: 'undecided', n: 2, planned: 5 });
    expect(judge(falls, two).detail).toContain('2 of the 3 seeds');
    for (const slope of [-2, 2])
      expect(judge(falls, five(slope), { ...paperScale, epochs: 10 }).detail).toContain('epochs 10 of 15');
    expect(judge(falls, five(-2), { ...paperScale, embedded: true }).verdict).toBe('undecided');
  });

  test('a verdict at a smaller scale than the paper’s says so', () => {
    const small = judge(falls, five(-2), { ...paperScale, epochs: 50 });
    expect(small.verdict).toBe('supported');
    expect(small.scale).toContain('; the paper: 32 channels, 2 cells per stage, 250 epochs');
    expect(judge(falls, five(-2)).scale).not.toContain('the paper');
  });

  test('a variant that was not run leaves the claim undecided and is named', () => {
    const one = judge({ ...falls, effect: "slope('S/no-zero')" }, five(-1));
    expect(one).toMatchObject({ verdict: 'undecided', effect: null, interval: null, n: 0 });
    expect(one.detail).toContain('S/no-zero/baseline was not run');
  });

  test('an undefined correlation is missing, not zero', () => {
    const flat = five(0).map((one) => ({ ...one, rows: one.rows.map((row) => ({ ...row, predicted: 10 })) }));
    const one = judge(
      { effect: "pearson('S/all', 'random')", supported: '<= 0', contradicted: '> 0.5' },
      flat,
    );
    expect(one).toMatchObject({ verdict: 'undecided', effect: null });
  });

  test('the same results give the same verdicts', () => {
    expect(judge(falls, five(0.5))).toEqual(judge(falls, five(0.5)));
  });
});

describe('the claims of the paper', () => {
  const file = readClaims(readFileSync('claims.yaml', 'utf8'), 'claims.yaml');

  test('are there with an id each, and undecided without a network', () => {
    expect(file.claims.map(({ id }) => id)).toEqual(file.claims.map((_, i) => String(i + 1)));
    const nothing = { networks: [], benchmark: new BenchmarkFacts([], new Map()), scale: paperScale };
    const verdicts = judgeClaims(file, nothing);
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['undecided']));
    expect(verdicts.every(({ detail }) => detail.length > 0)).toBe(true);
  });

  test.skipIf(!existsSync(realTable))('those about the benchmark are decided by the benchmark alone', () => {
    const { rows } = parseBenchCsv(readFileSync(realTable, 'utf8'), realTable);
    const real = rows
      .filter(({ dataset, split, hp }) => dataset === 'cifar10-valid' && split === 'x-valid' && hp === 200)
      .map(({ index, ops, accuracy }) => ({ index, ops, accuracy }));
    const benchmark = new BenchmarkFacts(real, new Map());
    const verdicts = judgeClaims(file, { networks: [], benchmark, scale: paperScale });
    const of = (id: string) => verdicts.find((one) => one.id === id)!;
    expect(of('5')).toMatchObject({ verdict: 'supported', n: 1, planned: 1, interval: null });
    // Of the 3,000 positions of the top-500, 1,125 hold a conv3x3.
    expect(of('5').detail).toContain('over 5·N as the paper counts: 0.45');
    expect(of('5').detail).toContain("share('none', 'conv3x3', 500) = 0.38");
    expect(of('17').verdict).toBe('supported');
    // Of the top-500, 26 % use neither zero nor pool; of the top-10, 70 %.
    expect(of('29')).toMatchObject({ verdict: 'contradicted' });
    expect(of('29').effect).toBeCloseTo(0.26, 2);
  });

  test('JUnit: contradicted is a failure, undecided is skipped, and text is escaped', () => {
    const claims = [
      { ...judge(falls, five(2)), statement: 'a < b & "c"' },
      judge(falls, []),
      judge(falls, five(-2)),
    ];
    const xml = claimsJunit(claims);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot;');
  });

  test('on synthetic studies no claim is supported where nothing has an effect, none contradicted where the paper is right', () => {
    const rows = powerOf(file, { seeds: [5], studies: 6 });
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(({ supportedWhenNull }) => supportedWhenNull > 1 / 6)).toEqual([]);
    expect(rows.filter(({ contradictedWhenTrue }) => contradictedWhenTrue > 1 / 6)).toEqual([]);
    // A logic that decides nothing would pass the two lines above.
    expect(rows.filter(({ supportedWhenTrue }) => supportedWhenTrue >= 0.5).length).toBeGreaterThan(3);
  }, 180_000);
});
