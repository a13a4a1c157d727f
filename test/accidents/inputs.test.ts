/** What a stage is given to read: its names, and what happens to it while the stage runs. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
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

const stage = (cmd: string, dep: string) => `version: 1
stages:
  use:
    cmd: ${JSON.stringify(cmd)}
    deps: {x: ${dep}}
    outs: {file: file.txt}
`;

test('a dep that is renamed makes the stage run: a compiler goes by the ending', () => {
  project.write('prog.c', 'same');
  project.write('pipeline.yaml', stage('basename ${deps.x} > ${outs.file}', 'prog.c'));
  expect(project.pipe('run').code).toBe(0);
  renameSync(join(project.dir, 'prog.c'), join(project.dir, 'prog.cc'));
  project.write('pipeline.yaml', stage('basename ${deps.x} > ${outs.file}', 'prog.cc'));
  expect(project.pipe('why', 'use').stdout).toContain('prog.c → prog.cc');
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('prog.cc\n');
});

test('a dep whose name begins with a dash is read as a file, not as an option', () => {
  project.write('-n', 'the file');
  project.write('pipeline.yaml', stage('cat ${deps.x} > ${outs.file}', '"-n"'));
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('the file');
});

test('an out that is renamed makes its readers run', () => {
  const pipeline = (name: string) => `version: 1
stages:
  src: {cmd: 'echo same > \${outs.file}', outs: {file: ${name}}}
  use: {cmd: 'basename \${deps.x} > \${outs.file}', deps: {x: src.file}, outs: {file: file.txt}}
`;
  project.write('pipeline.yaml', pipeline('a.json'));
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('a.json\n');
  project.write('pipeline.yaml', pipeline('b.json'));
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('b.json\n');
});

describe('outs of a run in which an input was another one for a while are not published', () => {
  const refused = (cmd: string, dep: string) => {
    project.write('pipeline.yaml', stage(cmd, dep));
    const { code, stdout, stderr } = project.pipe('run');
    expect(`${stdout}${stderr}`).toContain('changed while the stage ran');
    expect(code).not.toBe(0);
    expect(existsSync(join(project.dir, 'cache/cells/use'))).toBe(false);
  };

  test('a link was pointed elsewhere and back', () => {
    project.write('v1/x', 'one');
    project.write('v2/x', 'two');
    execFileSync('ln', ['-s', 'v1/x', 'latest'], { cwd: project.dir });
    refused('ln -sfn v2/x latest; cat ${deps.x} > ${outs.file}; ln -sfn v1/x latest', 'latest');
  });

  test('a link on the way was pointed elsewhere and back', () => {
    project.write('v1/x', 'one');
    project.write('v2/x', 'two');
    execFileSync('ln', ['-s', 'v1', 'latest'], { cwd: project.dir });
    refused('ln -sfn v2 latest; cat ${deps.x} > ${outs.file}; ln -sfn v1 latest', 'latest/x');
  });

  test('a folder above it was moved away and back', () => {
    project.write('data/set/x', 'one');
    project.write('other/set/x', 'two');
    refused(
      'mv data away; mv other data; cat ${deps.x} > ${outs.file}; mv data other; mv away data',
      'data/set/x',
    );
  });

  test('a link in a folder that leads to another one was pointed elsewhere and back', () => {
    project.write('v1/x', 'one');
    project.write('v2/x', 'two');
    project.write('set/own', 'own');
    execFileSync('ln', ['-s', '../v1', 'set/shared'], { cwd: project.dir });
    refused(
      'ln -sfn ../v2 set/shared; cat ${deps.x}/shared/x > ${outs.file}; ln -sfn ../v1 set/shared',
      'set',
    );
  });

  test('it was written through a mapping, which leaves its times alone', async () => {
    // Only on a file system in memory do such writes never show in the stat.
    const folder = mkdtempSync('/dev/shm/pipe-test-');
    project.remove();
    project = new CliProject(pipe.file, folder);
    project.write('x', '000');
    // The first write marks the page as written, and sets the times; none that follows does.
    project.write(
      'write.py',
      `import mmap, os, time
with open('x', 'r+b') as f:
  m = mmap.mmap(f.fileno(), 0)
  m[0:3] = b'one'
  open('mapped', 'w').close()
  while not os.path.exists('now'): time.sleep(0.01)
  m[0:3] = b'two'
  open('written', 'w').close()
`,
    );
    const writer = spawn('python3', ['-B', 'write.py'], { cwd: project.dir });
    await until(() => project.has('mapped'));
    refused('touch now; while [ ! -e written ]; do sleep 0.02; done; cat ${deps.x} > ${outs.file}', 'x');
    await once(writer, 'exit');
    // The next run goes by what is there now.
    project.write('pipeline.yaml', stage('cat ${deps.x} > ${outs.file}', 'x'));
    expect(project.pipe('run').code).toBe(0);
    expect(project.read('cache/cells/use/file.txt')).toBe('two');
  });
});

test('a file that appears beside an input, or above it, is no change of it', () => {
  project.write('data/x', 'one');
  project.write('pipeline.yaml', stage('touch data/new top; cat ${deps.x} > ${outs.file}', 'data/x'));
  const { code, stderr } = project.pipe('run');
  expect(stderr).not.toContain('changed');
  expect(code).toBe(0);
});

describe('an out that a stage reads', () => {
  const pipeline = (cmd: string) => `version: 1
stages:
  src: {cmd: 'echo right > \${outs.file}', outs: {file: file.txt}}
  use: {cmd: ${JSON.stringify(cmd)}, deps: {x: src.file}, outs: {file: out.txt}}
  after: {cmd: 'cat \${deps.x} > \${outs.file}', deps: {x: src.file, use: use.file}, outs: {file: out.txt}}
`;

  test('may be linked as its own out', () => {
    project.write('pipeline.yaml', pipeline('ln ${deps.x} ${outs.file}'));
    const { code, stderr } = project.pipe('run');
    expect(stderr).not.toContain('changed');
    expect(code).toBe(0);
    expect(project.read('cache/cells/use/out.txt')).toBe('right\n');
    expect(project.pipe('cache', 'verify').code).toBe(0);
  });

  test('is made again when a stage wrote through its link, and nobody reads what was written', () => {
    // Root may write even what is read-only; anybody may after a chmod.
    project.write(
      'pipeline.yaml',
      pipeline('chmod +w ${deps.x}; echo wrong > ${deps.x}; echo done > ${outs.file}'),
    );
    const { code, stdout, stderr } = project.pipe('run');
    expect(`${stdout}${stderr}`).toContain('src.file changed while the stage ran');
    expect(`${stdout}${stderr}`).toContain('quarantine');
    expect(code).not.toBe(0);
    project.write('pipeline.yaml', pipeline('echo done > ${outs.file}'));
    expect(project.pipe('run').code).toBe(0);
    expect(project.read('cache/cells/after/out.txt')).toBe('right\n');
    expect(project.pipe('cache', 'verify').code).toBe(0);
  });
});

test('a file and a folder of the project may be hard-linked as outs, and a write through the link is noticed', () => {
  project.write('in.txt', 'right\n');
  project.write('dir/a.txt', 'right\n');
  const pipeline = (cmd: string) =>
    `version: 1\nstages:\n  a: {cmd: ${JSON.stringify(cmd)}, deps: {x: ./in.txt, y: dir}, outs: {o: o.txt, d: d}}\n`;
  const links = 'ln ${deps.x} ${outs.o}; cp -al ${deps.y} ${outs.d}';
  project.write('pipeline.yaml', pipeline(links));
  const { code, stderr } = project.pipe('run');
  expect(code, stderr).toBe(0);
  project.write('in.txt', 'other\n');
  expect(project.read('cache/cells/a/o.txt')).toBe('right\n');
  project.write('pipeline.yaml', pipeline(`${links}; echo wrong > \${outs.d}/a.txt`));
  expect(project.pipe('run').stderr).toContain('dir changed while the stage ran');
});
