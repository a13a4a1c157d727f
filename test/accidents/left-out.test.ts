/** What programs write beside code, and what `.pipeignore` names, is not part of a folder that a stage reads. */
import { spawnSync } from 'node:child_process';
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
  project.write('py/m.txt', 'x');
});
afterEach(() => project.remove());

const stage = (cmd: string, dep = 'py') =>
  project.write(
    'pipeline.yaml',
    `version: 1\nstages:\n  a:\n    cmd: ${JSON.stringify(`${cmd}; echo done > \${outs.o}`)}\n    deps: {code: ${dep}}\n    outs: {o: o.txt}\n`,
  );
const isUpToDate = () => project.pipe('status', '--check').code === 0;

test.skipIf(spawnSync('python3', ['--version']).status !== 0)(
  'a folder of Python code is not changed by the cache that Python writes into it',
  () => {
    project.write('py/helper.py', 'x = 1\n');
    project.write('py/main.py', 'import helper\n');
    stage('python3 ${deps.code}/main.py');
    const { code, stderr } = project.pipe('run');
    expect(code, stderr).toBe(0);
    expect(project.has('py/__pycache__')).toBe(true);
    expect(isUpToDate()).toBe(true);
  },
);

test('__pycache__, .ipynb_checkpoints and .DS_Store are left out, at any depth', () => {
  project.write('py/deep/n.txt', 'x');
  stage('true');
  expect(project.pipe('run').code).toBe(0);
  for (const name of ['__pycache__/m.pyc', 'deep/.ipynb_checkpoints/n.ipynb', '.DS_Store', 'deep/.DS_Store'])
    project.write(`py/${name}`, name);
  expect(isUpToDate()).toBe(true);
  project.write('py/deep/other.txt', 'x');
  expect(isUpToDate()).toBe(false);
});

test('a file that comes and goes while a stage runs is noticed, beside what is left out too', () => {
  stage('touch py/new; rm py/new');
  expect(project.pipe('run').stderr).toContain('py changed while the stage ran');
  stage('mkdir py/deep; touch py/deep/__pycache__');
  expect(project.pipe('run').stderr).toContain('py changed while the stage ran');
});

test('.pipeignore is read as .gitignore is: patterns, folders, exceptions, and the nearest one has the last word', () => {
  project.write('.pipeignore', '*.log\n/py/data/\n!keep.log\n!.DS_Store\n');
  project.write('py/sub/.pipeignore', '!special.log\n*.tmp\n');
  stage('true');
  expect(project.pipe('run').code).toBe(0);
  for (const name of ['a.log', 'sub/a.log', 'data/big.bin', 'sub/a.tmp']) project.write(`py/${name}`, name);
  expect(isUpToDate()).toBe(true);
  for (const name of ['keep.log', '.DS_Store', 'sub/special.log', 'a.tmp', 'sub/data/big.bin']) {
    project.write(`py/${name}`, name);
    expect([name, isUpToDate()]).toEqual([name, false]);
    expect(project.pipe('run').code).toBe(0);
  }
});

test('what a stage names itself is never left out, nor what is in it', () => {
  project.write('.pipeignore', 'data/\n');
  project.write('data/in.txt', '1');
  stage('true', 'data');
  expect(project.pipe('run').code).toBe(0);
  project.write('data/in.txt', '2');
  expect(isUpToDate()).toBe(false);
});
