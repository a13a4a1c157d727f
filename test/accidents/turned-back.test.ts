/** An input that is another for a while during the run, and is put back: what stands under a key is what the key says. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
  project.write('v1/x.txt', 'one\n');
  project.write('v2/x.txt', 'two\n');
});
afterEach(() => project.remove());

/** The stage itself turns its input away and back; it reads it in between. Outs of `two` must never be kept. */
async function turning(dep: string, away: string, back: string): Promise<void> {
  project.write('turn.sh', `set -e\ncd ${project.dir}\n${away}\ncat "$1" > "$2"\n${back}\n`);
  project.write(
    'pipeline.yaml',
    `version: 1\nstages:\n  a: { cmd: "sh turn.sh ${join(project.dir, dep)} \${outs.o}; : \${deps.d}", deps: { d: ${dep}, s: turn.sh }, outs: { o: o.txt } }\n`,
  );
  await sleep(40);
  const { code, stdout, stderr } = project.pipe('run');
  const kept = project.has('cache/cells/a/o.txt') ? project.read('cache/cells/a/o.txt') : null;
  expect(kept, stdout + stderr).not.toBe('two\n');
  expect(code).toBe(1);
  expect(stdout + stderr).toContain('changed while the stage ran');
}

test('a link that is turned to another file and back is noticed', async () => {
  symlinkSync('v1/x.txt', join(project.dir, 'x.txt'));
  await turning('x.txt', 'ln -sfn v2/x.txt x.txt', 'ln -sfn v1/x.txt x.txt');
});

test('a folder above that is a link, turned and turned back, is noticed', async () => {
  symlinkSync('v1', join(project.dir, 'latest'));
  await turning('latest/x.txt', 'ln -sfn v2 latest', 'ln -sfn v1 latest');
});

test('a folder above that is moved away and back is noticed', async () => {
  mkdirSync(join(project.dir, 'data'));
  project.write('data/in/x.txt', 'one\n');
  await turning(
    'data/in/x.txt',
    'mv data/in data/aside; cp -r v2 data/in',
    'rm -r data/in; mv data/aside data/in',
  );
});

test('files that come and go beside an input are not its business', async () => {
  project.write('data/x.txt', 'one\n');
  project.write(
    'pipeline.yaml',
    'version: 1\nstages:\n  a: { cmd: "touch data/y.txt z.txt; rm z.txt; cat ${deps.d} > ${outs.o}", deps: { d: data/x.txt }, outs: { o: o.txt } }\n',
  );
  await sleep(40);
  const { code, stdout, stderr } = project.pipe('run');
  expect(code, stdout + stderr).toBe(0);
});
