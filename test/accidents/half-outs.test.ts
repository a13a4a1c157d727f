/** A stage that did not come to its end publishes nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o.txt}}}\n');
});
afterEach(() => project.remove());

const stage = (body: string) =>
  project.write(
    'a.mjs',
    `import { createWriteStream, writeFileSync } from 'node:fs';\nexport default async ({ out }) => {\n${body}\n};\n`,
  );
const placed = () => existsSync(join(project.dir, 'cache/cells/a'));

test.each([
  [
    'process.exit(0) in the middle',
    "writeFileSync(out('o'), 'half'); process.exit(0);",
    /before its stage returned/,
  ],
  [
    'awaiting what never comes',
    "writeFileSync(out('o'), 'half'); await new Promise(() => {});",
    /before its stage returned/,
  ],
  [
    'a timer that goes on',
    "writeFileSync(out('o'), 'half'); setInterval(() => {}, 1000);",
    /goes on after 5 s: Timeout/,
  ],
])('half an out is not published: %s', (_, body, says) => {
  stage(body);
  const { code, stderr } = project.pipe('run');
  expect(code).toBe(1);
  expect(stderr).toMatch(says);
  expect(placed()).toBe(false);
});

test('a write stream that nobody awaited is written whole before its out is published', () => {
  stage(
    "const s = createWriteStream(out('o')); for (let i = 0; i < 2000; i++) s.write('x'.repeat(10_000)); s.end();",
  );
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/a/o.txt').length).toBe(20_000_000);
});

test('a connection that is kept open does not keep a stage from ending', () => {
  stage(
    "const { createServer } = await import('node:net'); createServer().listen(0); writeFileSync(out('o'), 'whole');",
  );
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/a/o.txt')).toBe('whole');
});
