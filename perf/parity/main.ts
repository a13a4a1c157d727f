/**
 * Whole trainings of the study's small setting, ours and PyTorch's, so that their rank correlations can be compared as
 * distributions: `npm run parity:train -- [--seeds 10] [--epochs 15] [--batch 32] [--validation 1000] [--sides ours,pytorch]`,
 * one thread each. A file per side and seed in `--out`; what is there already is not made again, so it may be stopped at any
 * time. With --compare it says what the files say. Needs the data of profile `cifar10`, TensorFlow, and torch in python3.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replaceFile } from '../../src/lib/replace-file.ts';
import { openBackend } from '../../src/nas/backend/open.ts';
import { evaluate } from '../../src/nas/supernet/evaluate/evaluate.ts';
import { superNetworkLayout } from '../../src/nas/supernet/network/layout.ts';
import { disposeNetwork } from '../../src/nas/supernet/network/network.ts';
import { batchPlan, train } from '../../src/nas/supernet/train/train.ts';
import { comparisonText } from './compare.ts';
import { type ParitySetting, paritySetting, pytorchJob } from './setting.ts';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    epochs: { type: 'string', default: '15' },
    batch: { type: 'string', default: '32' },
    validation: { type: 'string', default: '1000' },
    compare: { type: 'boolean', default: false },
    out: { type: 'string', default: 'docs/results/parity' },
    sides: { type: 'string', default: 'ours,pytorch' },
  },
});
if (flags.compare) {
  console.log(comparisonText(flags.out));
  process.exit();
}
const setting = paritySetting({
  epochs: Number(flags.epochs),
  batchSize: Number(flags.batch),
  validationImages: Number(flags.validation),
});
const scratch = join(tmpdir(), `pipe-parity-${process.pid}`);
mkdirSync(flags.out, { recursive: true });
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
writeOnce('architectures.json', () =>
  setting.asked.map(({ index, ops, rank, sampled, benchmark }) => ({ index, ops, rank, sampled, benchmark })),
);
for (let seed = 0; seed < Number(flags.seeds); seed++) {
  for (const side of flags.sides.split(',')) {
    const file = `${side}-${seed}.json`;
    if (existsSync(join(flags.out, file))) continue;
    const result = side === 'ours' ? await ours(setting, seed) : pytorch(setting, seed);
    writeOnce(file, () => ({
      side,
      seed,
      epochs: setting.variant.epochs,
      machine: cpus()[0]?.model,
      ...result,
    }));
    console.log(
      `${file}: loss ${result.loss.toFixed(3)}, ${result.trainSeconds} s + ${result.evaluateSeconds} s`,
    );
  }
}

interface Result {
  /** What made it. */
  readonly version: string;
  /** Of the last epoch's training batches; the accuracy in %. */
  readonly loss: number;
  readonly accuracy: number;
  /** Of processor time. */
  readonly trainSeconds: number;
  readonly evaluateSeconds: number;
  /** In % on the withheld images, in the order of architectures.json. */
  readonly predicted: readonly number[];
}

async function ours({ variant, images, split, asked }: ParitySetting, seed: number): Promise<Result> {
  const backend = await openBackend('tensorflow', { threads: 1 });
  const started = process.cpuUsage();
  const { network, history } = await train(backend, {
    layout: superNetworkLayout(variant),
    options: variant,
    images,
    indices: split.train,
    seed,
    threaded: false,
  });
  const trained = process.cpuUsage();
  const predicted = await evaluate(backend, {
    network,
    architectures: asked.map(({ architecture }) => architecture),
    images,
    validation: split.validation,
    options: { batchNorm: 'running', batchSize: null, recalibrationBatches: 0 },
    recalibration: batchPlan({ options: variant, images, indices: split.train, seed }),
  });
  disposeNetwork(backend, network);
  const last = history.at(-1)!;
  return {
    version: `${backend.id.name} ${backend.id.version}`,
    loss: last.loss,
    accuracy: last.accuracy,
    trainSeconds: secondsBetween(started, trained),
    evaluateSeconds: secondsBetween(trained, process.cpuUsage()),
    predicted: Array.from(predicted, (one) => Number(one.toFixed(6))),
  };
}

function pytorch(of: ParitySetting, seed: number): Result {
  const to = join(scratch, 'result.json');
  execFileSync('python3', ['perf/parity/train.py', pytorchJob(of, scratch, seed), to], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return JSON.parse(readFileSync(to, 'utf8'));
}

function secondsBetween(from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number {
  return Math.round((to.user + to.system - from.user - from.system) / 1e5) / 10;
}

function writeOnce(name: string, content: () => unknown): void {
  const path = join(flags.out, name);
  if (!existsSync(path)) replaceFile(path, `${JSON.stringify(content())}\n`);
}
