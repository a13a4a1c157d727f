/** `pipe run --watch`: an edit reruns what it touches, nothing else does, and a cell at work is ended or let end as its stage says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { isSkipped } from '../../../src/pipe/watch/file-changes.ts';
import { buildPipe, CliProject, type Started } from '../../kit/cli.ts';
import { until } from '../../kit/until.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let started: Started | undefined;
let said = '';
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
});
afterEach(async () => {
  started?.child.kill('SIGINT');
  await started?.ended;
  started = undefined;
  project.remove();
});

function watch(...args: readonly string[]): void {
  said = '';
  started = project.start('run', '--watch', ...args);
  started.child.stderr?.on('data', (text: string) => {
    said += text;
  });
}

/** Waits until the watch has said `text` so often, however long the machine takes. */
async function says(text: string, times = 1): Promise<void> {
  await until(() => said.split(text).length > times || started?.child.exitCode != null);
  expect(said.split(text).length, said).toBeGreaterThan(times);
}

const appears = (path: string) => until(() => project.has(path));

/** What stages did, in order: each says it. */
const ran = () => readFileSync(join(project.dir, 'cache/ran.txt'), 'utf8').trim().split('\n');

const module = (name: string, word: string) => `import { appendFileSync, writeFileSync } from 'node:fs';
export default ({ out }) => {
  appendFileSync('${project.dir}/cache/ran.txt', '${name} ${word}\\n');
  writeFileSync(out('o'), '${word}');
};
`;

test('an edit of code, data or the pipeline reruns what it touches; of anything else, nothing', async () => {
  project.write(
    'pipeline.yaml',
    `version: 1
sources: {numbers: {paths: [data/numbers.txt]}}
stages:
  a: {run: a.mjs, outs: {o: o}}
  b: {run: b.mjs, deps: {n: source.numbers}, outs: {o: o}}
  c: {run: c.mjs, deps: {a: a.o}, outs: {o: o}}
`,
  );
  project.write('data/numbers.txt', '1');
  for (const name of ['a', 'b', 'c']) project.write(`${name}.mjs`, module(name, '1'));
  watch();
  await says('watching');
  expect(ran().toSorted()).toEqual(['a 1', 'b 1', 'c 1']);

  project.write('a.mjs', module('a', '2'));
  await says('watching', 2);
  expect(ran().slice(3)).toEqual(['a 2', 'c 1']);

  project.write('README.md', 'words');
  project.write('data/numbers.txt', '2');
  await says('watching', 3);
  expect(ran().slice(5)).toEqual(['b 1']);

  // A mistake is said and waited out.
  project.edit('pipeline.yaml', (text) => text.replace('a.o', 'a.x'));
  await says('pipeline.yaml has a mistake');
  await says('watching', 4);
  project.edit('pipeline.yaml', (text) =>
    text.replace('a.x', 'a.o').replace('outs: {o: o}', 'outs: {o: moved}'),
  );
  await says('watching', 5);
  // What reads an out is told of its name too.
  expect(ran().slice(6)).toEqual(['a 2', 'c 1']);
});

test('twenty edits at once are one run', async () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o}}}\n');
  project.write('a.mjs', module('a', '0'));
  watch();
  await says('watching');
  for (let i = 1; i <= 20; i++) project.write('a.mjs', module('a', String(i)));
  await says('watching', 2);
  expect(ran()).toEqual(['a 0', 'a 20']);
});

/** Says that it began, then waits for its file `go-NAME`. */
const waiting = (
  name: string,
  word: string,
) => `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
export default async ({ out, signal }) => {
  appendFileSync('${project.dir}/cache/ran.txt', '${name} ${word} begins\\n');
  writeFileSync('${project.dir}/cache/began-${name}-${word}', '');
  while (!signal.aborted && !existsSync('${project.dir}/cache/go-${name}')) await new Promise((resolve) => setTimeout(resolve, 20));
  if (signal.aborted) throw new Error('ended');
  appendFileSync('${project.dir}/cache/ran.txt', '${name} ${word} ends\\n');
  writeFileSync(out('o'), '${word}');
};
`;

