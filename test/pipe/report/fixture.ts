/**
 * A made-up study as the report's input: any number of variants and seeds, twelve figures, failures, claims.
 * Long because it is data.
 */
import type { ReportCell, ReportInput } from '../../../src/pipe/report/model/input.ts';
import type { JudgedClaim, Spread } from '../../../src/pipe/report-format.ts';
import { generator, masks, origin, studyFigures } from './fixture-figures.ts';

/** `cells` about as many as asked for: five stages, half of them train, half evaluate. */
export function studyInput({ cells = 48, figures = 12, failing = true } = {}): ReportInput {
  const { list, end } = studyCells(cells, failing);
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
    stages,
    sources,
    cells: list,
    figures: studyFigures(figures),
    tables: [{ origin: origin('aggregate', 'summary'), value: studyTable() }],
    metrics: studyMetrics(had),
    claims: [
      {
        origin: origin('claims', 'claims'),
        value: studyClaims(),
        hint: '`--profile cpu` runs the other variants',
      },
    ],
    notices,
    problems: [],
    stale: [],
    causes: [],
    configuration: 'c0'.repeat(32),
    params: {
      train: { epochs: 30, batchSize: 32, lr: 0.05 },
      network: { channels: 8, cells: 1, nodeReduce: 'sum' },
      seeds: [0, 1],
    },
    commands: ['git checkout 4f2c9d7a1b3e', 'npm ci', 'npx pipe run --profile cifar10'],
    provenance,
  };
}

/** The cells, and when the last evaluation ended, in ms. */
function studyCells(
  cells: number,
  failing: boolean,
): { readonly list: readonly ReportCell[]; readonly end: number } {
  const random = generator(7);
  const pairs = Math.max(2, Math.floor((cells - 4) / 2));
  const variants = Math.max(1, Math.ceil(pairs / 5));
  const list: ReportCell[] = [];
  const cell = (id: string, stage: string, more: Partial<ReportCell>): void => {
    list.push(reportCell(id, stage, { outBytes: 40_000 + Math.floor(random() * 9e6), ...more }));
  };
  cell('compact-bench', 'compact-bench', { state: 'up-to-date', ms: 41_200 });
  let clock = 1200;
  const evaluations: (Pick<ReportCell, 'axes' | 'state' | 'cause'> & { readonly at: number })[] = [];
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
      error: fails ? nanError(id, ms, i) : null,
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
  return { list, end };
}

function reportCell(id: string, stage: string, more: Partial<ReportCell>): ReportCell {
  const { startedMs = null, ms = null } = more;
  return {
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
    from: null,
    reasons: [],
    peakBytes: null,
    cpuMs: null,
    outBytes: null,
    error: null,
    log: `cache/runs/20261124-121005-k3f9/logs/${stage}.log`,
    cause: null,
    metrics: {},
    warnings: [],
    ...more,
    endedMs: startedMs === null || ms === null ? null : startedMs + ms,
  };
}

function nanError(id: string, ms: number, batch: number): ReportCell['error'] {
  return {
    kind: 'exit',
    message: `${id} ended with exit code 1 after ${Math.round(ms / 1000)} s`,
    hint: 'the loss became NaN: lower train.lr or clip the gradient',
    tail: [
      'epoch 7/30  loss 2.114  accuracy 23.4',
      'epoch 8/30  loss NaN',
      `Error: loss is not finite in batch ${100 + batch} <b>not html</b>`,
      '    at step (src/nas/supernet/train/train.ts:118:13)',
      '    at train (src/nas/supernet/train/train.ts:61:5)',
    ],
    details: null,
  };
}

function studyMetrics(had: number): ReportInput['metrics'] {
  return [
    {
      origin: origin('aggregate', 'metrics'),
      meanings: {
        'τ_a, no-pool': { means: 'Rank correlation of N and the average of the top N; −1 is best.' },
      },
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
  ];
}

const stages: ReportInput['stages'] = [
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
];

const sources: ReportInput['sources'] = [
  {
    name: 'nb201',
    description: 'NAS-Bench-201, seed means',
    path: '../elsewhere/nb201_compact.csv',
    sha256: 'c0'.repeat(32),
  },
  {
    name: 'cifar10',
    description: 'CIFAR-10, binary version',
    path: '../elsewhere/cifar10',
    sha256: '1e'.repeat(32),
  },
];

const notices: ReportInput['notices'] = [
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
];

const provenance: ReportInput['provenance'] = {
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
};

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
      { name: 'space', label: 'Architectures', kind: 'number' as const, group: 'sizes' },
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

function studyClaims(): JudgedClaim[] {
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
      parts: [
        { what: 'highest τ', effect: 0.11, interval: [0.02, 0.19], n: 2, side: 'as claimed (< 0.3)' },
        { what: 'lowest τ_a', effect: -0.6, interval: null, n: 2, side: 'as claimed (< −0.5)' },
      ],
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
