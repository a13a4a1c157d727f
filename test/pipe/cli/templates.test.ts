/** `pipe init --template`: each runs at once, is up to date afterwards, draws a figure, and has a test that can fail. */
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { templates } from '../../../src/pipe/template/template.ts';
import { buildPipe, CliProject } from '../../kit/cli.ts';

const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
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

/** How many cells, how each runs its own test, and an edit that the test must notice. */
const facts = {
  python: {
    cells: 10,
    figure: 'Loss by step',
    break: ['lib/descent.py', 'a * x + b - y, x', 'a * x - b - y, x'],
  },
  typescript: {
    cells: 8,
    figure: 'Error by number of points',
    break: ['lib/sampling.ts', '4 * inside', '3 * inside'],
  },
  shell: { cells: 8, figure: 'Counts by side', break: ['steps/worst.awk', '$4 / $5', '$5 / $4'] },
  data: {
    cells: 9,
    figure: 'Warming since the first year',
    break: ['lib/trend.mjs', 'this.sum / this.count', 'this.sum / 2'],
  },
  cluster: { cells: 16, figure: 'The law', break: ['lib/walk.mjs', '? 1 : -1', '? 1 : 1'] },
  sweep: {
    cells: 16,
    figure: 'Accuracy',
    break: ['lib/choose.mjs', 'other.mean > one.mean', 'other.mean < one.mean'],
  },
} as const;

function ownTest(command: string) {
  if (command.startsWith('npx pipe ')) {
    const { code, stderr } = project.pipe(...command.slice('npx pipe '.length).split(' '));
    return { code, text: stderr };
  }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: project.dir, encoding: 'utf8' });
  return { code: status, text: stdout + stderr };
}

describe.each(Object.entries(templates))('%s', (name, template) => {
  const fact = facts[name as keyof typeof facts];

  test.skipIf(name === 'python' && !hasPython)('runs at once, with a figure and metrics', () => {
    expect(project.pipe('init', '--template', name).code).toBe(0);
    const first = project.pipe('run');
    expect(first.stderr).toMatch(new RegExp(`${fact.cells} done, 0 cached, 0 failed`));
    expect(first.stderr).not.toMatch(/warning/i);
    expect(project.pipe('run').stderr).toMatch(new RegExp(`up to date: ${fact.cells} cells`));
    const report = project.read('reports/index.html');
    expect(report).toContain(fact.figure);
    expect(report).toMatch(/<figure[\s\S]*<svg/);
    expect(project.pipe('metrics').stdout).not.toBe('');
  });

  test.skipIf(name === 'python' && !hasPython)('has a test that can fail', () => {
    expect(project.pipe('init', '--template', name).stdout).toContain(`its test: ${template.test}\n`);
    expect(ownTest(template.test)).toMatchObject({ code: 0 });
    const [file, from, to] = fact.break;
    project.edit(file, (text) => text.replace(from, to));
    expect(project.read(file)).toContain(to);
    expect(ownTest(template.test).code, 'the test must notice').toBe(1);
  });
});

test('cluster: with its profile, walks are jobs of its queue, five in each; keys are the same', () => {
  project.pipe('init', '--template', 'cluster');
  project.edit('queue/submit.sh', (text) => text.replace('nohup', 'echo job >> submitted.txt\nnohup'));
  const { code, stderr } = project.pipe('run', '--profile', 'cluster', '--set', 'walks=200');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('16 done, 0 cached, 0 failed');
  expect(project.read('submitted.txt').trim().split('\n')).toHaveLength(3);
  expect(project.pipe('run', '--set', 'walks=200').stderr).toMatch(/up to date: 16 cells/);
});

test('data: one station more is that station and the comparison', () => {
  project.pipe('init', '--template', 'data');
  expect(project.pipe('run', '--set', 'years=2').code).toBe(0);
  project.edit('pipeline.yaml', (text) => text.replace(', summit]', ']'));
  expect(project.pipe('run', '--set', 'years=2').stderr).toContain('1 done, 6 cached');
  project.edit('pipeline.yaml', (text) => text.replace(', plain]', ', plain, summit]'));
  expect(project.pipe('run', '--set', 'years=2').stderr).toContain('0 done, 9 cached');
});

test('nothing that is there is overwritten, and an unknown template is refused with a next step', () => {
  project.write('lib/choose.mjs', 'mine');
  const { code, stderr } = project.pipe('init', '--template', 'sweep');
  expect(code).toBe(2);
  expect(stderr).toContain('lib/choose.mjs is there already: nothing was written');
  expect(project.has('pipeline.yaml')).toBe(false);
  expect(project.pipe('init', '--template', 'pyhton').stderr).toMatch(
    /no template `pyhton`\n.*did you mean `python`/,
  );
});
