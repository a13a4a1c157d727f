import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { until } from '../../kit/until.ts';

let built: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;

beforeAll(async () => {
  built = await buildPipe();
});
afterAll(() => built.remove());
beforeEach(() => {
  project = new CliProject(built.file);
});
afterEach(() => project.remove());

const pipeline = (cmd: string) =>
  project.write(
    'pipeline.yaml',
    `version: 1\nstages:\n  one: {outs: {o: o.txt}, cmd: "${cmd}; echo made > \${outs.o}"}\n`,
  );
const begun = () => until(() => existsSync(join(project.dir, 'began')));

test('attach to a run that has ended exits as that run did, and runs nothing', async () => {
  expect(project.pipe('attach')).toMatchObject({ code: 2 });
  pipeline('echo once >> ran.txt');
  project.pipe('run', '--no-report');
  const done = project.pipe('attach');
  expect(done.stderr).toMatch(/^run \S+ has ended: done, 1 done, 0 failed$/m);
  expect(done.code).toBe(0);

  pipeline('echo once >> ran.txt; exit 7');
  expect(project.pipe('run', '--no-report').code).toBe(1);
  expect(project.pipe('attach').code).toBe(1);

  pipeline('touch began; sleep 60');
  const stopped = project.start('run', '--no-report');
  await begun();
  stopped.child.kill('SIGINT');
  expect((await stopped.ended).code).toBe(130);
  expect(project.pipe('attach').code).toBe(130);
  expect(project.read('ran.txt')).toBe('once\nonce\n');
});

test('attach watches a run that is driven, exits as it does, and goes on with one whose driver was killed', async () => {
  pipeline('echo once >> ran.txt; touch began; sleep 1; exit 7');
  const failing = project.start('run', '--no-report');
  await begun();
  const watching = project.start('attach');
  expect((await failing.ended).code).toBe(1);
  expect((await watching.ended).code).toBe(1);
  expect(project.read('ran.txt')).toBe('once\n');

  project.remove();
  project = new CliProject(built.file);
  pipeline('touch began; sleep 2');
  const killed = project.start('run', '--no-report');
  await begun();
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(project.pipe('attach').code).toBe(0);
  expect(project.pipe('status', '--check').code).toBe(0);
});
