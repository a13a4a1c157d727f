/**
 * Our super-network against PyTorch: same weights, same images → the same logits, gradients, statistics, and the same
 * weights after strictly fair steps. Every operation, linear transformer, node reduction, normalisation mode.
 * Long because it has a test per part of a network.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend, BackendName } from '../../src/nas/backend/contract/backend.ts';
import { openBackend } from '../../src/nas/backend/open.ts';
import { plainImages } from '../../src/nas/data/batches.ts';
import { drawShapes } from '../../src/nas/data/shapes.ts';
import { type Architecture, parseArchitecture } from '../../src/nas/space/architecture.ts';
import { available } from '../../src/nas/space/mask.ts';
import { recalibrate } from '../../src/nas/supernet/evaluate/evaluate.ts';
import { BatchForward } from '../../src/nas/supernet/evaluate/forward.ts';
import { batchNormaliser, fixedNormaliser } from '../../src/nas/supernet/evaluate/normalise.ts';
import { type Layout, standAloneLayout, superNetworkLayout } from '../../src/nas/supernet/network/layout.ts';
import {
  disposeNetwork,
  fromStateDict,
  initialise,
  type Network,
  toStateDict,
  toTorch,
} from '../../src/nas/supernet/network/network.ts';
import { variantSchema } from '../../src/nas/supernet/network/options.ts';
import { trainingPass } from '../../src/nas/supernet/network/pass.ts';
import type { StoredTensor } from '../../src/nas/supernet/network/safetensors.ts';
import { Optimizer } from '../../src/nas/supernet/train/optimizer.ts';
import { Sampler } from '../../src/nas/supernet/train/sampler.ts';
import { learningRate } from '../../src/nas/supernet/train/schedule.ts';
import { pytorchVersion, runPytorch } from './pytorch.ts';

const version = pytorchVersion();

const side = 8;
const size = 6;
const batchCount = 5;
const images = drawShapes({ count: batchCount * size, side, seed: 5 });

/** One network with its paths, in every mode. */
interface Case {
  readonly name: string;
  readonly layout: Layout;
  readonly config: object;
  readonly path: readonly Architecture[];
}

function superCase(name: string, digits: readonly string[], overrides: object): Case {
  const options = variantSchema.parse({ channels: 4, cellsPerStage: 1, ...overrides });
  const architectures = digits.map(parseArchitecture);
  return {
    name,
    layout: superNetworkLayout(options),
    config: { ...options, affine: false, perEdge: Array(6).fill(available(options.mask)) },
    path: Array.from(
      { length: 3 * options.cellsPerStage },
      (_, i) => architectures[i % architectures.length]!,
    ),
  };
}

function standAloneCase(digits: string): Case {
  const architecture = parseArchitecture(digits);
  const options = { channels: 4, cellsPerStage: 1, countPadding: false };
  return {
    name: `stand-alone ${digits}`,
    layout: standAloneLayout(architecture, options),
    config: {
      ...options,
      nodeReduce: 'sum',
      linearTransformer: 'none',
      affine: true,
      perEdge: architecture.map((operation) => [operation]),
    },
    path: [architecture, architecture, architecture],
  };
}

const cases: readonly Case[] = [
  ...['000000', '111111', '222222', '333333', '444444', '314204', '030333', '300111', '243130'].map(
    (digits) => superCase(`path ${digits}`, [digits], {}),
  ),
  ...['mean', 'sum'].flatMap((nodeReduce) =>
    [false, true].map((countPadding) =>
      superCase(`nodes ${nodeReduce}, padding ${countPadding ? '' : 'not '}counted`, ['413423'], {
        nodeReduce,
        countPadding,
      }),
    ),
  ),
  ...['none', 'skip', 'skip+pool'].flatMap((linearTransformer) =>
    ['141341', '010414'].map((digits) =>
      superCase(`linear transformer ${linearTransformer}, path ${digits}`, [digits], { linearTransformer }),
    ),
  ),
  superCase('topology not shared, two cells a stage', ['341200', '213034', '003421', '122413'], {
    cellsPerStage: 2,
    channels: 3,
  }),
  superCase('zero and pool masked', ['132213'], { mask: ['zero', 'pool'] }),
  standAloneCase('314203'),
  standAloneCase('030233'),
];

const inputs = new Map<string, StoredTensor>();
for (let batch = 0; batch < batchCount; batch++) {
  const indices = Uint32Array.from({ length: size }, (_, i) => batch * size + i);
  inputs.set(`images/${batch}`, { shape: [size, side, side, 3], data: plainImages(images, indices) });
  const targets = new Float32Array(size * 10).fill(0.01);
  indices.forEach((index, i) => {
    targets[i * 10 + images.labels[index]!] = 0.91;
  });
  inputs.set(`targets/${batch}`, { shape: [size, 10], data: targets });
}

const modes = ['running', 'batch', 'recalibrated'] as const;
/** The batches that recalibrate. */
const recalibrationNames = ['images/1', 'images/2'];

