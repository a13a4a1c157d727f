/**
 * What a run costs that has nothing to do: 1,000 cells, measured against the empty start of Node.
 * `npm run bench:noop`; exits with 1 above the budget.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const cells = 1_000;
const budgetMs = 300;
const repeats = 11;

const pipe = join(process.cwd(), 'dist/pipe.js');
if (!existsSync(pipe)) throw new Error('dist/pipe.js is missing: npm run build');
const project = mkdtempSync(join(tmpdir(), 'pipe-noop-'));
try {
  writePipeline(project);
  const start = performance.now();
  run(['run', '-q']);
  const first = performance.now() - start;
  const said = run(['run']);
  if (!/up to date/.test(said)) throw new Error(`not a no-op: ${said}`);
  // In turns, so that what else the machine does meets both alike.
  const rounds = Array.from({ length: repeats }, () => ({
    empty: cost(['-e', '']),
    noop: cost([pipe, 'run']),
  }));
  const row = (name: string, pick: (round: { empty: Cost; noop: Cost }) => Cost) => {
    const wall = rounds.map((round) => pick(round).wallMs).sort((a, b) => a - b);
    const cpu = rounds.map((round) => pick(round).cpuMs).sort((a, b) => a - b);
    const numbers = [wall[0], wall[(repeats - 1) / 2], cpu[(repeats - 1) / 2]];
    console.log(name.padEnd(22) + numbers.map((ms = 0) => ms.toFixed(0).padStart(10)).join(''));
  };
  console.log(
    `${cells} cells, Node ${process.version}, ${repeats} runs each; the first run took ${first.toFixed(0)} ms`,
  );
  console.log('ms'.padEnd(22) + ['fastest', 'median', 'CPU'].map((name) => name.padStart(10)).join(''));
  row('empty Node start', ({ empty }) => empty);
  row('run, up to date', ({ noop }) => noop);
  row('over an empty start', ({ empty, noop }) => ({
    wallMs: noop.wallMs - empty.wallMs,
    cpuMs: noop.cpuMs - empty.cpuMs,
  }));
  // Processor time is what a busy machine leaves comparable.
  const cpuOf = (pick: 'empty' | 'noop') => rounds.map((round) => round[pick].cpuMs).sort((a, b) => a - b);
  const over = (cpuOf('noop')[(repeats - 1) / 2] ?? 0) - (cpuOf('empty')[(repeats - 1) / 2] ?? 0);
  console.log(`budget: ${budgetMs} ms over an empty start; by processor time ${over.toFixed(0)} ms`);
  console.log('\nwhere the time of one such run goes, by file (self time, CPU profile):');
  for (const [place, ms] of profile()) console.log(`${ms.toFixed(1).padStart(8)} ms  ${place}`);
  process.exitCode = over <= budgetMs ? 0 : 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}

function writePipeline(folder: string): void {
  const count = cells - 2;
  const files: Record<string, string> = {
    'pipeline.yaml': `version: 1
params: {factor: 3}
axes: {i: [${Array.from({ length: count }, (_, i) => i).join(', ')}]}
stages:
  first: {cmd: 'cat \${deps.in} > \${outs.file}', deps: {in: in.txt}, outs: {file: file.txt}}
  many:
    cmd: 'echo \${i} > \${outs.file}'
    matrix: [i]
    deps: {first: first.file, in: in.txt}
    params: {i: "\${i}", factor: "\${params.factor}"}
    outs: {file: file.txt}
  last: {run: stages/last.ts, deps: {all: many.file}, outs: {file: file.txt}}
`,
    'in.txt': 'in\n',
    'stages/last.ts': `import { writeFileSync } from 'node:fs';
import { count } from '../lib/count.ts';
export default ({ gathered, out }: { gathered(name: string): { items: unknown[] }; out(name: string): string }) =>
  writeFileSync(out('file'), count(gathered('all').items));
`,
    'lib/count.ts': 'export const count = (items: unknown[]): string => `${items.length}\\n`;\n',
    'package.json': '{"type": "module"}\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function run(args: readonly string[], flags: readonly string[] = []): string {
  const { status, stderr, stdout } = spawnSync(process.execPath, [...flags, pipe, ...args], {
    cwd: project,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`pipe ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stderr + stdout;
}

interface Cost {
  readonly wallMs: number;
  /** User and system time, which other work on the machine changes less. */
  readonly cpuMs: number;
}

function cost(args: readonly string[]): Cost {
  const start = performance.now();
  const { stdout } = spawnSync('sh', ['-c', '"$0" "$@" >/dev/null 2>&1; times', process.execPath, ...args], {
    cwd: project,
    encoding: 'utf8',
  });
  const wallMs = performance.now() - start;
  const seconds = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return {
    wallMs,
    cpuMs: seconds.reduce((sum, [, minutes, rest]) => sum + (Number(minutes) * 60 + Number(rest)) * 1_000, 0),
  };
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Self time of the heaviest functions of one run. */
function profile(): readonly (readonly [string, number])[] {
  const folder = join(project, 'profile');
  run(['run'], ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval', '200']);
  const [file = ''] = readdirSync(folder);
  const { nodes, samples, timeDeltas }: Profile = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const selfMs = new Map<string, number>();
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    const place = frame
      ? `${frame.functionName || '(top level)'} ${frame.url.replace(/^.*\/dist\//, 'dist/')}`
      : '?';
    selfMs.set(place, (selfMs.get(place) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
  });
  return [...selfMs].sort((a, b) => b[1] - a[1]).slice(0, 15);
}
