/** Several runs in one checkout. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { layoutOf } from '../../src/pipe/store/layout.ts';
import { gateName } from '../../src/pipe/store/live-run.ts';
import { tryLock } from '../../src/pipe/store/lock.ts';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { Pipeline } from '../kit/pipeline.ts';
import { until } from '../kit/until.ts';

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

test('a run with other params does not change what a running cell reads', async () => {
  project.write(
    'pipeline.yaml',
    `version: 1
params: {v: 0}
stages:
  src: {cmd: 'echo made with \${params.v} > \${outs.file}', outs: {file: file.txt}}
  use:
    cmd: 'touch started; while [ ! -e go ]; do sleep 0.02; done; cat \${deps.src} > \${outs.file}'
    deps: {src: src.file}
    outs: {file: file.txt}
`,
  );
  const first = project.start('run', '--set', 'v=1');
  await until(() => project.has('started'));
  expect(project.pipe('run', 'src', '--set', 'v=2').code).toBe(0);
  expect(project.read('cache/cells/src/file.txt')).toBe('made with 2\n');
  project.write('go', '');
  const { code, stderr } = await first.ended;
  expect(stderr).not.toContain('changed');
  expect(code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('made with 1\n');
  // And each of them is a result of its own in the cache.
  expect(project.pipe('run', '--set', 'v=2').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('made with 2\n');
}, 60_000);

test('what is edited in the folder of outs reaches no stage', async () => {
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  src: {cmd: 'echo right > \${outs.file}', outs: {file: file.txt}}
  use:
    cmd: 'touch started; while [ ! -e go ]; do sleep 0.02; done; cat \${deps.src} > \${outs.file}'
    deps: {src: src.file}
    outs: {file: file.txt}
`,
  );
  const run = project.start('run');
  await until(() => project.has('started'));
  project.write('cache/cells/src/file.txt', 'edited\n');
  project.write('go', '');
  expect((await run.ended).code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('right\n');
}, 60_000);

test('a run that finds the cache being cleaned, or another run entering, waits and goes on', async () => {
  const pipeline = new Pipeline(project.dir);
  pipeline.write(
    'pipeline.yaml',
    `version: 1
axes: {i: [0, 1, 2]}
stages:
  a: {cmd: 'echo \${i} > \${outs.file}', matrix: [i], outs: {file: file.txt}}
`,
  );
  const gate = tryLock(layoutOf(project.dir).locks, gateName, 'gc');
  expect(gate).not.toBeNull();
  let released = false;
  // The run has long asked for it by then.
  setTimeout(() => {
    released = true;
    gate?.release();
  }, 2_000);
  let ranBefore = 0;
  const said: string[] = [];
  const { outcome, failed, done } = await pipeline.run({
    onEvent: (event) => {
      if (event.type === 'cell-started' && !released) ranBefore++;
      if (event.type === 'warning') said.push(event.text);
    },
  });
  expect(said.join('\n')).toMatch(/waits to enter the cache, which run gc \(process \d+ on .*\) holds/);
  expect(ranBefore).toBe(0);
  expect(failed).toEqual([]);
  expect(outcome.exitCode).toBe(0);
  expect(done).toHaveLength(3);
}, 60_000);
