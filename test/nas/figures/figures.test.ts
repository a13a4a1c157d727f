/** The paper's figures: numbers of 3 and 10 against a count of their own from the CSV; every specification draws cleanly. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tableOfRows } from '../../../src/nas/benchmark/columns.ts';
import { parseBenchCsv } from '../../../src/nas/benchmark/csv.ts';
import { applyPolicy } from '../../../src/nas/benchmark/policy.ts';
import { type BenchTable, readBenchTable, writeBenchTables } from '../../../src/nas/benchmark/table.ts';
import { type Datum, type Figure, standAlone, toCsv } from '../../../src/nas/figures/figure.ts';
import { studyFigures } from '../../../src/nas/figures/figures.ts';
import { realTable } from '../../kit/real-data.ts';
import { drawSvg } from './draw.ts';
import { madeUpNetworks, type Variant } from './networks.ts';

const target = 'cifar10-valid/x-valid/last/mean';
const skip = !existsSync(realTable);

/** Every variant of the paper, as pipeline.yaml names them. */
const masks = ['zero', 'skip', 'conv1x1', 'conv3x3', 'pool'];
const singles = masks.map((mask) => `no-${mask}`);
const pairs = masks.flatMap((a, i) => masks.slice(i + 1).map((b) => `no-${a}-${b}`));
const some = ['all', 'no-zero', 'no-pool', 'no-conv1x1', 'no-zero-pool'];
const variantsOf = (
  sizes: readonly string[],
  spaces: readonly string[],
  methods: readonly string[],
): Variant[] =>
  sizes.flatMap((size) => spaces.flatMap((space) => methods.map((method) => ({ size, space, method }))));
const paper: Variant[] = [
  ...variantsOf(['S', 'M'], ['all', ...singles, ...pairs], ['baseline']),
  ...variantsOf(['S', 'M'], some, [
    'lt-skip',
    'lt-skip-pool',
    'not-shared',
    'uniform',
    'warm-up',
    'clipping',
    'regularised',
  ]),
  ...variantsOf(['wide'], ['all', 'no-zero', 'no-pool', 'no-zero-pool'], ['baseline', 'lt-skip']),
  ...variantsOf(['cells-1', 'cells-3', 'cells-4', 'cells-5'], ['all'], ['baseline']),
];
const everyFigure = Array.from({ length: 14 }, (_, i) => `figure-${String(i + 1).padStart(2, '0')}`);

