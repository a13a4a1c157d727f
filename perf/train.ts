/**
 * How long one strictly fair step takes (five paths forward and backward, then SGD) on both backends and on PyTorch, for
 * the same network, paths, batch and number of threads: `npm run bench:train -- --json`. Each contender is a process
 * that waits; the steps take turns, so that all of them meet the same moods of the machine. With one thread each, then
 * with all cores, of which wasm always takes one.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackend } from '../src/nas/backend/open.ts';
import { findTensorflow } from '../src/nas/backend/tensorflow/installed.ts';
import { type StepSetting, stepSetting, strictlyFairPaths, trainingStep } from './step.ts';

interface Setting extends StepSetting {
  readonly threads: number;
}

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    /** Timed steps a contender; the slow wasm takes a third of them. */
    steps: { type: 'string', default: '5' },
    /** `1,2`: each setting with so many threads a contender. */
    threads: { type: 'string', default: [...new Set([1, cpus().length])].join(',') },
    side: { type: 'string', default: '32' },
    /** `16x1x64,32x2x256`: channels × cells a stage × batch. */
    settings: { type: 'string', default: '16x1x64,16x1x256,32x2x64,32x2x256' },
    contenders: { type: 'string', default: 'pytorch,tensorflow,wasm' },
    worker: { type: 'string' },
  },
});

if (flags.worker !== undefined) await work(flags.worker, JSON.parse(flags.settings));
else await compare();

/** The far side: a step for each line of standard input, whose paths it has; answers with its milliseconds. */
async function work(name: string, setting: Setting): Promise<void> {
  const backend = await openBackend(name, { threads: setting.threads });
  const run = trainingStep(backend, setting);
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin }))
    console.log(String(run(JSON.parse(line))));
}

interface Contender {
  readonly name: string;
  readonly process: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly times: number[];
}

async function compare(): Promise<void> {
  const wanted = flags.contenders.split(',');
  const torch = pytorchVersion();
  const here = wanted.filter((name) => {
    const missing =
      name === 'pytorch' && torch === null
        ? 'python3 has no torch'
        : name === 'tensorflow' && findTensorflow() === null
          ? 'npm run setup:tensorflow was not run'
          : null;
    if (missing !== null) console.error(`${name}: left out, ${missing}`);
    return missing === null;
  });
  const results = [];
  const threadCounts = flags.threads.split(',').map(Number);
  const texts = flags.settings.split(',');
  for (const [threads, text] of threadCounts.flatMap((count) => texts.map((one) => [count, one] as const))) {
    const setting = { ...stepSetting(text, Number(flags.side)), threads };
    const medians = await race(here, setting);
    const ratios = Object.fromEntries(
      Object.entries(medians).map(([name, ms]) => [name, medians.pytorch ? ms / medians.pytorch : null]),
    );
    const imagesASecond = Object.fromEntries(
      Object.entries(medians).map(([name, ms]) => [name, (5 * setting.batch * 1000) / ms]),
    );
    results.push({ ...setting, medianMs: medians, imagesASecond, timesPytorch: ratios });
    if (!flags.json) print(setting, medians);
  }
  if (flags.json) console.log(JSON.stringify({ pytorch: torch, cpu: cpus()[0]?.model, results }, null, 2));
}

async function race(names: readonly string[], setting: Setting): Promise<Record<string, number>> {
  const contenders = await Promise.all(names.map((name) => start(name, setting)));
  const nextPaths = strictlyFairPaths(setting);
  const steps = Number(flags.steps);
  try {
    // The first step compiles and caches; it is not counted.
    for (let step = 0; step <= steps; step++) {
      const paths = nextPaths();
      for (const contender of contenders) {
        if (contender.name === 'wasm' && step > Math.ceil(steps / 3)) continue;
        const ms = await ask(contender, JSON.stringify(paths));
        if (step > 0) contender.times.push(ms);
      }
    }
  } finally {
    for (const contender of contenders) contender.process.kill();
  }
  return Object.fromEntries(contenders.map(({ name, times }) => [name, median(times)]));
}

async function start(name: string, setting: Setting): Promise<Contender> {
  const text = JSON.stringify(setting);
  const script = fileURLToPath(import.meta.url);
  const child =
    name === 'pytorch'
      ? spawn('python3', [join(process.cwd(), 'perf/train-pytorch.py'), text], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
      : spawn(process.execPath, [script, '--worker', name, '--settings', text], {
          stdio: ['pipe', 'pipe', 'ignore'],
        });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const contender = { name, process: child, lines, times: [] };
  const first = await lines.next();
  if (first.done || first.value !== 'ready') throw new Error(`${name} did not start with ${text}`);
  return contender;
}

async function ask({ name, process: child, lines }: Contender, paths: string): Promise<number> {
  child.stdin?.write(`${paths}\n`);
  const answer = await lines.next();
  if (answer.done) throw new Error(`${name} ended early, probably for want of memory`);
  return Number(answer.value);
}

function print(setting: Setting, medians: Record<string, number>): void {
  console.log(
    `C=${setting.channels} N=${setting.cellsPerStage} batch ${setting.batch}, ${setting.threads} threads`,
  );
  for (const [name, ms] of Object.entries(medians)) {
    const ratio = medians.pytorch ? `${(ms / medians.pytorch).toFixed(2)}×` : '';
    console.log(
      `  ${name.padEnd(11)} ${ms.toFixed(0).padStart(7)} ms  ${((5 * setting.batch * 1000) / ms).toFixed(0).padStart(6)} images/s  ${ratio}`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function pytorchVersion(): string | null {
  try {
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
    return execFileSync('python3', ['-c', 'import torch; print(torch.__version__)'], {
      encoding: 'utf8',
      stdio,
    }).trim();
  } catch {
    return null;
  }
}