const stepVariants = [
  { name: 'plain', overrides: {}, epochs: [0, 1, 125] },
  { name: 'warm-up', overrides: { warmupEpochs: 5 }, epochs: [0, 5, 249] },
  { name: 'clipped', overrides: { clipNorm: 0.5 }, epochs: [0, 1] },
  {
    name: 'sum, masked, five',
    overrides: { mask: ['skip'], fairPeriod: 'five', nodeReduce: 'sum' },
    epochs: [0, 1],
  },
  { name: 'uniform', overrides: { sampling: 'uniform' }, epochs: [0, 1, 6] },
] as const;

/** The paths, batches and rates of a few optimizer steps. */
const stepRuns = stepVariants.map(({ name, overrides, epochs }) => {
  const options = variantSchema.parse({ channels: 4, cellsPerStage: 1, ...overrides });
  const sampler = new Sampler(options, 3, 11);
  const total = epochs.length * sampler.period;
  return {
    name: `steps ${name}`,
    options,
    period: sampler.period,
    layout: superNetworkLayout(options),
    config: { ...options, affine: false, perEdge: Array(6).fill(available(options.mask)) },
    paths: Array.from({ length: total }, () => sampler.next()),
    rates: Array.from({ length: total }, (_, i) =>
      learningRate(options, epochs[Math.floor(i / sampler.period)]!),
    ),
    batches: Array.from({ length: total }, (_, i) => i % batchCount),
  };
});

describe.skipIf(version === null).each(['wasm', 'tensorflow'] as const)(
  '%s against PyTorch (skipped where python3 has no torch)',
  (name) => {
    let backend: Backend | null = null;
    let reference: ReadonlyMap<string, StoredTensor>;

    beforeAll(async () => {
      backend = await openOrNull(name);
      if (backend) reference = askPytorch(backend);
    }, 300_000);

    test.for(cases)('gradients and statistics: $name', (one, context) => {
      if (!backend) return context.skip('npm run setup:tensorflow was not run');
      const network = networkOf(backend, one.name, one.layout);
      const { loss, gradients } = trainingPass(backend, network, one.path, batchOf(backend, 0));
      near([loss], reference.get(`${one.name}/loss`)!.data, 1e-4, 'loss');
      // A bias in front of a normalisation has no gradient but rounding: less than this share of the largest is noise.
      const noise = 1e-4 * largestOf(reference, `${one.name}/gradient/`);
      let compared = 0;
      one.layout.parameters.forEach(({ name, shape }, i) => {
        const wanted = reference.get(`${one.name}/gradient/${name}`);
        const gradient = gradients.get(i);
        const ours = gradient ? toTorch(shape, backend!.read(gradient)).data : null;
        // A weight behind zeros has a gradient of zeros there, and none here.
        if (!ours) expect(wanted?.data.some((value) => value !== 0) ?? false, name).toBe(false);
        else {
          near(ours, wanted!.data, 1e-3, name, noise);
          compared++;
        }
      });
      expect(compared).toBeGreaterThan(3);
      sameStatistics(network, `${one.name}/statistics`);
      backend.dispose(gradients.values());
      disposeNetwork(backend, network);
    });

    // Evaluation takes one architecture for all cells.
    const evaluated = cases.filter((one) => new Set(one.path.map(String)).size === 1);
    test.for(evaluated)('logits with running, batch and recalibrated statistics: $name', (one, context) => {
      if (!backend) return context.skip('npm run setup:tensorflow was not run');
      const network = networkOf(backend, one.name, one.layout);
      const others = recalibrationNames.map((_, i) => batchOf(backend!, i + 1));
      for (const mode of modes) {
        const normaliser =
          mode === 'batch'
            ? batchNormaliser(backend, network)
            : fixedNormaliser(
                backend,
                network,
                mode === 'running'
                  ? network.statistics
                  : recalibrate(
                      backend,
                      network,
                      one.path[0]!,
                      others.map((batch) => batch.images),
                    ),
              );
        const { images, targets } = batchOf(backend, 0);
        const forward = new BatchForward(backend, network, normaliser, images);
        const logits = forward.logits(one.path[0]!);
        const wanted = reference.get(`${one.name}/${mode}/logits`)!.data;
        near(backend.read(logits), wanted, 1e-4, `${mode} logits`);
        forward.dispose();
        normaliser.dispose();
        backend.dispose([logits, images, targets]);
      }
      for (const batch of others) backend.dispose([batch.images, batch.targets]);
      disposeNetwork(backend, network);
    });

    test.for(stepRuns)('optimizer $name: weights, momentum, exclusions from decay', (run, context) => {
      if (!backend) return context.skip('npm run setup:tensorflow was not run');
      const network = networkOf(backend, run.name, run.layout);
      const optimizer = new Optimizer(backend, network, run.options);
      run.paths.forEach((path, i) => {
        const batch = batchOf(backend!, run.batches[i]!);
        const { gradients, used } = trainingPass(backend!, network, path, batch);
        backend!.dispose([batch.images, batch.targets]);
        optimizer.accumulate(gradients, used);
        if ((i + 1) % run.period === 0) optimizer.step(run.rates[i]!);
      });
      const velocities = optimizer.velocities();
      run.layout.parameters.forEach(({ name, shape }, i) => {
        const ours = toTorch(shape, backend!.read(network.weights[i]!)).data;
        near(ours, reference.get(`${run.name}/weight/${name}`)!.data, 1e-3, name);
        const velocity = velocities.get(i);
        const wanted = reference.get(`${run.name}/momentum/${name}`)?.data;
        if (velocity) near(toTorch(shape, velocity).data, wanted!, 2e-3, `momentum of ${name}`);
        else expect(wanted, `${name} never took part`).toBeUndefined();
      });
      sameStatistics(network, `${run.name}/statistics`);
      optimizer.dispose();
      disposeNetwork(backend, network);
    });

    function sameStatistics(network: Network, prefix: string): void {
      network.layout.norms.forEach((norm, i) => {
        const { mean, variance } = network.statistics[i]!;
        near(mean, reference.get(`${prefix}/${norm.name}.running_mean`)!.data, 1e-4, `${norm.name} mean`);
        near(variance, reference.get(`${prefix}/${norm.name}.running_var`)!.data, 1e-4, `${norm.name} var`);
      });
    }
  },
);