test('a running cell whose code is edited is ended and run again; one that the edit does not touch goes on', async () => {
  project.write(
    'pipeline.yaml',
    'version: 1\nstages: {a: {run: a.mjs, outs: {o: o}}, b: {run: b.mjs, outs: {o: o}}}\n',
  );
  for (const name of ['a', 'b']) project.write(`${name}.mjs`, waiting(name, '1'));
  watch('-j', '2');
  await Promise.all([appears('cache/began-a-1'), appears('cache/began-b-1')]);
  project.write('a.mjs', waiting('a', '2'));
  await says('a: 1 not run');
  project.write('cache/go-b', '');
  await appears('cache/began-a-2');
  project.write('cache/go-a', '');
  await says('watching');
  expect(ran()).not.toContain('a 1 ends');
  expect(ran().filter((line) => line.startsWith('b'))).toEqual(['b 1 begins', 'b 1 ends']);
  expect(ran().slice(-2)).toEqual(['a 2 begins', 'a 2 ends']);
});

test('a stage with `watch: queue` is let end, then runs again', async () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o}, watch: queue}}\n');
  project.write('a.mjs', waiting('a', '1'));
  watch();
  await appears('cache/began-a-1');
  project.write('a.mjs', waiting('a', '2'));
  // The edit is looked at while the cell runs, and stops what has not begun.
  await says('an edit: ');
  project.write('cache/go-a', '');
  await says('watching');
  expect(ran()).toEqual(['a 1 begins', 'a 1 ends', 'a 2 begins', 'a 2 ends']);
});

test('a watch of what is up to date goes on, however often it is begun', async () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o}}}\n');
  project.write('a.mjs', module('a', '1'));
  expect(project.pipe('run').code).toBe(0);
  // The list of stats by which a run knows that nothing has changed is not for a watch.
  for (const _ of [1, 2, 3]) {
    watch();
    await says('watching');
    started?.child.kill('SIGINT');
    expect((await started?.ended)?.code).toBe(0);
  }
  watch();
  await says('watching');
  project.write('a.mjs', module('a', '2'));
  await says('watching', 2);
  expect(ran()).toEqual(['a 1', 'a 2']);
});

test('--poll sees edits without being told', async () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o}}}\n');
  project.write('a.mjs', module('a', '1'));
  watch('--poll', '200');
  await says('watching');
  project.write('a.mjs', `${module('a', '2')}// longer\n`);
  await says('watching', 2);
  expect(ran()).toEqual(['a 1', 'a 2']);
});

test('Python files count', async () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.py, outs: {o: o}}}\n');
  const python = (word: string) =>
    `from pipe_stage import out\n\n\nwith open("${project.dir}/cache/ran.txt", "a") as f:\n    f.write("a ${word}\\n")\nout("o").write_text("${word}")\n`;
  project.write('a.py', python('1'));
  watch();
  await says('watching');
  project.write('a.py', python('2'));
  await says('watching', 2);
  expect(ran()).toEqual(['a 1', 'a 2']);
});

test('what a run writes, git, packages and the files of editors are no edits', () => {
  for (const path of [
    'cache/x',
    'reports/index.html',
    '.git/index',
    'node_modules/a/b.js',
    'src/__pycache__/a.pyc',
    'a.mjs~',
    '.a.swp',
  ])
    expect(isSkipped(path), path).toBe(true);
  for (const path of ['src/cache.ts', 'data/reports.csv', '.pipeignore', 'a.mjs'])
    expect(isSkipped(path), path).toBe(false);
});

test('--watch and --detach contradict each other', () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {cmd: "echo > ${outs.o}", outs: {o: o}}}\n');
  expect(project.pipe('run', '--watch', '--detach')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/contradict/),
  });
});
