/** What status, why, ls and logs say of cells that failed, run, or were stopped. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
});
afterEach(() => project.remove());

async function appears(path: string): Promise<void> {
  while (!existsSync(join(project.dir, path))) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('after a failure status, why and ls say failed, with the error and the log', () => {
  project.write(
    'pipeline.yaml',
    'version: 1\nstages: {a: {cmd: "echo broken >&2; exit 3", outs: {o: o}}, b: {cmd: "cat ${deps.x} > ${outs.o}", deps: {x: a.o}, outs: {o: o}}}\n',
  );
  expect(project.pipe('run').code).toBe(1);
  for (const verb of [['status'], ['why', 'a'], ['ls']]) {
    const { stdout } = project.pipe(...verb);
    expect(stdout).toMatch(/failed/);
    expect(stdout).toMatch(/exit code 3: broken/);
    expect(stdout).toMatch(/log: cache\/runs\/.*log\.txt/);
    expect(stdout).not.toMatch(/never ran/);
  }
  const [row] = JSON.parse(project.pipe('ls', 'a', '--json').stdout);
  expect(row).toMatchObject({ state: 'failed', lastEnd: { state: 'failed', error: { kind: 'exit' } } });
});

test('a cell that failed and was changed since must run for its change, and its failure is still named', () => {
  const text = (code: number) => `version: 1\nstages: {a: {cmd: "exit ${code}", outs: {o: o}}}\n`;
  project.write('pipeline.yaml', text(3));
  project.pipe('run');
  project.write('pipeline.yaml', text(4));
  expect(JSON.parse(project.pipe('ls', '--json').stdout)[0].state).toBe('stale');
  expect(project.pipe('why', 'a').stdout).toMatch(/it failed with other inputs.*exit code 3/);
});

test('while a run is at work the others say by whom and since when', async () => {
  project.write(
    'pipeline.yaml',
    'version: 1\nstages: {a: {cmd: "touch ../../../../../../started; sleep 60", outs: {o: o}}}\n'.replace(
      '../../../../../../',
      `${project.dir}/`,
    ),
  );
  const run = project.start('run');
  await appears('started');
  const { stdout } = project.pipe('status');
  run.child.kill('SIGINT');
  await run.ended;
  expect(stdout).toMatch(/running/);
  expect(stdout).toMatch(/is at work on it since \d{4}-/);
});

test('a cell whose run was stopped is cancelled, not one that never ran', async () => {
  project.write(
    'pipeline.yaml',
    `version: 1\nstages: {a: {cmd: "touch ${project.dir}/started; sleep 60", outs: {o: o}}}\n`,
  );
  const run = project.start('run');
  await appears('started');
  run.child.kill('SIGINT');
  await run.ended;
  expect(JSON.parse(project.pipe('ls', '--json').stdout)[0].state).toBe('cancelled');
  expect(project.pipe('why', 'a').stdout).toMatch(/was cancelled and must run/);
  expect(project.pipe('status').stdout).not.toMatch(/never ran/);
});

test('why for a command shows what differs, not both texts', () => {
  const long = 'echo one two three four five six seven eight';
  const text = (word: string) =>
    `version: 1\naxes: {n: [1, 2]}\nstages: {a: {cmd: "${long} ${word} \${n} > \${outs.o}", matrix: [n], outs: {o: o}}}\n`;
  project.write('pipeline.yaml', text('old'));
  project.pipe('run');
  project.write('pipeline.yaml', text('new'));
  const { stdout } = project.pipe('why', 'a');
  expect(stdout).toMatch(/command changed: … eight old \S+ … → … eight new \S+ …/);
  expect(stdout).not.toContain('three');
});

test('equal causes are one line, and of many only the first twenty are shown with a count', () => {
  const cells = Array.from({ length: 30 }, (_, n) => n).join(', ');
  project.write(
    'pipeline.yaml',
    `version: 1\nparams: {p: 1}\naxes: {n: [${cells}]}\nstages: {a: {cmd: "echo \${n} > \${outs.o}", matrix: [n], params: {p: "\${params.p}"}, outs: {o: o}}}\n`,
  );
  expect(project.pipe('why', 'a').stdout).toBe('a[0] and 29 more must run:\n  it never ran here\n');
  expect(project.pipe('status').stdout).toMatch(/30 cells because: it never ran here/);
  const short = project.pipe('ls').stdout.trim().split('\n');
  expect(short).toHaveLength(21);
  expect(short.at(-1)).toBe('10 more cells: pipe ls --all');
  expect(project.pipe('ls', '--all').stdout.trim().split('\n')).toHaveLength(30);
});

test('a command that changed for many cells is one cause', () => {
  const text = (epochs: number) =>
    `version: 1\naxes: {n: [1, 2, 3]}\nstages: {a: {cmd: "echo ${epochs} > \${outs.o}", matrix: [n], outs: {o: o}}}\n`;
  project.write('pipeline.yaml', text(5));
  expect(project.pipe('run').code).toBe(0);
  project.write('pipeline.yaml', text(50));
  expect(project.pipe('status').stdout.match(/because/g)).toHaveLength(1);
  expect(project.pipe('status').stdout).toContain(
    '3 cells because: command changed: … echo 5 > … → … echo 50 > …',
  );
});

test('metrics and messages of a stage are shown while it runs and by logs', () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o}}}\n');
  project.write(
    'a.mjs',
    `import { writeFileSync } from 'node:fs';
export default ({ out, info, metric }) => {
  console.log('printed');
  info('reading the data');
  for (const [step, loss] of [2.5, 1.25].entries()) metric('loss', loss, step);
  writeFileSync(out('o'), '');
};
`,
  );
  expect(project.pipe('run').stderr).toMatch(/· a: reading the data/);
  const { stdout } = project.pipe('logs', 'a');
  expect(stdout).toMatch(/^printed\n/);
  expect(stdout).toMatch(/· loss +2\.5 → 1\.25 +2 values, step 1/);
  expect(stdout).toMatch(/· reading the data/);
});