describe.skipIf(version === null)('schedule against PyTorch (skipped where python3 has no torch)', () => {
  test('the learning rate of every epoch, with and without warm-up', () => {
    const variants = [{}, { warmupEpochs: 5 }, { epochs: 30, lr: 0.05, finalLr: 5e-5, warmupEpochs: 3 }].map(
      (overrides) => variantSchema.parse(overrides),
    );
    const rates = runPytorch(
      new Map(),
      variants.map((options, i) => ({ kind: 'rates', name: `${i}`, options })),
    );
    variants.forEach((options, i) => {
      const wanted = rates.get(`${i}/rates`)!.data;
      expect(wanted).toHaveLength(options.epochs);
      wanted.forEach((rate, epoch) => {
        expect(Math.abs(learningRate(options, epoch) / rate - 1)).toBeLessThan(1e-5);
      });
    });
  });
});

function askPytorch(backend: Backend): ReadonlyMap<string, StoredTensor> {
  const all = new Map(inputs);
  for (const { name, layout } of [...cases, ...stepRuns])
    for (const [key, tensor] of stateOf(backend, layout)) all.set(`${name}/w/${key}`, tensor);
  const jobs = [
    ...cases.flatMap(({ name, config, path }) => {
      const common = { config, path, weights: `${name}/w/`, images: 'images/0', targets: 'targets/0' };
      return [
        { ...common, kind: 'gradients', name },
        ...modes.map((mode) => ({
          ...common,
          kind: 'evaluation',
          mode,
          recalibration: recalibrationNames,
          name: `${name}/${mode}`,
        })),
      ];
    }),
    ...stepRuns.map(({ name, config, options, period, paths, rates, batches }) => ({
      kind: 'steps',
      name,
      config,
      options,
      period,
      paths,
      rates,
      weights: `${name}/w/`,
      batches: batches.map((batch) => [`images/${batch}`, `targets/${batch}`]),
    })),
  ];
  return runPytorch(all, jobs);
}

/** Initial weights, with affine parameters and statistics moved off 1 and 0 so that a mistake in them shows. */
function stateOf(backend: Backend, layout: Layout): Map<string, StoredTensor> {
  const network = initialise(backend, layout, 3);
  const state = toStateDict(backend, network);
  disposeNetwork(backend, network);
  let i = 0;
  for (const [name, { data }] of state) {
    const wave = () => Math.sin(++i * 12.9898);
    if (/bn\.weight|running_var/.test(name))
      data.forEach((_, at) => {
        data[at] = 1 + 0.4 * wave();
      });
    if (/bn\d?\.bias|running_mean/.test(name))
      data.forEach((_, at) => {
        data[at] = 0.3 * wave();
      });
  }
  return state;
}

function networkOf(backend: Backend, name: string, layout: Layout): Network {
  return fromStateDict(backend, layout, stateOf(backend, layout), name);
}

function batchOf(backend: Backend, batch: number) {
  const tensor = (name: string) => {
    const { data, shape } = inputs.get(name)!;
    return backend.tensor(data, shape);
  };
  return { images: tensor(`images/${batch}`), targets: tensor(`targets/${batch}`) };
}

async function openOrNull(name: BackendName): Promise<Backend | null> {
  try {
    return await openBackend(name, { threads: 1 });
  } catch (error) {
    if (name === 'wasm') throw error;
    return null;
  }
}

function largestOf(tensors: ReadonlyMap<string, StoredTensor>, prefix: string): number {
  let largest = 0;
  for (const [name, { data }] of tensors)
    if (name.startsWith(prefix)) for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** Largest difference as a share of the largest wanted value. */
function near(
  ours: ArrayLike<number>,
  wanted: Float32Array,
  tolerance: number,
  what: string,
  noise = 1e-6,
): void {
  expect(ours.length, what).toBe(wanted.length);
  let difference = 0;
  let largest = noise;
  wanted.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - ours[i]!));
    largest = Math.max(largest, Math.abs(value));
  });
  expect(difference / largest, `${what}: relative difference`).toBeLessThan(tolerance);
}
