/** Training and evaluation, on the wasm backend but where a test says both: reproducible, resumable, without leaks, and true to the study's details. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../../src/nas/backend/contract/backend.ts';
import { drawShapes } from '../../../../src/nas/data/shapes.ts';
import { splitImages } from '../../../../src/nas/data/split.ts';
import { type Architecture, parseArchitecture } from '../../../../src/nas/space/architecture.ts';
import { evaluate } from '../../../../src/nas/supernet/evaluate/evaluate.ts';
import { superNetworkLayout } from '../../../../src/nas/supernet/network/layout.ts';
import {
  disposeNetwork,
  initialise,
  type Network,
  toStateDict,
} from '../../../../src/nas/supernet/network/network.ts';
import { variantSchema } from '../../../../src/nas/supernet/network/options.ts';
import { trainingPass } from '../../../../src/nas/supernet/network/pass.ts';
import { loadWeights, saveWeights } from '../../../../src/nas/supernet/network/weights-file.ts';
import { trainStandAlone } from '../../../../src/nas/supernet/stand-alone.ts';
import { Optimizer } from '../../../../src/nas/supernet/train/optimizer.ts';
import {
  batchPlan,
  type Training,
  TrainingInterrupted,
  train,
} from '../../../../src/nas/supernet/train/train.ts';
import { backends, open } from '../../backend/opened.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-'));
const images = drawShapes({ count: 70, side: 8, seed: 2 });
const split = splitImages(70, 20, null, 0);
let backend: Backend;

beforeAll(async () => {
  backend = await open('wasm');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Seven batches an epoch, the last smaller, and not a multiple of the five that make a step. */
function training(overrides: object, more: Partial<Training> = {}): Training {
  const options = variantSchema.parse({
    channels: 2,
    cellsPerStage: 1,
    epochs: 2,
    batchSize: 8,
    lr: 0.05,
    ...overrides,
  });
  return {
    layout: superNetworkLayout(options),
    options,
    images,
    indices: split.train,
    seed: 1,
    threaded: false,
    ...more,
  };
}

function numbersOf(network: Network, on = backend): Map<string, number[]> {
  const numbers = new Map([...toStateDict(on, network)].map(([name, { data }]) => [name, [...data]]));
  disposeNetwork(on, network);
  return numbers;
}

async function trained(overrides: object, more: Partial<Training> = {}, on = backend) {
  const { network, history } = await train(on, training(overrides, more));
  return { numbers: numbersOf(network, on), history };
}

describe.each(backends)('on $label', ({ name, here }) => {
  test.skipIf(!here)(
    'the same seed gives the same weights, bit for bit, with or without the thread; another seed others',
    async () => {
      const on = await open(name);
      const once = await trained({}, {}, on);
      expect(await trained({}, {}, on)).toEqual(once);
      expect(await trained({}, { threaded: true }, on)).toEqual(once);
      expect((await trained({}, { seed: 2 }, on)).numbers).not.toEqual(once.numbers);
    },
  );
});

const resumable = [
  {},
  { topology: 'not-shared', clipNorm: 1, warmupEpochs: 1 },
  { sampling: 'uniform', mask: ['pool'] },
];
test.each(resumable)('interrupted and resumed equals uninterrupted, bit for bit: %o', async (overrides) => {
  const whole = await trained(overrides);
  // In the middle of a step, at an epoch's end, and twice.
  for (const stops of [[3], [7], [2, 9]]) {
    const checkpoint = { folder: mkdtempSync(join(folder, 'checkpoint-')), identity: 'a', everyMs: 1e9 };
    for (const stop of stops) {
      const controller = new AbortController();
      const onBatch = (done: number) => {
        if (done === stop) controller.abort();
      };
      await expect(
        trained(overrides, { checkpoint, onBatch, signal: controller.signal }),
      ).rejects.toBeInstanceOf(TrainingInterrupted);
    }
    const seen: number[] = [];
    const resumed = await trained(overrides, { checkpoint, onBatch: (done) => seen.push(done) });
    expect(seen[0]).toBe(stops.at(-1)! + 1);
    expect(resumed).toEqual(whole);
  }
});

