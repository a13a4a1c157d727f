/** A made-up study as the report's input: any number of variants and seeds, twelve figures, failures, claims. */
import type { JsonObject } from '../../../src/pipe/json.ts';
import type { ReportCell, ReportFigure, ReportInput } from '../../../src/pipe/report/input.ts';
import type { ClaimResult, FigureMeta, Spread } from '../../../src/pipe/report/mark.ts';

const masks = [
  'baseline',
  'no-zero',
  'no-skip',
  'no-pool',
  'no-conv1x1',
  'no-conv3x3',
  'zero+pool',
  'zero+skip',
];
const colours = ['#c9302c', '#3c8d40', '#2f6fb2', '#7d4aa8', '#d98324', '#2aa3a3', '#6b7a2a', '#8a5a3c'];
const topN = ['10', '25', '50', '150', '250', '500', 'random'];

/** Uniform numbers from a seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const origin = (cell: string, out: string) => ({ cell, out, key: `${'0a1b2c3d'.repeat(8)}` });

/** `cells` about as many as asked for: five stages, half of them train, half evaluate. */
export function studyInput({ cells = 48, figures = 12, failing = true } = {}): ReportInput {
  const random = generator(7);
  const pairs = Math.max(2, Math.floor((cells - 4) / 2));
  const variants = Math.max(1, Math.ceil(pairs / 5));
  const list: ReportCell[] = [];
  const cell = (id: string, stage: string, more: Partial<ReportCell>): void => {
    const { startedMs = null, ms = null } = more;
    list.push({
      id,
      stage,
      axes: {},
      state: 'done',
      ms: null,
      startedMs: null,
      gpus: [],
      attempts: 1,
      key: [...id]
        .reduce((hash, c) => `${hash}${c.charCodeAt(0).toString(16)}`, '')
        .padEnd(64, '7')
        .slice(-64),
      reasons: [],
      outBytes: 40_000 + Math.floor(random() * 9e6),
      error: null,
      log: `cache/runs/20261124-121005-k3f9/logs/${stage}.log`,
      cause: null,
      metrics: {},
      warnings: [],
      ...more,
      endedMs: startedMs === null || ms === null ? null : startedMs + ms,
    });
  };
  cell('compact-bench', 'compact-bench', { state: 'up-to-date', ms: 41_200 });
  let clock = 1200;
  const evaluations: {
    axes: Record<string, string>;
    at: number;
    state: ReportCell['state'];
    cause: string | null;
  }[] = [];
  for (let i = 0; i < pairs; i++) {
    const variant = variantName(Math.floor(i / 5) % variants);
    const seed = String(i % 5);
    const axes = { variant, seed };
    const id = `train[${variant},${seed}]`;
    const ms = 60_000 + random() * 40_000;
    const fails = failing && i % 17 === 5;
    cell(id, 'train', {
      axes,
      ms,
      startedMs: clock,
      gpus: [i % 2],
      state: fails ? 'failed' : 'done',
      reasons: [{ kind: 'param', name: 'train.epochs', from: 15, to: 30 }],
      metrics: { loss: Math.round(random() * 2000) / 1000, accuracy: Math.round(random() * 40_000) / 1000 },
      error: fails
        ? {
            kind: 'exit',
            message: `train[${variant},${seed}] ended with exit code 1 after ${Math.round(ms / 1000)} s`,
            hint: 'the loss became NaN: lower train.lr or clip the gradient',
            tail: [
              'epoch 7/30  loss 2.114  accuracy 23.4',
              'epoch 8/30  loss NaN',
              `Error: loss is not finite in batch ${100 + i} <b>not html</b>`,
              '    at step (src/nas/supernet/train.ts:118:13)',
              '    at train (src/nas/supernet/train.ts:61:5)',
            ],
            details: null,
          }
        : null,
    });
    evaluations.push({ axes, at: clock + ms, state: fails ? 'blocked' : 'done', cause: fails ? id : null });
    if (i % 2 === 1) clock += 101_000;
  }
  for (const { axes, at, state, cause } of evaluations) {
    const id = `evaluate[${axes.variant},${axes.seed}]`;
    cell(id, 'evaluate', {
      axes,
      state,
      cause,
      ms: state === 'done' ? 20_000 + random() * 12_000 : null,
      startedMs: state === 'done' ? at + 500 : null,
      reasons:
        state === 'done' ? [{ kind: 'upstream', cell: `train[${axes.variant},${axes.seed}]` as never }] : [],
      ...(state === 'done' ? {} : { outBytes: null, key: null, log: null }),
    });
  }
  const end = clock + 110_000;
  for (const [i, stage] of ['aggregate', 'plot', 'claims'].entries())
    cell(stage, stage, {
      ms: 2400 + 900 * i,
      startedMs: end + 4000 * i,
      reasons: [{ kind: 'upstream', cell: 'evaluate' as never }],
    });

  const had = list.filter(({ state }) => state === 'done' || state === 'up-to-date').length;
  return {
    title: 'Ranking correlations of weight-sharing super-networks',
    description:
      'Does a super-network rank the architectures of NAS-Bench-201 as stand-alone training does, and which operations stand in its way?',
    pipeline: 'pipeline.yaml',
    profile: 'cifar10',
    set: [],
    run: {
      id: '20261124-121005-k3f9',
      started: '2026-11-24T12:10:05.114Z',
      ms: end + 14_000,
      savedMs: 41_200,
      outcome: failing ? 'failed' : 'done',
      targets: [],
      resources: { cpu: 2, gpu: 2 },
      warnings: [],
    },
    stages: [
      { name: 'compact-bench', description: 'The benchmark as one table', axes: [], reads: ['source.nb201'] },
      {
        name: 'train',
        description: 'One super-network a variant and seed',
        axes: ['variant', 'seed'],
        reads: ['source.cifar10'],
      },
      {
        name: 'evaluate',
        description: 'Predict the accuracy of single paths',
        axes: ['variant', 'seed'],
        reads: ['train', 'compact-bench', 'source.cifar10'],
      },
      {
        name: 'aggregate',
        description: 'Correlations over seeds',
        axes: [],
        reads: ['evaluate', 'compact-bench'],
      },
      { name: 'plot', description: 'Figures of the paper', axes: [], reads: ['aggregate', 'compact-bench'] },
      { name: 'claims', description: 'The paper’s claims', axes: [], reads: ['aggregate'] },
    ],
    sources: [
      {
        name: 'nb201',
        description: 'NAS-Bench-201, seed means',
        path: '../shared/data/nb201/nb201_compact.csv',
        sha256: 'c0'.repeat(32),
      },
      {
        name: 'cifar10',
        description: 'CIFAR-10, binary version',
        path: '../shared/data/cifar10',
        sha256: '1e'.repeat(32),
      },
    ],
    cells: list,
    figures: studyFigures(figures),
    tables: [{ origin: origin('aggregate', 'summary'), value: studyTable() }],
    metrics: [
      {
        origin: origin('aggregate', 'metrics'),
        value: {
          'τ-b random, baseline': 0.148,
          'τ-b random, no-pool': 0.42,
          'τ_a, baseline': 1,
          'τ_a, no-pool': -0.6,
          'A₁₀, baseline': 36.2,
          'A₁₀, no-pool': 39.1,
          'regret, baseline': null,
          architectures: 15_625,
          'cells used': had,
        },
      },
    ],
    claims: [{ origin: origin('claims', 'claims'), value: studyClaims() }],
    notices: [
      {
        origin: origin('compact-bench', 'notice'),
        value: {
          level: 'info',
          title: 'This is a small run',
          text: 'One cell a stage, 8 channels, 15 epochs on 16,000 images averaged down to 16×16. Of the paper’s mask effects only that of pooling is seen at this scale.',
          facts: {
            Target: 'cifar10-valid/x-valid/last/mean',
            'BN mode': 'running statistics',
            'Node inputs': 'summed',
            Images: 'CIFAR-10, 16,000 of 50,000',
          },
        },
      },
    ],
    problems: [],
    stale: [],
    params: {
      train: { epochs: 30, batchSize: 32, lr: 0.05 },
      network: { channels: 8, cells: 1, nodeReduce: 'sum' },
      seeds: [0, 1],
    },
    commands: ['git checkout 4f2c9d7a1b3e', 'npm ci', 'npx pipe run --profile cifar10'],
    provenance: {
      version: '0.1.0',
      revision: '4f2c9d7a1b3e5f60718293a4b5c6d7e8f9012345 + changes',
      environment: {
        'Node.js': '20.20.0',
        Platform: 'linux x64',
        Processors: '2 × Example CPU @ 2.50 GHz',
        Memory: '8 GiB',
      },
      packages: { '@tensorflow/tfjs': '4.22.0', arquero: '8.0.3', zod: '4.6.7' },
      tools: { backend: 'tensorflow 2.21.0 (tfjs-node 4.22.0)' },
      code: { train: 'ab'.repeat(32), evaluate: 'cd'.repeat(32), aggregate: 'ef'.repeat(32) },
    },
  };
}

