/**
 * What a run costs that has nothing to do: 1,000 cells, measured against the empty start of Node.
 * `npm run bench:noop`; exits with 1 above the budget. With `-- --against OLDER/dist/pipe.js` another build runs in turns
 * with this one.
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
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const cells = 1_000;
const budgetMs = 300;
const repeats = 11;

/** A build to measure, and the project that it has brought up to date. */
interface Build {
  readonly name: string;
  readonly pipe: string;
  readonly project: string;
  /** What its first run took. */
  readonly firstMs: number;
}

const { values } = parseArgs({ options: { against: { type: 'string' } } });
const scratch = mkdtempSync(join(tmpdir(), 'pipe-noop-'));
try {
  const now = prepared('run, up to date', join(process.cwd(), 'dist/pipe.cjs'));
  const before =
    values.against === undefined ? [] : [prepared('the same, --against', resolve(values.against))];
  const builds = [now, ...before];
  // In turns, so that what else the machine does meets all alike.
  const rounds = Array.from({ length: repeats }, () => ({
    empty: cost(['-e', ''], scratch),
    runs: builds.map(({ pipe, project }) => cost([pipe, 'run'], project)),
  }));
  console.log(`${cells} cells, Node ${process.version}, ${repeats} runs each`);
  console.log(
    'ms'.padEnd(22) + ['fastest', 'median', 'CPU', 'first run'].map((name) => name.padStart(10)).join(''),
  );
  row(
    'empty Node start',
    rounds.map(({ empty }) => empty),
  );
  for (const [i, { name, firstMs }] of builds.entries())
    row(
      name,
      rounds.map(({ runs }) => runs[i]!),
      firstMs,
    );
  // Processor time is what a busy machine leaves comparable.
  const over = builds.map((_, i) => median(rounds.map(({ runs, empty }) => runs[i]!.cpuMs - empty.cpuMs)));
  console.log(
    `budget: ${budgetMs} ms over an empty start; by processor time ${over.map((ms) => ms.toFixed(0)).join(', against ')} ms`,
  );
  console.log('\nwhere the time of one such run goes, by file (self time, CPU profile):');
  for (const [place, ms] of profile(now)) console.log(`${ms.toFixed(1).padStart(8)} ms  ${place}`);
  process.exitCode = (over[0] ?? 0) <= budgetMs ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function prepared(name: string, pipe: string): Build {
  if (!existsSync(pipe)) throw new Error(`${pipe} is missing: npm run build`);
  const project = mkdtempSync(join(scratch, 'project-'));
  writePipeline(project);
  const start = performance.now();
  run({ pipe, project }, ['run', '-q']);
  const firstMs = performance.now() - start;
  const said = run({ pipe, project }, ['run']);
  if (!/up.to.date/.test(said)) throw new Error(`not a no-op: ${said}`);
  return { name, pipe, project, firstMs };
}

function row(name: string, costs: readonly Cost[], firstMs?: number): void {
  const wall = costs.map(({ wallMs }) => wallMs);
  const numbers = [
    Math.min(...wall),
    median(wall),
    median(costs.map(({ cpuMs }) => cpuMs)),
    firstMs ?? Number.NaN,
  ];
  const texts = numbers.map((ms) => (Number.isNaN(ms) ? '' : ms.toFixed(0)).padStart(10));
  console.log(name.padEnd(22) + texts.join(''));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
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

function run(
  { pipe, project }: Pick<Build, 'pipe' | 'project'>,
  args: readonly string[],
  flags: readonly string[] = [],
): string {
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

function cost(args: readonly string[], folder: string): Cost {
  const start = performance.now();
  const { stdout } = spawnSync('sh', ['-c', '"$0" "$@" >/dev/null 2>&1; times', process.execPath, ...args], {
    cwd: folder,
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
function profile(build: Build): readonly (readonly [string, number])[] {
  const folder = join(build.project, 'profile');
  run(build, ['run'], ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval', '200']);
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