describe.skipIf(skip)('the paper’s figures from the real benchmark', () => {
  let folder: string;
  let bench: BenchTable;
  /** The CSV, read without the code under test. */
  let raw: { ops: string; value: Record<string, number> }[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'figures-'));
    const text = readFileSync(realTable, 'utf8');
    const { rows, archs } = parseBenchCsv(text, realTable);
    const paths = { bench: join(folder, 'bench.arrow'), arch: join(folder, 'arch.arrow') };
    writeBenchTables(paths, tableOfRows(rows, archs));
    bench = readBenchTable(paths.bench);
    const [header, ...lines] = text.trim().split('\n');
    const names = header!.split(',');
    raw = lines.map((line) => {
      const fields = line.split(',');
      return {
        ops: fields[0]!,
        value: Object.fromEntries(names.map((name, i) => [name, Number(fields[i])])),
      };
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const find = (figures: readonly Figure[], name: string): Figure => {
    const figure = figures.find((one) => one.name === name);
    if (!figure) throw new Error(`no ${name}`);
    return figure;
  };

  test('figure 3 equals a count of its own', () => {
    const { data } = find(studyFigures({ bench, target, networks: [], seeds: 1 }).figures, 'figure-03');
    const digit = { zero: '0', skip: '1', conv1x1: '2', conv3x3: '3', pool: '4' } as const;
    let compared = 0;
    for (const masked of ['none', ...Object.keys(digit)] as ('none' | keyof typeof digit)[]) {
      const ranked = raw
        .map(({ ops, value }, index) => ({ ops, index, accuracy: value.c10_valid_200! }))
        .filter(({ ops }) => masked === 'none' || !ops.includes(digit[masked]))
        .sort((a, b) => b.accuracy - a.accuracy || a.index - b.index);
      for (const n of [10, 25, 50, 150, 250, 500, ranked.length]) {
        const top = ranked.slice(0, n).map(({ ops }) => ops);
        for (const [operation, is] of Object.entries(digit)) {
          if (operation === masked) continue;
          const row = data.find(
            (one) =>
              one.masked === masked &&
              one.operation === operation &&
              one.top === (n === ranked.length ? 'all' : String(n)),
          );
          const uses = top.filter((ops) => ops.includes(is)).length;
          const places = top.join('').split(is).length - 1;
          expect(row?.usage).toBe(uses / n);
          expect(row?.share).toBe(places / (6 * n));
          compared++;
        }
      }
    }
    expect(data).toHaveLength(compared);
  });

  test('figure 10 equals a count of its own, and counts every architecture once a pair', () => {
    const figure = find(studyFigures({ bench, target, networks: [], seeds: 1 }).figures, 'figure-10');
    const column: Record<string, string> = {
      'cifar10-valid': 'c10_valid_200',
      cifar10: 'c10_test_200',
      cifar100: 'c100_test_200',
      'ImageNet16-120': 'im16_test_200',
    };
    const width = Number(/cells of ([\d.]+) points/.exec(figure.caption)![1]);
    const cellOf = (value: number) => Math.floor(value / width);
    for (const dataset of Object.keys(column)) {
      for (const other of Object.keys(column).filter((name) => name !== dataset)) {
        const cells = figure.data.filter((row) => row.dataset === dataset && row.other === other);
        expect(cells.reduce((sum, { architectures }) => sum + Number(architectures), 0)).toBe(15_625);
        const fullest = cells.reduce((a, b) => (Number(b.architectures) > Number(a.architectures) ? b : a));
        for (const cell of [fullest, cells[0]!, cells.at(-1)!]) {
          const inside = raw.filter(
            ({ value }) =>
              cellOf(value[column[dataset]!]!) === cellOf(Number(cell.x)) &&
              cellOf(value[column[other]!]!) === cellOf(Number(cell.y)),
          ).length;
          expect(inside).toBe(cell.architectures);
        }
      }
    }
  });

  test('every figure of the paper is drawn without a warning, and stays small', async () => {
    const rows = applyPolicy(bench, target).rows;
    const networks = madeUpNetworks(rows, paper, 2, { top: 500, random: 1000 });
    const { figures, leftOut } = studyFigures({ bench, target, networks, seeds: 5 });
    expect(leftOut).toEqual([]);
    expect(figures.map(({ name }) => name)).toEqual(expect.arrayContaining(everyFigure));
    for (const figure of figures) {
      const spec = standAlone(figure);
      expect(JSON.stringify(spec)).not.toContain('"url"');
      const { svg, warnings, marks } = await drawSvg(spec);
      expect(warnings, figure.name).toEqual([]);
      expect(svg.length, figure.name).toBeGreaterThan(5000);
      expect(marks, figure.name).toBeGreaterThan(0);
      expect(marks, figure.name).toBeLessThanOrEqual(2200);
      expect(JSON.stringify(spec).length, figure.name).toBeLessThan(500_000);
      if (process.env.FIGURES) {
        const { writeFileSync } = await import('node:fs');
        writeFileSync(join(process.env.FIGURES, `${figure.name}.svg`), svg);
      }
    }
  }, 240_000);

  test('what was not run is said: figures without variants are left out with a reason, others say what is missing', () => {
    const rows = applyPolicy(bench, target).rows;
    const variants = variantsOf(['S'], ['all', 'no-zero'], ['baseline']);
    const networks = madeUpNetworks(rows, variants, 1, { top: 500, random: 300 });
    const { figures, leftOut } = studyFigures({ bench, target, networks, seeds: 2 });
    const four = find(figures, 'figure-04');
    expect(four.partial).toBe('2 of 4 networks');
    expect(four.caption).toMatch(/\d+ of the \d+ variants of this figure were not run/);
    expect(leftOut.map(({ name }) => name)).toContain('figure-05');
    expect(leftOut.every(({ reason }) => reason.length > 0)).toBe(true);
  });
});

describe('a benchmark of its own with few architectures', () => {
  test('gives figures of what there is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'figures-'));
    try {
      const lines = Array.from({ length: 200 }, (_, i) => {
        const ops = (i * 78).toString(5).padStart(6, '0');
        return `${i * 78},${ops},shapes,test,8,-1,-1,${(40 + ((i * 37) % 50)).toFixed(1)}`;
      });
      const text = `index,ops,dataset,split,hp,epoch,seed,accuracy\n${lines.join('\n')}\n`;
      const { rows, archs } = parseBenchCsv(text, 'own.csv');
      const paths = { bench: join(folder, 'bench.arrow'), arch: join(folder, 'arch.arrow') };
      writeBenchTables(paths, tableOfRows(rows, archs));
      const bench = readBenchTable(paths.bench);
      const own = 'shapes/test/last/mean';
      const networks = madeUpNetworks(
        applyPolicy(bench, own).rows,
        variantsOf(['S'], ['all', 'no-zero', 'no-pool'], ['baseline']),
        2,
        { top: 50, random: 100 },
      );
      const { figures, leftOut } = studyFigures({ bench, target: own, networks, seeds: 2 });
      expect(leftOut.find(({ name }) => name === 'figure-10')?.reason).toContain('one data set');
      const data = figures.find(({ name }) => name === 'figure-04')!.data;
      // No top-150 of 200 architectures of which 50 were asked about.
      expect(new Set(data.map(({ group }) => group))).toEqual(new Set(['10', '25', '50', 'random']));
      for (const figure of figures) {
        expect((await drawSvg(standAlone(figure))).warnings, figure.name).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('a CSV quotes what it must and leaves undefined numbers empty', () => {
  const rows: Datum[] = [
    { a: 'x, "y"', b: 1 },
    { a: 'z', b: null, c: 2 },
  ];
  expect(toCsv(rows)).toBe('a,b,c\n"x, ""y""",1,\nz,,2\n');
});