function variantName(i: number): string {
  return i < masks.length ? masks[i]! : `variant-${i}`;
}

function studyTable() {
  const random = generator(3);
  return {
    title: 'Correlation of predicted and benchmark accuracy',
    caption:
      'Mean ± standard deviation over seeds. τ_a: rank correlation of N and the average prediction of the top N; −1 is best.',
    columns: [
      { name: 'variant', label: 'Variant', kind: 'text' as const },
      { name: 'tauB', label: 'τ-b, random', kind: 'spread' as const, digits: 3, better: 'higher' as const },
      {
        name: 'tau500',
        label: 'τ-b, top 500',
        kind: 'spread' as const,
        digits: 3,
        better: 'higher' as const,
      },
      { name: 'tauA', label: 'τ_a', kind: 'spread' as const, digits: 2, better: 'lower' as const },
      { name: 'a10', label: 'A₁₀', kind: 'spread' as const, digits: 1, unit: '%', better: 'higher' as const },
      { name: 'space', label: 'Architectures', kind: 'number' as const },
    ],
    rows: masks.map((variant, i) => {
      const spread = (scale: number, offset = 0) => ({
        mean: offset + random() * scale,
        std: random() * scale * 0.1,
        n: i === 2 ? 3 : 5,
        planned: 5,
      });
      return {
        variant,
        tauB: spread(0.5),
        tau500: i === 5 ? ({ mean: null, std: null, n: 0, planned: 5 } satisfies Spread) : spread(0.2, -0.1),
        tauA: spread(2, -1),
        a10: spread(10, 30),
        space: i === 0 ? 15_625 : i < 6 ? 4096 : 729,
      };
    }),
    notes: ['no-skip has 3 of 5 seeds: two cells failed.', 'Undefined where all predictions are equal.'],
  };
}

