/**
 * Measures nas-bench at full size against a Python loop on the same cores: `npm run bench:compact -- --json`.
 * Data: tools/make_nats_tss.py writes the folder (15,625 files, 1.2 GB), compact-pth.ts a 5 GB .pth out of it, both once
 * and kept until `--clean`. Wall-clock and CPU seconds are given: on a busy machine only the second is fair.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeLegacyPth } from './compact-pth.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    tools: { type: 'string', default: '../shared/tools' },
    data: { type: 'string', default: join(tmpdir(), 'pipe-bench-compact') },
    architectures: { type: 'string', default: '15625' },
    'pth-bytes': { type: 'string', default: '5e9' },
    /** A .pth that Python can load too, as a whole. */
    'python-pth-bytes': { type: 'string', default: '4e8' },
    repeats: { type: 'string', default: '1' },
    clean: { type: 'boolean', default: false },
  },
});

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMemoryMiB: number;
}

// The bundle lies in a temporary folder; the command is run from the project.
const project = process.cwd();
const command = join(project, 'dist/nas/nas-bench.js');
const loop = join(project, 'perf/compact-loop.py');
const threads = availableParallelism();
const log = (text: string) => process.stderr.write(`${text}\n`);

function generate(target: string, write: (aside: string) => void): string {
  if (!existsSync(target)) {
    log(`writing ${target}`);
    rmSync(`${target}.partial`, { recursive: true, force: true });
    write(`${target}.partial`);
    renameSync(`${target}.partial`, target);
  }
  return target;
}

function nasBench(input: string): Measured & { readonly architectures: number; readonly tableMiB: number } {
  const out = mkdtempSync(join(tmpdir(), 'nas-bench-'));
  try {
    const text = execFileSync(process.execPath, [command, input, '--out', out, '--json'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { seconds, cpuSeconds, peakMemoryMiB, architectures, files } = JSON.parse(text);
    return { seconds, cpuSeconds, peakMemoryMiB, architectures, tableMiB: files[0].bytes / 2 ** 20 };
  } finally {
    rmSync(out, { recursive: true });
  }
}

function python(input: string): Measured & { readonly files: number } {
  return JSON.parse(execFileSync('python3', [loop, input, String(threads)], { encoding: 'utf8' }));
}

const round = (value: number) => Math.round(value * 100) / 100;
const best = <T extends Measured>(runs: readonly T[]): T =>
  runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));

mkdirSync(values.data, { recursive: true });
if (!existsSync(command)) throw new Error('dist/nas/nas-bench.js is missing: npm run build');
const count = Number(values.architectures);
const folder = generate(join(values.data, count === 15_625 ? 'nats' : `nats-${count}`), (aside) =>
  execFileSync('python3', [join(values.tools, 'make_nats_tss.py'), aside, String(count)]),
);
const files = readdirSync(folder)
  .filter((name) => /^\d/.test(name))
  .sort()
  .map((name) => join(folder, name));
const pth = (name: string, bytes: number) =>
  generate(join(values.data, `${name}-${bytes}.pth`), (aside) => {
    writeLegacyPth(aside, join(folder, 'meta.pickle.pbz2'), files, bytes);
  });
const large = pth('large', Number(values['pth-bytes']));
const small = pth('small', Number(values['python-pth-bytes']));

// Interleaved, so that both meet the same load.
const ours = [];
const theirs = [];
for (let i = 0; i < Number(values.repeats); i++) {
  log(`folder, round ${i + 1}`);
  ours.push(nasBench(folder));
  theirs.push(python(folder));
}
log('.pth');
const result = {
  cpu: cpus()[0]?.model,
  threads,
  folder: {
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    files: files.length,
    nasBench: best(ours),
    python: best(theirs),
    speedupWall: round(best(theirs).seconds / best(ours).seconds),
    speedupCpu: round(best(theirs).cpuSeconds / best(ours).cpuSeconds),
  },
  pth: { bytes: statSync(large).size, nasBench: nasBench(large) },
  pthForBoth: { bytes: statSync(small).size, nasBench: nasBench(small), python: python(small) },
};
if (values.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
else console.table({ ...result.folder.nasBench, ...{ speedup: result.folder.speedupWall } });
if (values.clean) rmSync(values.data, { recursive: true });
