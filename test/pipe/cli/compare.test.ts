/** Two runs, revisions or reports beside each other. A revision's results are known from the cache alone. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const pipeline = (gain: number, seeds: string) => `version: 1
params: {gain: ${gain}}
axes: {size: [small, large], seed: ${seeds}}
stages:
  measure:
    run: measure.mjs
    matrix: [size, seed]
    params: {gain: "\${params.gain}"}
    deps: {data: ./data.txt}
    outs: {m: {path: m.json, report: metrics}}
  draw:
    cmd: node draw.mjs \${outs.figures} \${deps.m}
    deps: {script: ./draw.mjs, m: measure.m}
    outs: {figures: {path: figures, report: figures}}
`;

const measure = (bias: number) => `import { readFileSync, writeFileSync } from 'node:fs';
export default ({ params, axes, dep, out }) => {
  const data = Number(readFileSync(dep('data'), 'utf8'));
  const accuracy = data + params.gain * 10 + Number(axes.seed) / 10 + (axes.size === 'large' ? 5 : 0) + ${bias};
  writeFileSync(out('m'), JSON.stringify({ accuracy: { value: accuracy, means: 'Share of hits.', better: 'higher' } }));
};
`;

const draw = (colour: string) => `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const [folder, ...files] = process.argv.slice(2);
const values = files.map((file, i) => ({ i, accuracy: JSON.parse(readFileSync(file, 'utf8')).accuracy.value }));
mkdirSync(folder, { recursive: true });
writeFileSync(folder + '/bars.vl.json', JSON.stringify({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json', data: { values }, mark: { type: 'bar', color: '${colour}' },
  encoding: { x: { field: 'i', type: 'ordinal' }, y: { field: 'accuracy', type: 'quantitative' } },
  usermeta: { pipe: { title: 'Accuracy', caption: 'One bar per cell.', section: '', order: 1 } },
}));
`;

/** What each of 20 commits changes, oldest first: params, code, data, the matrix, or nothing that matters. */
const edits: readonly ((project: CliProject) => void)[] = [
  (project) => {
    project.write('pipeline.yaml', pipeline(1, '[0, 1]'));
    project.write('measure.mjs', measure(0));
    project.write('draw.mjs', draw('#4e79a7'));
    project.write('data.txt', '40');
    project.write('.gitignore', 'cache\nreports\n');
  },
  (project) => project.write('README', 'words alone'),
  (project) => project.write('pipeline.yaml', pipeline(2, '[0, 1]')),
  (project) => project.write('measure.mjs', measure(1)),
  (project) => project.write('data.txt', '41'),
  (project) => project.write('draw.mjs', draw('#d9822b')),
  (project) => project.write('pipeline.yaml', pipeline(2, '[0, 1, 2]')),
  (project) => project.write('measure.mjs', `// a comment\n${measure(1)}`),
  (project) => project.write('data.txt', '40'),
  (project) => project.write('pipeline.yaml', pipeline(1, '[0, 1]')),
  ...Array.from({ length: 10 }, (_, i) => (project: CliProject) => {
    if (i % 3 === 0) project.write('pipeline.yaml', pipeline(3 + i, '[0, 1]'));
    else if (i % 3 === 1) project.write('data.txt', String(50 + i));
    else project.write('measure.mjs', measure(i));
  }),
];

/** Commits that a test compares: only these are run, so that the others' results are nowhere. */
const compared = new Set([0, 3, 4, 6, 8, 9, 13, 19]);

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
const commits: string[] = [];
/** Each commit's report, from a run in a clean checkout of its own that shares no cache. */
const reports: string[] = [];
let folder: string;

function git(dir: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...who, ...args], { cwd: dir, encoding: 'utf8' }).trim();
}

beforeAll(async () => {
  pipe = await buildPipe();
  project = new CliProject(pipe.file);
  folder = mkdtempSync(join(tmpdir(), 'pipe-compare-'));
  git(project.dir, 'init', '-q', '-b', 'main');
  for (const [i, edit] of edits.entries()) {
    edit(project);
    git(project.dir, 'add', '-A');
    git(project.dir, 'commit', '-q', '-m', `edit ${i}`);
    commits.push(git(project.dir, 'rev-parse', 'HEAD'));
    if (compared.has(i)) expect(project.pipe('run', '-q', '--no-report').code).toBe(0);
  }
}, 600_000);
afterAll(() => {
  project?.remove();
  rmSync(folder, { recursive: true, force: true });
  pipe?.remove();
});

/** The report of a clean checkout's run, made when it is first asked for. */
function cleanReport(i: number): string {
  const known = reports[i];
  if (known !== undefined) return known;
  const clone = new CliProject(pipe.file, join(folder, `clone-${i}`));
  git(folder, 'clone', '-q', project.dir, clone.dir);
  git(clone.dir, 'checkout', '-q', '--detach', commits[i] ?? '');
  expect(clone.pipe('run', '-q').code).toBe(0);
  const report = join(folder, `${i}.json`);
  cpSync(join(clone.dir, 'reports/report.json'), report);
  clone.remove();
  reports[i] = report;
  return report;
}