function studyClaims(): ClaimResult[] {
  const base = {
    source: 'section 4.1, figure 4',
    n: 2,
    planned: 5,
    scale: '8 channels, 1 cell a stage, 15 epochs',
  };
  return [
    {
      ...base,
      id: '1',
      statement: 'Ranking is harder in larger spaces; zero and pool are the most harmful operations.',
      verdict: 'undecided',
      detail:
        'Without pool τ_a falls from +1.00 to −0.60; without zero it is +0.47: only pool is seen at this scale.',
      effect: -1.6,
      interval: [-2, -0.8],
      paper: 'τ_a = −1 when either is masked',
    },
    {
      ...base,
      id: '12',
      statement: 'τ stays low everywhere, yet τ_a can be near −1.',
      verdict: 'supported',
      detail: 'The highest mean τ within the top 500 is 0.11, while the lowest τ_a is −0.60.',
      effect: 0.11,
      interval: [0.02, 0.19],
      paper: 'τ below 0.3 in every space',
    },
    {
      ...base,
      id: '9',
      statement: 'Uniform sampling raises the predicted accuracy but not the ranking.',
      verdict: 'contradicted',
      detail: 'Predictions fall by 2.1 points and τ-b by 0.04 (n = 5).',
      effect: -2.1,
      interval: [-3.3, -0.9],
      n: 5,
      paper: 'higher accuracy, same τ',
    },
    {
      ...base,
      id: '10',
      statement: 'Warm-up and gradient clipping bring no measurable gain.',
      verdict: 'undecided',
      detail: 'Neither variant was run.',
      effect: null,
      interval: null,
      n: 0,
      paper: 'no gain',
    },
  ];
}

function studyFigures(count: number): ReportFigure[] {
  const makers = [scatter, lines, bars, histogram];
  return Array.from({ length: count }, (_, i) => makers[i % makers.length]!(i));
}

function figure(
  i: number,
  meta: Omit<FigureMeta, 'order'>,
  spec: JsonObject,
  rows: readonly JsonObject[],
): ReportFigure {
  const header = Object.keys(rows[0] ?? {});
  const csv = [
    header.join(','),
    ...rows.map((row) => header.map((name) => String(row[name] ?? '')).join(',')),
  ].join('\n');
  return {
    name: `figure-${i + 2}`,
    origin: origin('plot', 'figures'),
    meta: { ...meta, order: i },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      data: { values: rows },
      ...spec,
      usermeta: { pipe: { ...meta, order: i } },
    },
    csv: `${csv}\n`,
  };
}