test('a checkpoint of another training, or of another schedule, is not used', async () => {
  const checkpoint = { folder: mkdtempSync(join(folder, 'other-')), identity: 'a', everyMs: 1e9 };
  await trained({ epochs: 2 }, { checkpoint });
  expect(statSync(join(checkpoint.folder, 'training.safetensors')).size).toBeGreaterThan(1000);
  const others = [
    [{ epochs: 2 }, { ...checkpoint, identity: 'b' }],
    [{ epochs: 3 }, checkpoint],
  ] as const;
  for (const [overrides, state] of others)
    expect(await trained(overrides, { checkpoint: state })).toEqual(await trained(overrides));
});

test('training lowers the loss and a network that cannot learn says so', async () => {
  const { history } = await trained({ epochs: 15, mask: ['zero', 'skip', 'conv1x1', 'pool'], channels: 4 });
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss - 0.1);
  await expect(trained({ lr: 1e30 })).rejects.toThrow(/try a smaller lr or a clipNorm/);
});

test('no tensor leaks over 1,000 steps', async () => {
  const options = variantSchema.parse({ channels: 1, cellsPerStage: 1, sampling: 'uniform' });
  const tiny = drawShapes({ count: 1000, side: 4, seed: 0 });
  const alive: number[] = [];
  const steps = (count: number) =>
    train(backend, {
      ...training({ channels: 1, sampling: 'uniform', epochs: 1, batchSize: 1 }),
      layout: superNetworkLayout(options),
      images: tiny,
      indices: Uint32Array.from({ length: count }, (_, i) => i),
      onBatch: () => alive.push(backend.memory().tensors),
    });
  // The backend keeps a few constants from their first use on.
  disposeNetwork(backend, (await steps(100)).network);
  alive.length = 0;
  const before = backend.memory().tensors;
  const { network } = await steps(1000);
  expect(alive).toHaveLength(1000);
  // Within the first hundred batches every operation of every edge has taken part.
  expect(new Set(alive.slice(100)).size).toBe(1);
  disposeNetwork(backend, network);
  expect(backend.memory().tensors).toBe(before);
});

const path = (digits: string) => Array(3).fill(parseArchitecture(digits)) as Architecture[];

function onePass(digits: string, overrides: object = {}) {
  const options = variantSchema.parse({ channels: 2, cellsPerStage: 1, ...overrides });
  const layout = superNetworkLayout(options);
  const network = initialise(backend, layout, 0);
  const batch = {
    images: backend.tensor(
      new Float32Array(4 * 64 * 3).map((_, i) => Math.sin(i)),
      [4, 8, 8, 3],
    ),
    targets: backend.tensor(
      Float32Array.from({ length: 40 }, (_, i) => (i % 11 === 0 ? 1 : 0)),
      [4, 10],
    ),
  };
  return { options, layout, network, batch, ...trainingPass(backend, network, path(digits), batch) };
}

test('a convolution that reaches nothing still updates its statistics; one fed by zeros lets them decay', () => {
  // Edge 0 feeds node 1, which goes nowhere; edge 4 leaves node 1 in the second path, where it is zeros.
  const unused = onePass('300100');
  const index = (name: string) => unused.layout.norms.findIndex((norm) => norm.name === name);
  const first = unused.network.statistics[index('stages.0.cells.0.edges.0.conv3x3.bn')]!;
  expect(first.mean[0]).not.toBe(0);
  expect(unused.gradients.has(parameter(unused, 'stages.0.cells.0.edges.0.conv3x3.conv.weight'))).toBe(false);
  const fed = onePass('000130');
  const second = fed.network.statistics[index('stages.0.cells.0.edges.4.conv3x3.bn')]!;
  expect([...second.mean]).toEqual([0, 0]);
  expect([...second.variance]).toEqual([Math.fround(0.9), Math.fround(0.9)]);
});

test('statistics that decay to nothing end at 0, not in denormals', () => {
  const { network, batch, layout } = onePass('000130');
  const norm = layout.norms.findIndex(({ name }) => name === 'stages.0.cells.0.edges.4.conv3x3.bn');
  network.statistics[norm]!.variance.fill(1.2e-38);
  trainingPass(backend, network, path('000130'), batch);
  expect([...network.statistics[norm]!.variance]).toEqual([0, 0]);
});

