/** Other people's predictions: every spelling is read, every mistake is named, truth ranks 1, reversed −1, random near 0. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/nas/data/random.ts';
import { externalResults, type RankedFile, rankExternal } from '../../../src/nas/external/rank.ts';
import { ExternalPredictionsError, readExternalFile } from '../../../src/nas/external/read.ts';
import { externalFigures } from '../../../src/nas/figures/external.ts';
import { standAlone } from '../../../src/nas/figures/figure.ts';
import { fromCode, spaceSize, toBenchmarkString, toDigits } from '../../../src/nas/space/architecture.ts';
import { drawSvg } from '../figures/draw.ts';

const accuracies = Random.stream(1, 'accuracies');
/** The whole space, with accuracies that are all different. */
const bench = Array.from({ length: spaceSize }, (_, index) => ({
  index,
  ops: toDigits(fromCode((index * 7919) % spaceSize)),
  accuracy: 10 + 80 * accuracies.uniform(),
}));
const options = { top: 500, random: 1000, sampleSeed: 0 };
const target = 'cifar10-valid/x-valid/last/mean';

function csvOf(value: (row: (typeof bench)[number]) => number): string {
  return `index,score\n${bench.map((row) => `${row.index},${value(row)}\n`).join('')}`;
}
function ranked(text: string, file: string): RankedFile {
  return rankExternal(readExternalFile(text, file), bench, options);
}

describe('every spelling of an architecture', () => {
  const architecture = fromCode(2345);
  const ops = toDigits(architecture);
  test.each([
    ['six digits in a CSV', `architecture,accuracy\n${ops},91.5\n`, 'a.csv'],
    ['NAS-Bench-201’s string', `arch_str,accuracy\n${toBenchmarkString(architecture)},91.5\n`, 'a.csv'],
    ['a tuple in quotes', `tuple,accuracy\n"(${architecture.join(', ')})",91.5\n`, 'a.csv'],
    ['digits whose leading zero a spreadsheet took', `accuracy,ops\n91.5,${Number(ops)}\n`, 'a.csv'],
    ['a list in JSON', JSON.stringify([{ tuple: architecture, accuracy: 91.5 }]), 'a.json'],
    [
      'a string in JSON',
      JSON.stringify([{ arch: toBenchmarkString(architecture), accuracy: 91.5 }]),
      'a.json',
    ],
    ['a map in JSON', JSON.stringify({ [ops]: 91.5 }), 'a.json'],
    ['line ends of Windows and a byte order mark', `\uFEFFops,accuracy\r\n${ops},91.5\r\n`, 'a.csv'],
  ])('%s', (_, text, file) => {
    expect(readExternalFile(text, file).predictions).toEqual([
      { architecture: { by: 'ops', ops }, value: 91.5 },
    ]);
  });

  test('NASLib’s tuples are read as NASLib means them, and a tuple of neither name is refused', () => {
    // |avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|skip_connect~2| in NASLib, by its
    // convert_str_to_op_indices: names (skip, none, conv3x3, conv1x1, pool), edges ((1,2), (1,3), (1,4), (2,3), (2,4), (3,4)).
    const naslib = '(4, 3, 1, 0, 2, 0)';
    const expected = [{ architecture: { by: 'ops', ops: '421031' }, value: 3 }];
    expect(readExternalFile(`op_indices,score\n"${naslib}",3\n`, 'a.csv').predictions).toEqual(expected);
    expect(
      readExternalFile('[{"op_indices": [4, 3, 1, 0, 2, 0], "score": 3}]', 'a.json').predictions,
    ).toEqual(expected);
    expect(() => readExternalFile(`arch,score\n"${naslib}",3\n`, 'a.csv')).toThrow(
      /a\.csv:2: a tuple in `arch` can be meant in two ways: call the column `tuple` .* or `op_indices`/,
    );
    expect(() => readExternalFile(`{"${naslib}": 3}`, 'a.json')).toThrow(/can be meant in two ways/);
  });

  test('an index in a CSV and in JSON', () => {
    const expected = [{ architecture: { by: 'index', index: 12_341 }, value: -3 }];
    expect(readExternalFile('index,score\n12341,-3\n', 'a.csv').predictions).toEqual(expected);
    expect(readExternalFile('[{"index": 12341, "score": -3}]', 'a.json').predictions).toEqual(expected);
  });

  test('a file’s name gives the predictions their name and seed', () => {
    expect(readExternalFile('index,score\n1,2\n', 'my.proxy.seed3.csv')).toMatchObject({
      name: 'my.proxy',
      seed: '3',
    });
    expect(readExternalFile('index,score\n1,2\n', 'my.proxy.csv')).toMatchObject({
      name: 'my.proxy',
      seed: '0',
    });
  });
});

