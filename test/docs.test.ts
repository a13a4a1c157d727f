/** What the documentation says is there: its links, its tables, its commands, and the pipeline of the README. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPipe, CliProject } from './kit/cli.ts';
import { linksOf } from './kit/links.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  'data/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test('every link of the documentation leads to a file', () => {
  const links = pages.flatMap((page) => linksOf(page, read(page)).map((link) => ({ page, ...link })));
  expect(links.length).toBeGreaterThan(50);
  expect(
    links.filter(({ path }) => !existsSync(join(root, path))).map(({ page, text }) => `${page}: ${text}`),
  ).toEqual([]);
});

test('every row of a table has as many cells as its head', () => {
  const cells = (line: string) => line.replace(/^\s*\||\|\s*$/g, '').split(/(?<!\\)\|/).length;
  const broken: string[] = [];
  for (const page of pages) {
    let head = 0;
    let isCode = false;
    for (const [index, line] of read(page).split('\n').entries()) {
      if (line.startsWith('```')) isCode = !isCode;
      if (isCode || !line.startsWith('|')) head = 0;
      else if (head === 0) head = cells(line);
      else if (cells(line) !== head)
        broken.push(`${page}:${index + 1}: ${cells(line)} cells, ${head} in the head`);
    }
  }
  expect(broken).toEqual([]);
});

test('every npm script that the documentation names exists', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name),
  );
  expect(named).toContain('setup:tensorflow');
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

let built: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  built = await buildPipe();
  project = new CliProject(built.file);
});
afterAll(() => {
  project.remove();
  built.remove();
});

test('the six lines of the README are a pipeline that runs and is up to date afterwards', () => {
  const [, pipeline = ''] = /```yaml\n(.*?)```/s.exec(read('README.md')) ?? [];
  expect(pipeline.trim().split('\n')).toHaveLength(6);
  project.write('pipeline.yaml', pipeline);
  const first = project.pipe('run');
  expect(first.stderr).toMatch(/4 done, 0 cached, 0 failed/);
  expect(project.read('best.txt')).toBe('6\n');
  expect(project.pipe('run').stderr).toMatch(/up to date/);
  project.edit('pipeline.yaml', (text) => text.replace('[1, 2, 3]', '[1, 2, 3, 4]'));
  expect(project.pipe('run').stderr).toMatch(/2 done/);
});