function scatter(i: number): ReportFigure {
  const random = generator(100 + i);
  const rows = ['top 50', 'top 250', 'random'].flatMap((group, g) =>
    Array.from({ length: [50, 100, 150][g]! }, () => {
      const predicted = Math.round((20 + random() * 30) * 100) / 100;
      return {
        group,
        predicted,
        benchmark: Math.round((84 + (g === 2 ? predicted / 6 : 6) + random() * 3) * 100) / 100,
      };
    }),
  );
  return figure(
    i,
    {
      title: 'Predicted and benchmark accuracy',
      caption:
        'Each point is an architecture: the super-network’s prediction against its stand-alone accuracy; columns are the top 50, 100 of the top 250, and 150 at random.',
      section: 'How well a super-network ranks',
      statement: 'The ranking of the top architectures is not preserved.',
      partial: '6 of 10 cells',
    },
    {
      mark: { type: 'point', opacity: 0.6 },
      width: 210,
      height: 210,
      encoding: {
        column: { field: 'group', type: 'nominal', title: null, sort: ['top 50', 'top 250', 'random'] },
        x: { field: 'predicted', type: 'quantitative', title: 'prediction (%)', scale: { zero: false } },
        y: { field: 'benchmark', type: 'quantitative', title: 'benchmark (%)', scale: { zero: false } },
        color: { value: '#2f6fb2' },
      },
    },
    rows,
  );
}

function lines(i: number): ReportFigure {
  const random = generator(200 + i);
  const rows = masks.slice(0, 4).flatMap((mask, m) =>
    topN.map((n, k) => {
      const mean = 38 + m - k * (m === 3 ? 0.3 : -0.25) + random();
      return {
        mask,
        n,
        mean: m === 2 && k === 3 ? null : Math.round(mean * 1000) / 1000,
        low: mean - 1 - random(),
        high: mean + 1 + random(),
      };
    }),
  );
  const x = { field: 'n', type: 'ordinal', sort: topN, title: 'top N', axis: { labelAngle: 0 } };
  const color = {
    field: 'mask',
    type: 'nominal',
    title: null,
    sort: masks,
    scale: { domain: masks.slice(0, 4), range: colours.slice(0, 4) },
  };
  return figure(
    i,
    {
      title: 'Average prediction of the top N',
      caption: 'Mean over seeds, band ± one standard deviation. A good ranking falls from left to right.',
      section: 'What masking an operation does',
    },
    {
      width: 420,
      height: 240,
      layer: [
        {
          mark: { type: 'area', opacity: 0.15 },
          encoding: { x, y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'line', point: true },
          encoding: {
            x,
            y: {
              field: 'mean',
              type: 'quantitative',
              title: 'predicted accuracy (%)',
              scale: { zero: false },
            },
            color,
          },
        },
      ],
    },
    rows,
  );
}

function bars(i: number): ReportFigure {
  const random = generator(300 + i);
  const rows = masks
    .slice(1, 6)
    .map((operation) => ({ operation: operation.slice(3), share: Math.round(random() * 1000) / 10 }));
  return figure(
    i,
    {
      title: 'Operations in the top 500',
      caption: 'Share of positions that hold each operation.',
      section: 'What masking an operation does',
    },
    {
      mark: 'bar',
      width: 260,
      height: 180,
      encoding: {
        x: { field: 'share', type: 'quantitative', title: 'share of positions (%)' },
        y: { field: 'operation', type: 'nominal', sort: '-x', title: null },
        color: {
          field: 'operation',
          type: 'nominal',
          legend: null,
          scale: { range: ['#3c8d40', '#2f6fb2', '#7d4aa8', '#d98324', '#2aa3a3'] },
        },
      },
    },
    rows,
  );
}

function histogram(i: number): ReportFigure {
  const random = generator(400 + i);
  const rows = Array.from({ length: 40 }, (_, k) => ({
    accuracy: 80 + k / 3,
    count: Math.round(200 * Math.exp(-(((k - 24) / 9) ** 2)) + random() * 20),
  }));
  return figure(
    i,
    {
      title: 'Benchmark accuracies',
      caption: 'All 15,625 architectures, bins of a third of a point.',
      section: 'The benchmark',
    },
    {
      mark: { type: 'bar', color: '#5b7fa6' },
      width: 300,
      height: 180,
      encoding: {
        x: { field: 'accuracy', type: 'quantitative', scale: { zero: false }, title: 'accuracy (%)' },
        y: { field: 'count', type: 'quantitative', title: 'architectures' },
      },
    },
    rows,
  );
}