test('a parameter that never took part keeps its value: no weight decay, no momentum', () => {
  const one = onePass('333333');
  const optimizer = new Optimizer(backend, one.network, { momentum: 0.9, weightDecay: 0.5, clipNorm: null });
  const weightOf = (name: string) => [...backend.read(one.network.weights[parameter(one, name)]!)];
  const idle = 'stages.1.cells.0.edges.2.conv1x1.conv.weight';
  const busy = 'stages.1.cells.0.edges.2.conv3x3.conv.weight';
  const [idleBefore, busyBefore] = [weightOf(idle), weightOf(busy)];
  optimizer.accumulate(one.gradients, one.used);
  optimizer.step(0.1);
  expect(weightOf(idle)).toEqual(idleBefore);
  expect(weightOf(busy)).not.toEqual(busyBefore);
  expect(optimizer.velocities().has(parameter(one, idle))).toBe(false);
});

function parameter({ layout }: { layout: ReturnType<typeof superNetworkLayout> }, name: string): number {
  return layout.parameters.findIndex((one) => one.name === name);
}

const architectures = ['314204', '314203', '000000', '300111', '030333', '111111', '314204', '244312'].map(
  parseArchitecture,
);

test('sharing prefixes, batch sizes and company change no prediction', async () => {
  for (const overrides of [{}, { nodeReduce: 'sum', linearTransformer: 'skip+pool', cellsPerStage: 2 }]) {
    const plan = training({ epochs: 3, ...overrides });
    const { network } = await train(backend, plan);
    for (const batchNorm of ['running', 'recalibrated', 'batch'] as const) {
      const ask = (list: readonly Architecture[], batchSize: number | null) =>
        evaluate(backend, {
          network,
          architectures: list,
          images,
          validation: split.validation,
          options: { batchNorm, batchSize, recalibrationBatches: 2 },
          recalibration: batchPlan(plan),
        });
      const together = await ask(architectures, 20);
      for (const [i, one] of architectures.entries())
        expect([...(await ask([one], 20))]).toEqual([together[i]]);
      if (batchNorm !== 'batch') expect(await ask(architectures, 7)).toEqual(together);
    }
    disposeNetwork(backend, network);
  }
});

test('evaluation leaves no tensor behind and reports every architecture', async () => {
  const plan = training({});
  const { network } = await train(backend, plan);
  for (const batchNorm of ['running', 'recalibrated', 'batch'] as const) {
    let progress: number[] = [];
    const ask = async () => {
      progress = [];
      await evaluate(backend, {
        network,
        architectures,
        images,
        validation: split.validation,
        options: { batchNorm, batchSize: 10, recalibrationBatches: 2 },
        recalibration: batchPlan(plan),
        onProgress: (done) => progress.push(done),
      });
    };
    await ask();
    const before = backend.memory().tensors;
    await ask();
    expect(progress.at(-1)).toBe(architectures.length);
    expect(backend.memory().tensors).toBe(before);
  }
  disposeNetwork(backend, network);
});

test('a weights file brings the network back with its variant, and equal networks give equal bytes', async () => {
  const plan = training({ mask: ['zero'] });
  const { network } = await train(backend, plan);
  const file = join(folder, 'weights.safetensors');
  const data = { side: 8, trainImages: null, validationImages: 20, splitSeed: 0 };
  saveWeights(file, backend, network, { variant: plan.options, data, seed: 1, backend: backend.id });
  const loaded = loadWeights(backend, file);
  expect(loaded.provenance).toEqual({ variant: plan.options, data, seed: 1, backend: backend.id });
  expect(numbersOf(loaded.network)).toEqual(numbersOf(network));
});

test('a stand-alone architecture trains with the same code, and one without a path stays at chance', async () => {
  const unseen = drawShapes({ count: 40, side: 8, seed: 9 });
  const options = training({ epochs: 30, channels: 4 }).options;
  const ask = (digits: string) =>
    trainStandAlone(backend, {
      architecture: parseArchitecture(digits),
      options,
      images,
      split,
      test: unseen,
      seed: 0,
    });
  await ask('131333');
  const before = backend.memory().tensors;
  const [convolutions, nothing] = [await ask('131333'), await ask('000000')];
  expect(convolutions.training).toBeGreaterThan(20);
  expect(nothing.test).toBe(10);
  expect(convolutions.parameters).toBeGreaterThan(nothing.parameters);
  expect(backend.memory().tensors).toBe(before);
});