/** Without the names of the two sides. */
function differenceOf(...args: readonly string[]) {
  const { code, stdout, stderr } = project.pipe('compare', ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { from, to, ...rest } = JSON.parse(stdout);
  return { rest, notes: [...from.notes, ...to.notes] };
}

/** Every file of the checkout and of git with its time, but for the cache. */
function snapshot(): readonly string[] {
  return readdirSync(project.dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('cache'))
    .sort()
    .map((path) => {
      const { mtimeMs, size } = statSync(join(project.dir, path));
      return `${path} ${mtimeMs} ${size}`;
    });
}

test.each([
  [0, 6],
  [6, 9],
  [9, 19],
  [19, 13],
])(
  'comparing revisions %i and %i equals comparing the runs of two clean checkouts',
  (a, b) => {
    const byRevision = differenceOf(`${commits[a]}..${commits[b]}`);
    expect(byRevision.notes).toEqual([]);
    expect(byRevision.rest).toEqual(differenceOf(cleanReport(a), cleanReport(b)).rest);
  },
  300_000,
);

test('no checkout is touched: files, index, worktrees and times are as before, and a dirty tree stays dirty', () => {
  project.write('measure.mjs', 'not committed');
  git(project.dir, 'status', '--short');
  const before = snapshot();
  expect(project.pipe('compare', 'HEAD~15', 'HEAD').code).toBe(0);
  expect(snapshot()).toEqual(before);
  expect(git(project.dir, 'worktree', 'list').split('\n')).toHaveLength(1);
  git(project.dir, 'checkout', '-q', 'measure.mjs');
});

test('metrics are compared over seeds, with an interval and a direction', () => {
  // Commit 4 adds 1 to every value; noise there is none, so the interval is that one number.
  const { rest } = differenceOf('HEAD~16', 'HEAD~15');
  expect(rest.metrics).toMatchObject([
    { name: 'accuracy', of: 'measure[small]', n: 2, delta: 1, interval: [1, 1], verdict: 'better' },
    { name: 'accuracy', of: 'measure[large]', n: 2, delta: 1, verdict: 'better' },
  ]);
  expect(rest.figures).toEqual([{ name: 'bars', title: 'Accuracy', how: 'changed' }]);
  const fewer = differenceOf('HEAD~11', 'HEAD~10').rest;
  expect(fewer.missingCells).toHaveLength(2);
  expect(fewer.params).toEqual([{ name: 'gain', from: '2', to: '1' }]);
  expect(project.pipe('compare', 'HEAD~15', 'HEAD~16', '--check').code).toBe(1);
  expect(project.pipe('compare', 'HEAD~16', 'HEAD~15', '--check').code).toBe(0);
});

test('two runs are compared by name; one word is compared with the newest run', () => {
  const ids: readonly { run: string }[] = JSON.parse(project.pipe('runs', '--json', '--all').stdout);
  const oldest = ids.at(-1)?.run ?? '';
  project.pipe('runs', 'name', oldest, 'first-try');
  const named = project.pipe('compare', 'first-try', '--json').stdout;
  expect(JSON.parse(named)).toMatchObject({ from: { run: oldest }, to: { run: ids[0]?.run } });
  expect(named).toBe(project.pipe('compare', 'first-try', 'latest', '--json').stdout);
  expect(project.pipe('compare', 'first-tyr')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/did you mean `first-try`/),
  });
});

test('the terminal, Markdown and a page say the same; the page has both drawings of a changed figure', () => {
  const text = project.pipe('compare', 'HEAD~16', 'HEAD~15').stdout;
  expect(text).toMatch(/^ {2}accuracy +measure\[small\] +61\.05 +62\.05 +\+1 +\[\+1, \+1\] +2 +better$/m);
  const markdown = project.pipe('compare', 'HEAD~16', 'HEAD~15', '--markdown').stdout;
  expect(markdown).toContain('| accuracy | measure\\[small\\] | 61.05 | 62.05 | +1 |');
  const { code, stderr } = project.pipe('compare', 'HEAD~16', 'HEAD~15', '--html', 'changed.html');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'changed.html shows it\n' });
  const page = project.read('changed.html');
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain("default-src 'none'");
});

test('a revision whose results are not in the cache says how many are missing', () => {
  project.write('pipeline.yaml', pipeline(77, '[0, 1]'));
  git(project.dir, 'commit', '-qam', 'never run');
  const { notes, rest } = differenceOf('HEAD~1', 'HEAD');
  expect(notes).toEqual(['5 of 5 cells of HEAD are not in the cache']);
  expect(rest.states).toHaveLength(5);
});
