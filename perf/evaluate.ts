/**
 * Architectures evaluated a minute, against the plain loop in PyTorch with the same weights, images and threads.
 *   npm run bench:evaluate -- [--json] [--rounds 3] [--architectures 200] [--threads 1]
 * Both sides take turns, so that a busy machine slows both; medians count. PyTorch is what python3 imports.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Backend } from '../src/nas/backend/contract/backend.ts';
import { openBackend } from '../src/nas/backend/open.ts';
import { plainImages } from '../src/nas/data/batches.ts';
import { Random } from '../src/nas/data/random.ts';
import { drawShapes } from '../src/nas/data/shapes.ts';
import { type Architecture, fromCode, spaceSize } from '../src/nas/space/architecture.ts';
import { evaluate } from '../src/nas/supernet/evaluate/evaluate.ts';
import { superNetworkLayout } from '../src/nas/supernet/network/layout.ts';
import { disposeNetwork, type Network, toStateDict } from '../src/nas/supernet/network/network.ts';
import { variantSchema } from '../src/nas/supernet/network/options.ts';
import { encodeSafetensors, type StoredTensor } from '../src/nas/supernet/network/safetensors.ts';
import { batchPlan, train } from '../src/nas/supernet/train/train.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    architectures: { type: 'string', default: '200' },
    threads: { type: 'string', default: '1' },
  },
});
const rounds = Number(flags.rounds);
const threads = Number(flags.threads);

const side = 16;
const validationCount = 1000;
const batchSize = 250;
const images = drawShapes({ count: validationCount + 500, side, seed: 0 });
const validation = Uint32Array.from({ length: validationCount }, (_, i) => i);
const training = Uint32Array.from({ length: 500 }, (_, i) => validationCount + i);
const architectures = [...Random.stream(0, 'bench').permutation(spaceSize)]
  .slice(0, Number(flags.architectures))
  .map(fromCode);

interface Measured {
  readonly perMinute: number;
  readonly accuracies: ArrayLike<number>;
}

const printedSchema = z.object({ seconds: z.number(), accuracies: z.array(z.number()) });

const backend = await openBackend('auto', { threads });
const results = [];
for (const channels of [8, 16]) results.push(await compare(channels));
const report = {
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
  backend: backend.id,
  threads,
  rounds,
  images: validationCount,
  side,
  architectures: architectures.length,
  results,
};
if (flags.json) console.log(JSON.stringify(report, null, 2));
else
  for (const { channels, ours, pytorch, ratio, largestDifference } of results)
    console.log(
      `C=${channels}: ${backend.id.name} ${ours.toFixed(0)} architectures/min, PyTorch ${pytorch.toFixed(0)} ` +
        `(channels last or not, the faster): ${ratio.toFixed(2)}×; accuracies differ by at most ${largestDifference} %`,
    );
process.exit(0);

async function compare(channels: number) {
  const options = variantSchema.parse({ channels, cellsPerStage: 1, epochs: 2, batchSize: 50 });
  const plan = { layout: superNetworkLayout(options), options, images, indices: training, seed: 0 };
  const { network } = await train(backend, { ...plan, threaded: false });
  const folder = mkdtempSync(join(tmpdir(), 'bench-evaluate-'));
  try {
    const ours: Measured[] = [];
    const theirs = { nchw: [] as Measured[], channelsLast: [] as Measured[] };
    for (let round = 0; round < rounds; round++) {
      ours.push(await measureOurs(backend, network, batchPlan(plan)));
      theirs.nchw.push(measurePytorch(folder, network, options, false));
      theirs.channelsLast.push(measurePytorch(folder, network, options, true));
    }
    const perMinute = (list: readonly Measured[]) => median(list.map((one) => one.perMinute));
    const pytorch = Math.max(perMinute(theirs.nchw), perMinute(theirs.channelsLast));
    return {
      channels,
      ours: perMinute(ours),
      pytorch,
      ratio: perMinute(ours) / pytorch,
      pytorchNchw: perMinute(theirs.nchw),
      pytorchChannelsLast: perMinute(theirs.channelsLast),
      /** In percentage points; one image is 0.1. */
      largestDifference: Math.max(
        ...Array.from(ours[0]!.accuracies, (value, i) => Math.abs(value - theirs.nchw[0]!.accuracies[i]!)),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true });
    disposeNetwork(backend, network);
  }
}

async function measureOurs(
  backend: Backend,
  network: Network,
  recalibration: ReturnType<typeof batchPlan>,
): Promise<Measured> {
  const run = (list: readonly Architecture[]) =>
    evaluate(backend, {
      network,
      architectures: list,
      images,
      validation,
      options: { batchNorm: 'running', batchSize, recalibrationBatches: 1 },
      recalibration,
    });
  await run(architectures.slice(0, 1));
  const began = performance.now();
  const accuracies = await run(architectures);
  return { perMinute: (60_000 * architectures.length) / (performance.now() - began), accuracies };
}

function measurePytorch(folder: string, network: Network, options: object, channelsLast: boolean): Measured {
  const tensors = new Map<string, StoredTensor>(
    [...toStateDict(backend, network)].map(([name, tensor]) => [`w/${name}`, tensor] as const),
  );
  tensors.set('images/validation', {
    shape: [validationCount, side, side, 3],
    data: plainImages(images, validation),
  });
  const inputs = join(folder, 'inputs.safetensors');
  writeFileSync(inputs, encodeSafetensors({ tensors, metadata: {} }));
  const job = join(folder, 'job.json');
  const config = { ...options, affine: false, perEdge: Array(6).fill([0, 1, 2, 3, 4]) };
  const labels = [...images.labels.subarray(0, validationCount)];
  writeFileSync(
    job,
    JSON.stringify({ inputs, config, labels, architectures, batchSize, threads, channelsLast }),
  );
  const { seconds, accuracies } = printedSchema.parse(
    JSON.parse(execFileSync('python3', ['perf/evaluate.py', job], { encoding: 'utf8', maxBuffer: 2 ** 26 })),
  );
  return { perMinute: (60 * architectures.length) / seconds, accuracies };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