describe('mistakes are named with file, record and a next step', () => {
  test.each([
    [
      'index,loss\n1,2\n',
      'a.csv',
      /a\.csv:1: there is no column for the prediction among index, loss; call it/,
    ],
    ['index,score\n1,2\n15625,3\n', 'a.csv', /a\.csv:3: '15625' is no architecture: give an index/],
    ['index,score\n1,high\n', 'a.csv', /a\.csv:2: 'high' is no prediction/],
    ['index,score\n1,2\n1,3\n', 'a.csv', /a\.csv:3: this architecture stands at a\.csv:2 already/],
    ['index,score\n1,2,3\n', 'a.csv', /a\.csv:2: 3 fields where the header has 2/],
    ['index,accuracy\n1,912\n', 'a.csv', /a\.csv:2: an accuracy of 912/],
    ['arch,score\n"(1, 2\n', 'a.csv', /line 2: a quote is never closed/],
    ['index,score\n', 'a.csv', /a\.csv: it has no predictions/],
    ['[{"index": 1, "score": 2}, {"index": 2}]', 'a.json', /a\.json, record 2: it needs `index` and `score`/],
    ['{"000000": 1', 'a.json', /a\.json: not JSON/],
    ['', 'a.txt', /give a \.csv or \.json file/],
  ])('%j', (text, file, message) => {
    expect(() => readExternalFile(text, file)).toThrow(message);
    expect(() => readExternalFile(text, file)).toThrow(ExternalPredictionsError);
  });

  test('one architecture by its index and by its operations', () => {
    expect(() => ranked(`architecture,score\n5,1\n${bench[5]!.ops},2\n`, 'a.csv')).toThrow(/keep one/);
  });
});

describe('the ranking', () => {
  test('predictions equal to the truth have τ = 1 everywhere and τ_a = −1', () => {
    const truth = ranked(
      csvOf(({ accuracy }) => accuracy),
      'truth.csv',
    );
    expect(truth.all).toMatchObject({ architectures: spaceSize, tauA: 1, tauB: 1 });
    expect(truth.interval).toEqual([1, 1]);
    const [summary] = externalResults([truth], target).summaries;
    expect(summary).toMatchObject({ tauOfAverages: -1, regret: { mean: 0 } });
    expect(summary!.groups.map(({ tauA }) => tauA.mean)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  test('reversed, τ = −1 and τ_a = +1', () => {
    const reversed = ranked(
      csvOf(({ accuracy }) => -accuracy),
      'reversed.csv',
    );
    expect(reversed.all).toMatchObject({ tauA: -1, tauB: -1 });
    expect(externalResults([reversed], target).summaries[0]!.tauOfAverages).toBe(1);
  });

  test('random predictions have a τ near 0 and an interval of the right width around it', () => {
    const random = Random.stream(7, 'random predictions');
    const { all, interval } = ranked(
      csvOf(() => random.uniform()),
      'random.csv',
    );
    // Of independent pairs τ has a standard deviation of sqrt(2(2n + 5) / 9n(n − 1)) = 0.0053 at n = 15,625.
    expect(Math.abs(all.tauA!)).toBeLessThan(0.017);
    const width = interval![1] - interval![0];
    expect(width).toBeGreaterThan(0.6 * 2 * 1.96 * 0.0053);
    expect(width).toBeLessThan(1.5 * 2 * 1.96 * 0.0053);
    expect(interval![0]).toBeLessThan(all.tauB!);
    expect(interval![1]).toBeGreaterThan(all.tauB!);
  });

  test('a few predictions are ranked among themselves, and what is missing is said', () => {
    const few = ranked('index,score\n1,2\n2,3\n3,5\n', 'few.csv');
    expect(few).toMatchObject({ unpredicted: spaceSize - 3, unknown: 0 });
    expect(externalResults([few], target).tables.all.notes.join()).toContain('15622 architectures');
    expect(() => ranked('index,score\n1,2\n', 'one.csv')).toThrow(/a ranking takes two at least/);
  });

  test('seeds of one name are averaged', () => {
    const files = [1, 2, 3].map((seed) => {
      const random = Random.stream(seed, 'noise');
      return ranked(
        csvOf(({ accuracy }) => accuracy + 20 * random.normal()),
        `noisy.seed${seed}.csv`,
      );
    });
    expect(externalResults(files, target).summaries).toMatchObject([
      { method: 'noisy', seeds: 3, planned: 3 },
    ]);
  });

  test('15,625 rows are read, ranked and drawn in less than two seconds of processor time', async () => {
    const random = Random.stream(9, 'noise');
    const text = csvOf(({ accuracy }) => accuracy + 20 * random.normal());
    // Vega and its code are loaded once in a process, by whoever comes first.
    await drawSvg({ mark: 'point', data: { values: [{}] } });
    const start = process.cpuUsage();
    const file = ranked(text, 'noisy.csv');
    const figures = externalFigures([file], externalResults([file], target));
    for (const figure of figures) {
      const { svg, warnings } = await drawSvg(standAlone(figure));
      expect(svg).toContain('<svg');
      expect(warnings).toEqual([]);
    }
    expect(figures.map(({ name }) => name)).toEqual(['figure-02', 'figure-04']);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
